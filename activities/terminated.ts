import type { PendingChange } from '../src/model/person.ts';
import { decideEnd, type EndDecision, pendingEnd } from '../src/policy/ends.ts';
import { engagementFor } from '../src/policy/engagements.ts';
import { entryOrder } from '../src/policy/pending-end.ts';
import { planLater } from './access-rows.ts';
import { armContractEnd } from './beginning.ts';
import { ask, type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { beginInside, endEngagement } from './ends.ts';
import { lookAtBelongings, lookedBefore } from './handover.ts';
import { endTakenBack } from './undo.ts';

/** Somebody leaves: now, on a day, or not by this event. The rules are in `src/policy/ends.ts`. */
export async function terminated(deciding: Deciding): Promise<Verdict> {
  const { dependencies, person, event, now } = deciding;
  const decision = decideEnd({ person, event, policy: dependencies.policy, now: Date.parse(now) });
  switch (decision.decision) {
    case 'ignore':
      return ignore(deciding, decision.reason);
    case 'hold':
      return hold(deciding, decision.kind, decision.reason);
    case 'schedule':
      return schedule(deciding, decision);
    case 'now':
      return endNow(deciding, decision);
  }
}

async function schedule(
  deciding: Deciding,
  decision: Extract<EndDecision, { decision: 'schedule' }>,
): Promise<Verdict> {
  const { tx, person, event } = deciding;
  const { at, date, zone, replaces } = decision;
  await takePlace(deciding, replaces);
  const pending = pendingEnd(decision, event);
  const before = person.pending.find(({ id }) => id === replaces);
  await tx.putPending(person.id, { ...pending, data: { ...pending.data, ...lookedBefore(before) } });
  await lookAtBelongings(deciding);
  if (decision.tellSecurity) await tellWhoMayKnow(deciding);
  await evidence(deciding, 'end-scheduled', { dueAt: at, date, zone, replaces: replaces ?? null });
  if (decision.ask !== undefined) await ask(deciding, decision.ask);
  // An outcome is shown where anybody can look; of a confidential end it says no more than that something is kept.
  const reason = decision.confidential ? 'kept until its time' : `ends ${at}`;
  return { settlement: { event: event.key, outcome: 'scheduled', reason } };
}

/** Security prepares for an involuntary end; nobody else learns of it, and no history shows what it says. */
async function tellWhoMayKnow({ dependencies, tx, person, event, now }: Deciding): Promise<void> {
  if (dependencies.policy.transitions.involuntary.messages.length === 0) return;
  const row = { id: `ahead:${event.key}`, kind: 'reminder' as const, event: event.key, dueAt: now, confidential: true };
  await planLater(tx, person, row, { transition: 'involuntary' });
}

async function endNow(deciding: Deciding, decision: Extract<EndDecision, { decision: 'now' }>): Promise<Verdict> {
  const { person, event, now } = deciding;
  await takePlace(deciding, decision.replaces);
  if (decision.ask !== undefined) await ask(deciding, decision.ask);
  const pending: PendingChange = {
    id: `end:${event.key}`,
    kind: 'end',
    dueAt: now,
    date: decision.date,
    event: event.key,
    confidential: false,
    data: {
      effective: decision.effective,
      ...lookedBefore(person.pending.find(({ id }) => id === decision.replaces)),
      ...(decision.engagement === undefined ? {} : { engagement: decision.engagement }),
    },
  };
  if (decision.endsAccess) {
    const end = await beginInside(deciding, pending);
    // A safeguard that holds it, or has rejected it, has said so already.
    return end === undefined ? { underWay: true } : { end };
  }
  await endEngagement(deciding.tx, person, pending, decision.effective, event);
  await lookAtBelongings(deciding);
  await evidence(deciding, 'engagement-ended', { engagement: decision.engagement ?? null, date: decision.date });
  return {
    settlement: {
      event: event.key,
      outcome: 'applied',
      reason: 'that engagement is over; another one keeps their access',
    },
  };
}

/** An end that waited gives way to the one entered later; its event ends as replaced. */
async function takePlace({ tx, person, event, now }: Deciding, replaced: string | undefined): Promise<void> {
  const pending = person.pending.find((change) => change.id === replaced);
  if (pending === undefined) return;
  await tx.removePending(person.id, pending.id);
  // The end of a contract came with the hire, which stands.
  if (pending.data['contract'] === true) return;
  const reason = `replaced by ${event.key}`;
  await tx.putPersonEvent(person.id, pending.event, 'ignored', reason, now);
  await tx.updateArrival(pending.event, { outcome: 'ignored', reason });
}

/** The source takes an end back: before its moment nothing happens any more; after it a person must restore, by approval. */
export async function terminationRescinded(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const about = engagementFor(dependencies.policy, person, event, Date.parse(now));
  const ends = person.pending.filter((change) => change.kind === 'end' && change.data['contract'] !== true);
  const own = ends.filter(({ data }) => typeof about === 'string' || data['engagement'] === about.id);
  const pending = own.filter((change) => entryOrder(event, change) !== 'earlier');
  if (person.state === 'Terminating' || person.state === 'Terminated') return endTakenBack(deciding);
  if (own.length === 0) return ignore(deciding, 'no end is pending');
  if (pending.length === 0) return ignore(deciding, 'the end that is pending was entered later');
  if (pending.length > 1)
    return hold(deciding, 'needs-decision', 'more than one end is pending, and it does not say which is taken back');
  const reason = `rescinded by ${event.key}`;
  for (const change of pending) {
    await tx.removePending(person.id, change.id);
    await tx.putPersonEvent(person.id, change.event, 'ignored', reason, now);
    await tx.updateArrival(change.event, { outcome: 'ignored', reason });
  }
  // A contract's own end, in whose place the termination was, counts again.
  for (const engagement of person.engagements) {
    if (pending.some(({ data }) => data['engagement'] === engagement.id)) await armContractEnd(deciding, engagement);
  }
  await lookAtBelongings(deciding);
  await evidence(deciding, 'end-rescinded', { ends: pending.map((change) => change.event) });
  return { settlement: { event: event.key, outcome: 'applied' } };
}
