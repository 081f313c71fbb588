import type { Engagement, PendingChange, Person } from '../src/model/person.ts';
import { decideEnd, type EndDecision, pendingEnd } from '../src/policy/ends.ts';
import { engagementFor, pendingEndOf, pendingEndsOf, zoneOf } from '../src/policy/engagements.ts';
import { entryOrder } from '../src/policy/pending-end.ts';
import { withTakenBack } from '../src/policy/taken-back.ts';
import { planLater } from './access-rows.ts';
import { armContractEnd } from './beginning.ts';
import { ask, type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { beginInside, endEngagement } from './ends.ts';
import { goesOn } from './goes-on.ts';
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
  if (replaces !== undefined) await takePlace(deciding, decision.engagement, decision.confidential);
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
  if (decision.replaces !== undefined) await takePlace(deciding, decision.engagement, false);
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
  if (await goesOn(deciding, decision.engagement)) return { underWay: true };
  return {
    settlement: {
      event: event.key,
      outcome: 'applied',
      reason: 'that engagement is over; another one keeps their access',
    },
  };
}

/**
 * Ends that waited give way to the one entered later; their events end as replaced. Beside one that must not show, what shows
 * stays in sight until then: its going would tell.
 */
async function takePlace(
  { tx, person, event, now }: Deciding,
  engagement: string | undefined,
  isSecret: boolean,
): Promise<void> {
  for (const row of pendingEndsOf(person, engagement)) {
    if (isSecret && !row.confidential) continue;
    await tx.removePending(person.id, row.id);
    // The end of a contract came with the hire, which stands.
    if (row.data['contract'] === true) continue;
    const reason = `replaced by ${event.key}`;
    await tx.putPersonEvent(person.id, row.event, 'ignored', reason, now);
    await tx.updateArrival(row.event, { outcome: 'ignored', reason });
  }
}

/** The source takes an end back: before its moment nothing happens any more; after it a person must restore, by approval. */
export async function terminationRescinded(deciding: Deciding): Promise<Verdict> {
  const { dependencies, person, event, now } = deciding;
  const about = engagementFor(dependencies.policy, person, event, Date.parse(now));
  if (person.state === 'Terminating' || person.state === 'Terminated') {
    await remember(deciding, about, true);
    return endTakenBack(deciding);
  }
  const own = endsThatCount(person).filter(({ data }) => typeof about === 'string' || data['engagement'] === about.id);
  const pending = own.filter((change) => entryOrder(event, change) !== 'earlier');
  if (pending.length > 1)
    return hold(deciding, 'needs-decision', 'more than one end is pending, and it does not say which is taken back');
  const [change] = pending;
  await remember(deciding, about, change !== undefined);
  if (change !== undefined) return takeBack(deciding, change);
  if (own.length > 0) return ignore(deciding, 'the end that is pending was entered later');
  await evidence(deciding, 'rescission-kept', {});
  const reason = 'no end is pending; a termination that was entered before this ends nobody when it arrives';
  return { settlement: { event: event.key, outcome: 'applied', reason } };
}

/** What terminations have said, each engagement's own; not what stays in sight in the place of one that must not show. */
function endsThatCount(person: Person): PendingChange[] {
  return person.pending.filter(
    (change) =>
      change.kind === 'end' &&
      change.data['contract'] !== true &&
      pendingEndOf(person, engagementOf(change))?.id === change.id,
  );
}

const engagementOf = ({ data }: PendingChange): string | undefined =>
  typeof data['engagement'] === 'string' ? data['engagement'] : undefined;

/** Events come out of order: a termination that was entered before this is stale, whenever it arrives. */
async function remember(
  { dependencies, tx, person, event, now }: Deciding,
  about: Engagement | 'none' | 'several',
  met: boolean,
): Promise<void> {
  const engagement = typeof about === 'string' ? undefined : about;
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  const id = about === 'several' ? undefined : (engagement?.id ?? '');
  await tx.updatePerson(person.id, { facts: withTakenBack(person, event, { about: id, zone, now, met }) });
}

async function takeBack(deciding: Deciding, change: PendingChange): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  const reason = `rescinded by ${event.key}`;
  const ends = pendingEndsOf(person, engagementOf(change));
  const said = ends.filter(({ data }) => data['contract'] !== true);
  for (const row of said) {
    await tx.removePending(person.id, row.id);
    await tx.putPersonEvent(person.id, row.event, 'ignored', reason, now);
    await tx.updateArrival(row.event, { outcome: 'ignored', reason });
  }
  // A contract's own end, in whose place the termination was, counts again.
  const engagement = person.engagements.find(({ id }) => id === engagementOf(change));
  if (engagement !== undefined && said.length === ends.length) await armContractEnd(deciding, engagement);
  await lookAtBelongings(deciding);
  await evidence(deciding, 'end-rescinded', { ends: said.map((row) => row.event) });
  return { settlement: { event: event.key, outcome: 'applied' } };
}
