import type { EventType } from '../src/model/event.ts';
import { type Deciding, hold, type Verdict } from './decide-event.ts';

/**
 * What gives access, or lifts what keeps somebody out, and has no question of its own for a hand that nobody vouches for.
 * Dates may be moved by anybody, and access taken away.
 */
const gives: ReadonlySet<EventType> = new Set([
  'hired',
  'rehired',
  'converted',
  'transferred',
  'department-changed',
  'attributes-changed',
  'termination-rescinded',
  'leave-ended',
  'undo-requested',
  'legal-hold-placed',
  'legal-hold-lifted',
]);

/** A signal that would give access, or lift what keeps somebody out, waits for a person whom the API knows; undefined: it goes on. */
export async function waitsForApproval(deciding: Deciding): Promise<Verdict | undefined> {
  const { event } = deciding;
  if (event.source !== 'signal' || !gives.has(event.type)) return undefined;
  return hold(
    deciding,
    'needs-decision',
    `it came by signal from ${event.by ?? 'an unknown hand'}, whom nobody vouches for, and may give access. If it is right, an operator enters it by Muster's API or command line; then "done" or "drop" here.`,
  );
}
