import type { Engagement, PendingChange, Person } from '../src/model/person.ts';
import { addDays, startOfDay } from '../src/model/time.ts';
import { entryOf } from '../src/policy/contract-end-rows.ts';
import { isActive, remaining, zoneOf } from '../src/policy/engagements.ts';
import { entryOrder } from '../src/policy/pending-end.ts';
import { preHirePrefix, preHireRows } from '../src/policy/start-rows.ts';
import { planLater } from './access-rows.ts';
import { voidApprovals } from './approvals.ts';
import { activate } from './beginning.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { lastEnd } from './former.ts';
import { giveWay } from './give-way.ts';
import { waitsForRelease } from './unverified.ts';

/** The start moves: its timer, and what comes before it. Both dates and who moved it are evidence. */
export async function startDateChanged(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const startDate = event.data.startDate ?? event.effectiveDate;
  if (event.rescinded === true)
    return hold(deciding, 'needs-decision', 'it is marked as taken back, and does not say which start holds');
  if (startDate === undefined) return hold(deciding, 'needs-decision', 'it does not say the new start date');
  const start = startFor(person, event.subject);
  if (start === 'several')
    return hold(deciding, 'needs-decision', 'they start in more than one engagement, and it does not say which');
  if (start === undefined) return withoutStart(deciding, startDate);
  if (entryOrder(event, start) === 'earlier') return ignore(deciding, 'the start that is pending was entered later');
  const engagement = person.engagements.find(({ id }) => id === start.data['engagement']);
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  const from = start.date ?? start.dueAt;
  const said = { ...start, data: { ...start.data, ...entryOf({ ...event }) } };
  if (startDate === start.date) {
    // The latest word all the same: one that was entered before it is stale from now on.
    await tx.putPending(person.id, said);
    return ignore(deciding, `already so: they start on ${startDate}`);
  }
  if (engagement?.endDate !== undefined && startDate > engagement.endDate)
    return hold(deciding, 'needs-decision', `that employment ends on ${engagement.endDate}, before it would start`);
  const at = startOfDay(startDate, zone);
  // An unverified hand may move dates; what gives access at once waits for somebody who is known.
  if (at <= Date.parse(now) && event.source === 'signal') {
    const why = `a start on ${startDate} gives access now, and a signal is nobody's word.`;
    const waits = await waitsForRelease(deciding, why);
    if (waits !== undefined) return waits;
  }
  if (engagement !== undefined) await tx.putEngagement(person.id, { ...engagement, startDate });
  await evidence(deciding, 'start-moved', { from, to: startDate, zone, by: event.by ?? event.source });
  const moved: PendingChange = {
    ...said,
    dueAt: new Date(Math.max(at, Date.parse(now))).toISOString(),
    date: startDate,
    zone,
    data: {
      ...said.data,
      moves: [...movesOf(start), { from, to: startDate, by: event.by ?? event.source, event: event.key, at: now }],
    },
  };
  if (at <= Date.parse(now) && person.state === 'PreHire') return startNow(deciding, moved, startDate);
  await tx.putPending(person.id, moved);
  if (person.state === 'PreHire') await movePreHire(deciding, moved);
  const rest = { ...person, engagements: withStart(person, engagement, startDate) };
  if (await endWhereNothingIsLeft({ ...deciding, person: rest })) return { underWay: true };
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `starts ${moved.dueAt} (was ${from})` } };
}

async function withoutStart(deciding: Deciding, startDate: string): Promise<Verdict> {
  const { person } = deciding;
  if (person.state === 'Terminated' || person.state === 'Cancelled')
    return ignore(deciding, `${person.id} is ${person.state}, and no start is pending`);
  if (person.engagements.some((each) => each.startDate === startDate))
    return ignore(deciding, `already so: they began on ${startDate}`);
  return hold(
    deciding,
    'needs-decision',
    `they are ${person.state} already; nothing is taken away for a start on ${startDate}. If they are to wait, take the access away by hand.`,
  );
}

/** The day has come by being moved: their hire is through, and this event is told when their access is confirmed. */
async function startNow(deciding: Deciding, start: PendingChange, startDate: string): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  await tx.removePending(person.id, start.id);
  await tx.putPersonEvent(person.id, start.event, 'applied', undefined, now);
  await tx.updateArrival(start.event, { outcome: 'applied' });
  const engagement = String(start.data['engagement']);
  await activate(deciding, { event: event.key, date: startDate, engagement, unprepared: false });
  await evidence(deciding, 'person-active', { startDate, zone: start.zone ?? null });
  return { underWay: true };
}

/** What comes before the start moves with it; access that is there already stays. */
async function movePreHire({ dependencies, tx, person, now }: Deciding, start: PendingChange): Promise<void> {
  const given = !person.pending.some(({ id }) => id === `${preHirePrefix}${start.id}`);
  for (const row of preHireRows(dependencies.policy, start, Date.parse(now), given))
    await tx.putPending(person.id, row);
}

const withStart = ({ engagements }: Person, moved: Engagement | undefined, startDate: string): Engagement[] =>
  engagements.map((each) => (each.id === moved?.id ? { ...each, startDate } : each));

/** What was to follow an end that is past comes too late now, or not at all: then they leave after all. */
async function endWhereNothingIsLeft({ dependencies, tx, person, event, now }: Deciding): Promise<boolean> {
  const { policy } = dependencies;
  const at = Date.parse(now);
  const works = person.state === 'Active' || person.state === 'OnLeave' || person.state === 'Suspended';
  if (!works || person.engagements.some((each) => isActive(policy, person, each, at))) return false;
  const over = lastEnd(person);
  if (over === undefined || remaining(policy, person, over.id, at, 'bridged') !== undefined) return false;
  await tx.putPending(person.id, {
    id: `end:${event.key}`,
    kind: 'end',
    dueAt: now,
    ...(over.endDate === undefined ? {} : { date: over.endDate }),
    event: event.key,
    confidential: false,
    data: { engagement: over.id },
  });
  return true;
}

/** The start that is pending for the engagement an event speaks of; the only one where it names none. */
export function startFor({ pending, engagements }: Person, subject: string): PendingChange | undefined | 'several' {
  const starts = pending.filter(({ kind }) => kind === 'start');
  const named = engagements.filter(({ workerId, wid }) => workerId === subject || wid === subject);
  const own =
    named.length === 0 ? starts : starts.filter(({ data }) => named.some(({ id }) => id === data['engagement']));
  return own.length > 1 ? 'several' : own[0];
}

function movesOf({ data }: PendingChange): unknown[] {
  return Array.isArray(data['moves']) ? data['moves'] : [];
}

/** The hire is off: what it made is removed, what was there before is closed again. */
export async function hireCancelled(deciding: Deciding): Promise<Verdict> {
  const { person, event } = deciding;
  if (event.rescinded === true)
    return hold(deciding, 'needs-decision', 'it is marked as taken back: send the hire again if it holds after all');
  const start = startFor(person, event.subject);
  if (start === 'several')
    return hold(deciding, 'needs-decision', 'they start in more than one engagement, and it does not say which');
  if (start === undefined) {
    if (person.state === 'Cancelled' || person.state === 'Terminated')
      return ignore(deciding, `already so: ${person.id} is ${person.state}, and no start is pending`);
    return hold(
      deciding,
      'needs-decision',
      `they are ${person.state} already, and nothing is removed unasked. If they are to go, send a termination.`,
    );
  }
  if (entryOrder(event, start) === 'earlier') return ignore(deciding, 'the start that is pending was entered later');
  await callOff(deciding, start);
  const left = person.pending.filter(({ id, kind }) => kind === 'start' && id !== start.id);
  if (person.state !== 'PreHire') return notTheOnly(deciding, start);
  if (left[0] !== undefined) {
    for (const row of preHireRows(deciding.dependencies.policy, left[0], Date.parse(deciding.now), true))
      await deciding.tx.putPending(person.id, row);
    return applied(deciding, 'that engagement does not begin; they start in another one');
  }
  return asBefore(deciding, start);
}

const applied = ({ event }: Deciding, reason: string): Verdict => ({
  settlement: { event: event.key, outcome: 'applied', reason },
});

/** The engagement never begins, and nothing that belongs to it is on the timeline any more. */
async function callOff(deciding: Deciding, start: PendingChange): Promise<void> {
  const { tx, person, event } = deciding;
  const engagement = person.engagements.find(({ id }) => id === start.data['engagement']);
  if (engagement !== undefined) {
    const enteredAt = event.enteredAt ?? event.receivedAt;
    await tx.putEngagement(person.id, {
      ...engagement,
      endDate: addDays(engagement.startDate, -1),
      primary: false,
      end: { event: event.key, enteredAt },
    });
  }
  const own = person.pending.filter(
    ({ id, event: of, data }) =>
      id === start.id || of === start.event || data['engagement'] === engagement?.id || data['what'] === engagement?.id,
  );
  await giveWay(deciding, own, `the hire was called off by ${event.key}`);
  await evidence(deciding, 'hire-cancelled', {
    startDate: start.date ?? null,
    by: event.by ?? event.source,
    stopped: own.map(({ id }) => id),
  });
}

/** They work here, or have left, in another engagement: that goes on, and an end that this one bridged takes place. */
async function notTheOnly(deciding: Deciding, start: PendingChange): Promise<Verdict> {
  const { tx, person } = deciding;
  const called = person.engagements.find(({ id }) => id === start.data['engagement']);
  const engagements = person.engagements.filter(({ id }) => id !== called?.id);
  for (const row of laterOf(start)) await tx.putPending(person.id, row);
  if (await endWhereNothingIsLeft({ ...deciding, person: { ...person, engagements } })) return { underWay: true };
  return applied(deciding, 'that engagement does not begin; all else is as it was');
}

/** Everything is as before the hire: `Terminated` with its later steps, or `Cancelled` for somebody who never was here. */
async function asBefore(deciding: Deciding, start: PendingChange): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const others = person.pending.filter(({ kind }) => kind !== 'start' && kind !== 'later' && kind !== 'end');
  await giveWay(deciding, others, `the hire was called off by ${event.key}`);
  await voidApprovals(tx, dependencies, person.id, [], now);
  for (const grant of person.grants) await tx.removeGrant(person.id, grant);
  await tx.releaseNames(person.id, now);
  const before = person.engagements.some(({ id }) => id !== start.data['engagement']) && lastEnd(person) !== undefined;
  // Older work in the air must not make anything any more.
  await tx.updatePerson(person.id, { state: before ? 'Terminated' : 'Cancelled', epoch: person.epoch + 1 });
  for (const row of laterOf(start)) await tx.putPending(person.id, row);
  const { had, keeps } = beforeOf(start);
  await planLater(
    tx,
    person,
    { event: event.key, dueAt: now },
    { process: 'leaver', settles: true, see: true, had, keeps },
  );
  return { underWay: true };
}

function laterOf({ data }: PendingChange): PendingChange[] {
  return Array.isArray(data['later']) ? data['later'] : [];
}

function beforeOf({ data }: PendingChange): { had: string[]; keeps: { target: string; entitlement: string }[] } {
  const { had, keeps } = data;
  return { had: Array.isArray(had) ? had.map(String) : [], keeps: Array.isArray(keeps) ? keeps : [] };
}
