import type { EventType } from '../src/model/event.ts';
import { type Deciding, hold, holdForRelease, type Verdict } from './decide-event.ts';

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
]);

/** These are an operator's own orders, in that operator's name. */
const operatorsOwn: ReadonlySet<EventType> = new Set(['undo-requested', 'legal-hold-placed', 'legal-hold-lifted']);

/** A signal that would give access, or lift what keeps somebody out, waits for a person whom the API knows; undefined: it goes on. */
export async function waitsForApproval(deciding: Deciding): Promise<Verdict | undefined> {
  const { event } = deciding;
  if (event.source !== 'signal') return undefined;
  const who = `it came by signal from ${event.by ?? 'an unknown hand'}, whom nobody vouches for`;
  if (gives.has(event.type)) return holdForRelease(deciding, `${who}, and may give access. ${whatToDo}`);
  if (!operatorsOwn.has(event.type)) return undefined;
  const why = `${who}. If it is right, an operator enters it by Muster's API or command line; then "done" or "drop" here.`;
  return hold(deciding, 'needs-decision', why);
}

/** What would give access by nobody's word waits for security's, once; undefined: it goes on. */
export async function waitsForRelease(deciding: Deciding, why: string): Promise<Verdict | undefined> {
  if (deciding.releasedBy !== undefined) return undefined;
  return holdForRelease(deciding, `${why} ${whatToDo}`);
}

/** Its own source was asked, and says otherwise: it waits for security's word; undefined: it goes on. */
export async function waitsForSource(deciding: Deciding): Promise<Verdict | undefined> {
  const { contradicted } = deciding.event;
  return contradicted === undefined ? undefined : waitsForRelease(deciding, contradicted);
}

const whatToDo =
  'If it is right, security releases it ("release"), and it is applied as the event it is; else "drop" it.';
