import type { IdentityEvent } from '../src/model/event.ts';
import type { Engagement, PendingChange, Person } from '../src/model/person.ts';
import { dateIn, endOfDay, startOfDay } from '../src/model/time.ts';
import { wasCalledOff, zoneOf } from '../src/policy/engagements.ts';
import { entryOrder } from '../src/policy/pending-end.ts';
import { startRow } from '../src/policy/start-rows.ts';
import { armContractEnd, begin } from './beginning.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { factSource, factsOf, state } from './facts.ts';
import { endedWhen, lastEnd, whyHeldBack } from './former.ts';
import { rememberBirthDate } from './new-person.ts';
import { startDateChanged } from './start-date.ts';
import { waitsForRelease } from './unverified.ts';

/** Somebody is hired: pre-hire access until 00:00 of the start date in their own zone, then everything policy gives. */
export async function hired(deciding: Deciding): Promise<Verdict> {
  const { person, event } = deciding;
  const odd = await doesNotFit(deciding);
  if (odd !== undefined) return odd;
  switch (person.state) {
    case 'PreHire':
      return hiredAhead(deciding);
    case 'Terminated':
    case 'Cancelled':
      return hiredAgain(deciding);
    case 'Terminating':
      return nextEngagement(deciding, 'an end is under way; this is their next engagement');
    default:
      if (followsAnEnd(deciding)) return nextEngagement(deciding, 'it begins after the end that is pending');
      return secondEngagement(deciding, `${person.id} is ${person.state} already (${event.subject})`);
  }
}

/** `rehired` says in so many words what `hired` for a former person means; while an end is pending it is the next engagement. */
export async function rehired(deciding: Deciding): Promise<Verdict> {
  const { person } = deciding;
  const odd = await doesNotFit(deciding);
  if (odd !== undefined) return odd;
  if (person.state === 'Terminated' || person.state === 'Cancelled') return hiredAgain(deciding);
  if (person.state === 'PreHire') return hiredAhead(deciding);
  if (person.state === 'Terminating' || followsAnEnd(deciding))
    return nextEngagement(deciding, 'an end is pending; this is their next engagement');
  return secondEngagement(deciding, `${person.id} is ${person.state} already, and no end before that start is pending`);
}

/** What no rule can make sense of is asked before anything is made. */
async function doesNotFit(deciding: Deciding): Promise<Verdict | undefined> {
  const { person, event } = deciding;
  if (event.rescinded === true) {
    return hold(deciding, 'needs-decision', 'it is marked as taken back, and does not say what holds instead');
  }
  const other = contradiction(person, event);
  if (other !== undefined) {
    return hold(
      deciding,
      'ambiguous-person',
      `worker number ${event.subject} was given again: ${other} is not what ${person.id} has. Nothing was made. If it is the same human being, correct the record and send it again.`,
    );
  }
  return undefined;
}

/** An employment that was over before it was reported, or that ends before it begins. */
async function isOverAlready(deciding: Deciding, startDate: string): Promise<Verdict | undefined> {
  const { dependencies, person, event, now } = deciding;
  const { endDate } = event.data;
  if (typeof endDate !== 'string') return undefined;
  const { zone } = zoneOf(dependencies.policy, person, engagementOf(deciding, startDate));
  if (endDate >= startDate && endOfDay(endDate, zone) > Date.parse(now)) return undefined;
  return hold(
    deciding,
    'needs-decision',
    `it begins on ${startDate} and ends on ${endDate}, which is over; nothing was given`,
  );
}

/** Said of a hire that was called off: only what was entered after that brings it back. */
async function wasCalledOffSince(deciding: Deciding, startDate: string): Promise<Verdict | undefined> {
  const { person, event } = deciding;
  const { id } = engagementOf(deciding, startDate);
  const off = person.engagements.find((each) => wasCalledOff(each) && each.id === id);
  if (off === undefined) return undefined;
  if (event.enteredAt === undefined || endedWhen(off) === Number.NEGATIVE_INFINITY)
    return hold(
      deciding,
      'needs-decision',
      'that hire was called off, and whether this was entered before or after is not known. Send it with its entry moment.',
    );
  if (Date.parse(event.enteredAt) > endedWhen(off)) return undefined;
  return ignore(deciding, 'stale: it was entered before that hire was called off');
}

/** A number is used again where the source's own lasting id, the date of birth, or both names, are another human being's. */
function contradiction({ identifiers, attributes }: Person, { source, data }: IdentityEvent): string | undefined {
  const { wid, firstName, lastName, birthDateHash } = data;
  const wids = identifiers.filter((each) => each.source === source && each.type === 'wid').map(({ value }) => value);
  if (wid !== undefined && wids.length > 0 && !wids.includes(wid)) return 'its WID';
  const born = identifiers.filter(({ type }) => type === 'birthDate').map(({ value }) => value);
  if (typeof birthDateHash === 'string' && born.length > 0 && !born.includes(birthDateHash)) return 'its date of birth';
  const differs = (one?: string, other?: string) =>
    one !== undefined && other !== undefined && one !== '' && other !== '' && !sameText(one, other);
  return differs(firstName, attributes.firstName) && differs(lastName, attributes.lastName) ? 'its name' : undefined;
}

const sameText = (one: string, other: string): boolean => one.trim().toLowerCase() === other.trim().toLowerCase();

async function hiredAhead(deciding: Deciding): Promise<Verdict> {
  const { person, event } = deciding;
  const starts = person.pending.filter(({ kind }) => kind === 'start');
  const startDate = startDateOf(deciding, person.engagements[0]);
  const [start] = starts;
  if (start === undefined) {
    const over = await isOverAlready(deciding, startDate);
    if (over !== undefined) return over;
    await rememberFacts(deciding);
    const engagement = person.engagements.find((each) => each.startDate === startDate) ?? person.engagements.at(-1);
    if (engagement === undefined)
      return hold(deciding, 'needs-decision', 'they have no engagement; enter one, or send it again');
    return begin(deciding, engagement, []);
  }
  if (starts.some((each) => each.event === event.key || each.date === startDate))
    return ignore(deciding, `already so: they start on ${startDate}`);
  if (!isOneOf(person, event)) return nextEngagement(deciding, 'they start in another engagement as well');
  const order = entryOrder(event, start);
  // The same hire said again with another day: the later word counts, and where nobody knows which that is somebody is asked.
  if (event.correction === true || order === 'later') return startDateChanged(deciding);
  if (order === 'earlier')
    return ignore(deciding, `stale: that they start on ${start.date ?? start.dueAt} was entered later`);
  return hold(
    deciding,
    'needs-decision',
    `they start on ${start.date ?? start.dueAt}, it says ${startDate}, and which was entered last is not known. Send start-date-changed if the day has moved.`,
  );
}

/** Is it about an engagement that is known, and that is not over on a day? The number and the kind of worker tell. */
function isOneOf({ engagements }: Person, { subject, data }: IdentityEvent, on = ''): boolean {
  return engagements.some(
    ({ workerId, workerType, endDate }) =>
      workerId === subject &&
      workerType === (data.workerType ?? workerType) &&
      (endDate === undefined || endDate >= on),
  );
}

/** Hired after they had left: the same person and accounts, and access from today's policy. */
async function hiredAgain(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event } = deciding;
  const startDate = startDateOf(deciding);
  const pending = person.pending.find(({ kind, date }) => kind === 'start' && date === startDate);
  if (pending !== undefined) return ignore(deciding, `already so: they start on ${startDate}`);
  const last = lastEnd(person);
  if (last?.endDate !== undefined && startDate <= last.endDate) {
    return ignore(deciding, `stale: it starts on ${startDate}, and their last engagement ended on ${last.endDate}`);
  }
  const entered = event.enteredAt ?? event.receivedAt;
  if (last !== undefined && Date.parse(entered) <= endedWhen(last)) {
    return ignore(deciding, 'stale: it was entered before the termination');
  }
  const off = (await wasCalledOffSince(deciding, startDate)) ?? (await isOverAlready(deciding, startDate));
  if (off !== undefined) return off;
  const why = whyHeldBack(last?.end);
  const waits = why === undefined ? undefined : await waitsForRelease(deciding, why);
  if (waits !== undefined) return waits;
  await rememberFacts(deciding);
  const engagement = engagementOf(deciding, startDate);
  await tx.putEngagement(person.id, engagement);
  await rememberNumber(deciding);
  await tx.keepNames(person.id);
  const later = person.pending.filter(({ kind, data }) => kind === 'later' && data['action'] !== 'readAgain');
  for (const row of later) await tx.removePending(person.id, row.id);
  await evidence(deciding, 'rehire-accepted', {
    startDate,
    engagement: engagement.id,
    stopped: later.map(({ id }) => id),
  });
  return begin(deciding, engagement, later);
}

/** The ends that wait, the one under way among them. */
const endsOf = ({ pending }: Person): PendingChange[] => pending.filter(({ kind }) => kind === 'end');

/** Does it begin after an end that is pending? Then it is what comes next, and not something beside today's employment. */
function followsAnEnd(deciding: Deciding): boolean {
  const startDate = startDateOf(deciding);
  return endsOf(deciding.person).some(({ date, dueAt }) => startDate > (date ?? dueAt.slice(0, 10)));
}

async function nextEngagement(deciding: Deciding, why: string): Promise<Verdict> {
  const { dependencies, tx, person, event } = deciding;
  const startDate = startDateOf(deciding);
  const engagement = engagementOf(deciding, startDate);
  if (person.engagements.some((each) => each.id === engagement.id && !wasCalledOff(each)))
    return ignore(deciding, 'already so: that engagement is known');
  const off = (await wasCalledOffSince(deciding, startDate)) ?? (await isOverAlready(deciding, startDate));
  if (off !== undefined) return off;
  for (const end of endsOf(person)) {
    const over = end.date ?? end.dueAt.slice(0, 10);
    if (person.state === 'Terminating' && startDate <= over)
      return ignore(deciding, `stale: it starts on ${startDate}, and they leave on ${over}`);
    if (person.state === 'Terminating' && entryOrder(event, end) === 'earlier')
      return ignore(deciding, 'stale: it was entered before the termination');
    const ending = (await tx.arrival(end.event))?.event;
    const held = ending?.type === 'terminated' ? whyHeldBack(ending.data) : undefined;
    const waits = held === undefined ? undefined : await waitsForRelease(deciding, held);
    if (waits !== undefined) return waits;
  }
  await tx.putEngagement(person.id, { ...engagement, primary: false });
  await rememberNumber(deciding);
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  const start = startRow(engagement, zone, { ...event }, { next: true });
  await tx.putPending(person.id, start);
  await armContractEnd(deciding, engagement);
  await evidence(deciding, 'engagement-added', { engagement: engagement.id, startDate, why });
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `${why}; it starts ${start.dueAt}` } };
}

async function secondEngagement(deciding: Deciding, otherwise: string): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const startDate = startDateOf(deciding);
  const engagement = engagementOf(deciding, startDate);
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  if (isOneOf(person, event, startDate)) return ignore(deciding, otherwise);
  const off = (await wasCalledOffSince(deciding, startDate)) ?? (await isOverAlready(deciding, startDate));
  if (off !== undefined) return off;
  if (startOfDay(startDate, zone) > Date.parse(now)) return nextEngagement(deciding, 'a second engagement');
  await tx.putEngagement(person.id, { ...engagement, primary: false });
  await rememberNumber(deciding);
  await armContractEnd(deciding, engagement);
  await evidence(deciding, 'engagement-added', { engagement: engagement.id, startDate, why: 'a second engagement' });
  return {
    settlement: {
      event: event.key,
      outcome: 'applied',
      reason: 'a second engagement; access is due while any of them is active',
    },
  };
}

/** Later events find them by the number they have from now on. */
async function rememberNumber({ tx, person, event }: Deciding): Promise<void> {
  const { source, subject, data } = event;
  const numbers = [{ source, type: 'workerId' as const, value: subject }];
  const wids = data.wid === undefined ? [] : [{ source, type: 'wid' as const, value: data.wid }];
  for (const identifier of [...numbers, ...wids]) await tx.addIdentifier(person.id, identifier);
  await rememberBirthDate(tx, person.id, event);
}

async function rememberFacts({ tx, person, event, now }: Deciding): Promise<void> {
  const { attributes, privileged, facts } = state(person, factsOf(event), factSource(event, now), false);
  const name = [attributes.firstName, attributes.lastName]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
  await tx.updatePerson(person.id, { attributes, privileged, facts, ...(name === '' ? {} : { name }) });
  person.attributes = attributes;
}

function startDateOf({ dependencies, person, event, now }: Deciding, engagement?: Engagement): string {
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  return event.data.startDate ?? event.effectiveDate ?? dateIn(Date.parse(now), zone);
}

/** The engagement an event hires somebody into. */
function engagementOf({ event, person }: Pick<Deciding, 'event' | 'person'>, startDate: string): Engagement {
  const { wid, endDate, managerId, location } = event.data;
  const workerType = event.data.workerType ?? person.attributes.workerType ?? 'employee';
  const id = `${event.source}:${event.subject}:${startDate}`;
  // Two that begin on one day under one number are told apart by the kind of worker.
  const isTaken = person.engagements.some((each) => each.id === id && each.workerType !== workerType);
  return {
    id: isTaken ? `${id}:${workerType}` : id,
    source: event.source,
    workerId: event.subject,
    workerType,
    startDate,
    primary: true,
    ...(wid === undefined ? {} : { wid }),
    ...(typeof endDate === 'string' ? { endDate } : {}),
    ...(managerId === undefined || managerId === '' ? {} : { managerId }),
    ...(location === undefined || location === '' ? {} : { location }),
  };
}
