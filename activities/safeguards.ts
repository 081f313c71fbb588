import { createHash } from 'node:crypto';
import type { ReservedCounts, Transaction } from '../src/directory/store.ts';
import type { Hold, Reservation } from '../src/model/hold.ts';
import { holdWorkflowId } from '../src/model/messages.ts';
import {
  type Exceeded,
  isWithinLeast,
  limitInWords,
  limitsOf,
  most,
  whyHeld,
  windowMs,
} from '../src/policy/safeguards.ts';
import type { Dependencies } from './dependencies.ts';
import { raise } from './exceptions.ts';

/** One person whom one event is about to touch. */
export interface ReserveRequest {
  person: string;
  event: string;
  kind: Reservation['kind'];
  /** The name of the source in muster.yaml. */
  source: string;
  /** Workflow time, an ISO instant. */
  now: string;
  /** What it would do, in words: operators read it before they release it. */
  summary: string;
  priority: number;
  /** Only security and administrators may see it. */
  confidential?: boolean;
  workflowId: string;
}

/** May it go on? What is held waits for `released`; what is rejected never happens. */
export type Reserved = { state: 'taken' } | { state: 'held'; hold: string } | { state: 'rejected'; reason: string };

/**
 * Counts one person and event against the limits of its kind, in the transaction that begins the change and just before it.
 * Whoever comes above a limit is held: under the hold that is open for that kind, or under a new one, which raises an
 * exception. Asked again, it gives the first answer, or what operators have decided since.
 */
export async function reserve(
  tx: Transaction,
  { policy }: Pick<Dependencies, 'policy'>,
  request: ReserveRequest,
): Promise<Reserved> {
  const { person, event, kind, source, now } = request;
  // Whoever counts and whoever decides take turns; the statements after it see what the one before has committed.
  await tx.lock(safeguardLock(kind));
  const before = await tx.reservation(person, event, kind);
  if (before !== undefined) return answerOf(before);
  const counts = await tx.countReserved(kind, person, now);
  const exceeded = await exceededBy(tx, policy, kind, counts);
  const { summary, priority, confidential } = request;
  const data = { summary, priority, ...(confidential === true ? { confidential } : {}) };
  const reservation = { person, event, kind, source, at: counts.at, data };
  if (exceeded === undefined) {
    await tx.addReservations([{ ...reservation, state: 'taken' }]);
    return { state: 'taken' };
  }
  const hold = await joinedHold(tx, policy, request, exceeded);
  await tx.addReservations([{ ...reservation, state: 'held', hold }]);
  await tx.addEvidence([
    {
      workflowId: request.workflowId,
      step: `${event}/${kind}`,
      kind: 'event-held-by-safeguard',
      person,
      event,
      at: now,
      data: { hold, kind, ...exceeded },
    },
  ]);
  return { state: 'held', hold };
}

/** Taken before anything of a kind is counted or decided. */
export const safeguardLock = (kind: Reservation['kind']): string => `safeguard:${kind}`;

function answerOf({ state, hold, data }: Reservation): Reserved {
  if (state === 'taken') return { state };
  if (state === 'rejected') return { state, reason: data.decided?.reason ?? 'rejected' };
  return { state, hold: hold ?? '' };
}

async function exceededBy(
  tx: Transaction,
  policy: Dependencies['policy'],
  kind: Reservation['kind'],
  counts: ReservedCounts,
): Promise<Exceeded | undefined> {
  for (const limit of limitsOf(policy, kind)) {
    const { window } = limit;
    const { people, includes } = counts[window];
    const count = people + 1;
    if (includes || isWithinLeast(limit, count)) continue;
    const active = await tx.countActiveSince(new Date(Date.parse(counts.at) - windowMs[window]).toISOString());
    if (count > most(limit, active)) return { window, most: most(limit, active), count, active };
  }
  return undefined;
}

/** The open hold of this kind, or a new one with its exception. */
async function joinedHold(
  tx: Transaction,
  policy: Dependencies['policy'],
  request: ReserveRequest,
  exceeded: Exceeded,
): Promise<string> {
  const causes = await causesOf(tx, request);
  const open = await tx.openHold(request.kind);
  if (open !== undefined) {
    const known = new Set(open.data.causes);
    const more = causes.filter((cause) => !known.has(cause));
    if (more.length > 0) await tx.putHold({ ...open, data: { ...open.data, causes: [...known, ...more] } });
    return open.id;
  }
  const { kind, now } = request;
  const id = holdIdOf(request);
  const hold: Hold = {
    id,
    kind,
    reason: whyHeld(id, kind, exceeded),
    state: 'open',
    openedAt: now,
    data: { causes, releasing: [], limit: limitInWords(exceeded) },
  };
  await tx.putHold(hold);
  const workflowId = holdWorkflowId(id);
  await tx.addEvidence([{ workflowId, step: id, kind: 'hold-opened', at: now, data: { kind, ...exceeded } }]);
  await raise(tx, { policy }, { request: { step: 'held', kind: 'held', reason: hold.reason }, workflowId, now });
  return id;
}

/** Who caused it: its source, and the operator behind it where there is one. They release nothing of the hold. */
async function causesOf(tx: Transaction, { source, event }: ReserveRequest): Promise<string[]> {
  const by = (await tx.arrival(event))?.event.by;
  return by === undefined ? [source] : [source, by];
}

/** Of what opened it, which happens once: so it is unique, the same however often a transaction is tried, and tells nothing. */
function holdIdOf({ kind, person, event }: ReserveRequest): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([kind, person, event]))
    .digest('hex');
  return `${kind}-${hash.slice(0, 10)}`;
}
