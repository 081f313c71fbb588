import type { Transaction } from '../src/directory/store.ts';
import type { Engagement, PendingChange, Person } from '../src/model/person.ts';
import { addDays, dateIn, startOfDay } from '../src/model/time.ts';
import { zoneOf } from '../src/policy/engagements.ts';
import { planLater } from './access-rows.ts';
import { armContractEnd } from './contract-end.ts';
import { ask, type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { factSource, factsOf, state } from './facts.ts';

/** Somebody is hired: pre-hire access until 00:00 of the start date in their own zone, then everything policy gives. */
export async function hired(deciding: Deciding): Promise<Verdict> {
  const { person, event } = deciding;
  switch (person.state) {
    case 'PreHire':
      return hiredAhead(deciding);
    case 'Terminated':
    case 'Cancelled':
      return hiredAgain(deciding);
    case 'Terminating':
      return nextEngagement(deciding, 'an end is under way; this is their next engagement');
    default:
      return secondEngagement(deciding, `${person.id} is ${person.state} already (${event.subject})`);
  }
}

/** `rehired` says in so many words what `hired` for a former person means; while an end is pending it is the next engagement. */
export async function rehired(deciding: Deciding): Promise<Verdict> {
  const { person } = deciding;
  if (person.state === 'Terminated' || person.state === 'Cancelled') return hiredAgain(deciding);
  if (person.state === 'PreHire') return hiredAhead(deciding);
  const ends = person.state === 'Terminating' || person.pending.some(({ kind }) => kind === 'end');
  if (ends) return nextEngagement(deciding, 'an end is pending; this is their next engagement');
  return secondEngagement(deciding, `${person.id} is ${person.state} already, and no end is pending`);
}

async function hiredAhead(deciding: Deciding): Promise<Verdict> {
  const { person, event } = deciding;
  const start = person.pending.find(({ kind }) => kind === 'start');
  const startDate = startDateOf(deciding, person.engagements[0]);
  if (start !== undefined) {
    if (start.event === event.key || start.date === startDate)
      return ignore(deciding, `already so: they start on ${start.date ?? start.dueAt}`);
    const own = person.engagements.find(({ id }) => id === start.data['engagement']);
    if (
      own !== undefined &&
      (own.workerId !== event.subject || own.workerType !== (event.data.workerType ?? own.workerType))
    ) {
      return nextEngagement(deciding, 'they start in another engagement as well');
    }
    return ignore(deciding, `they start on ${start.date ?? start.dueAt}; a start is moved by start-date-changed`);
  }
  await rememberFacts(deciding);
  const engagement = person.engagements.find((each) => each.startDate === startDate) ?? person.engagements.at(-1);
  if (engagement === undefined)
    return hold(deciding, 'needs-decision', 'they have no engagement; enter one, or send it again');
  return begin(deciding, engagement, []);
}

/** Hired after they had left: the same person and accounts, and access from today's policy. */
async function hiredAgain(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event } = deciding;
  const startDate = startDateOf(deciding);
  const last = lastEnd(person);
  if (last?.endDate !== undefined && startDate <= last.endDate && person.state === 'Terminated') {
    return ignore(deciding, `stale: it starts on ${startDate}, and their last engagement ended on ${last.endDate}`);
  }
  const entered = event.enteredAt ?? event.receivedAt;
  const ended = last?.end?.enteredAt;
  if (ended !== undefined && Date.parse(entered) <= Date.parse(ended)) {
    return ignore(deciding, 'stale: it was entered before the termination');
  }
  if (last?.end?.category === 'forCause' || last?.end?.eligibleForRehire === false) {
    return hold(
      deciding,
      'needs-decision',
      'how their last engagement ended does not allow a rehire unasked. If it is right, security and HR agree to it, and it is done by "done" and a new event from HR.',
    );
  }
  await rememberFacts(deciding);
  const engagement = engagementOf(deciding, startDate);
  await tx.putEngagement(person.id, engagement);
  const later = person.pending.filter(({ kind, data }) => kind === 'later' && data['action'] !== 'readAgain');
  for (const row of later) await tx.removePending(person.id, row.id);
  await evidence(deciding, 'rehire-accepted', {
    startDate,
    engagement: engagement.id,
    stopped: later.map(({ id }) => id),
  });
  return begin(deciding, engagement, later);
}

async function nextEngagement(deciding: Deciding, why: string): Promise<Verdict> {
  const { dependencies, tx, person, event } = deciding;
  const startDate = startDateOf(deciding);
  if (
    person.engagements.some(
      (each) => each.startDate === startDate && each.workerId === event.subject && each.source === event.source,
    )
  ) {
    return ignore(deciding, 'already so: that engagement is known');
  }
  const engagement = engagementOf(deciding, startDate);
  await tx.putEngagement(person.id, { ...engagement, primary: false });
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  const dueAt = new Date(startOfDay(startDate, zone)).toISOString();
  await tx.putPending(person.id, startRow(deciding, engagement, { dueAt, zone, had: [], later: [] }));
  await armContractEnd(deciding, engagement);
  await evidence(deciding, 'engagement-added', { engagement: engagement.id, startDate, why });
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `${why}; it starts ${dueAt}` } };
}

async function secondEngagement(deciding: Deciding, otherwise: string): Promise<Verdict> {
  const { person, event } = deciding;
  const { workerType } = event.data;
  const same = person.engagements.some(
    (each) => each.workerId === event.subject && (workerType === undefined || each.workerType === workerType),
  );
  if (same) return ignore(deciding, otherwise);
  const startDate = startDateOf(deciding);
  const engagement = engagementOf(deciding, startDate);
  await deciding.tx.putEngagement(person.id, { ...engagement, primary: false });
  const known = person.identifiers.some(({ type, value }) => type === 'workerId' && value === event.subject);
  if (!known)
    await deciding.tx.addIdentifier(person.id, { source: event.source, type: 'workerId', value: event.subject });
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

/** Active now, or in waiting for the day. Pre-hire access comes at once or policy's lead before the start. */
async function begin(deciding: Deciding, engagement: Engagement, later: PendingChange[]): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const { policy } = dependencies;
  const { zone, known } = zoneOf(policy, { ...person, attributes: withLocation(person, engagement) }, engagement);
  if (!known)
    await ask(
      deciding,
      `the location of ${person.id} has no time zone in policy.yaml; their start was read in ${zone}`,
    );
  const startsAt = startOfDay(engagement.startDate, zone);
  await armContractEnd(deciding, engagement);
  if (startsAt <= Date.parse(now)) {
    await activate(tx, person, { event: event.key, now, date: engagement.startDate });
    await evidence(deciding, 'person-active', { startDate: engagement.startDate, zone });
    return { underWay: true };
  }
  const had = person.accounts.filter(({ status }) => status !== 'absent').map(({ target, id }) => `${target}/${id}`);
  const dueAt = new Date(startsAt).toISOString();
  const start = startRow(deciding, engagement, { dueAt, zone, had, later });
  await tx.putPending(person.id, start);
  await tx.updatePerson(person.id, { state: 'PreHire' });
  await armPreHire(deciding, start, engagement.startDate, zone);
  await evidence(deciding, 'start-scheduled', { startDate: engagement.startDate, zone, dueAt });
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `starts ${dueAt}` } };
}

function startRow(
  { event }: Deciding,
  engagement: Engagement,
  { dueAt, zone, had, later }: { dueAt: string; zone: string; had: string[]; later: PendingChange[] },
): PendingChange {
  return {
    id: `start:${engagement.id}`,
    kind: 'start',
    dueAt,
    date: engagement.startDate,
    zone,
    event: event.key,
    confidential: false,
    data: {
      engagement: engagement.id,
      enteredAt: event.enteredAt ?? event.receivedAt,
      ...(event.sequence === undefined ? {} : { sequence: event.sequence }),
      source: event.source,
      had,
      later,
    },
  };
}

/** Rows for what comes before the start; moved with it. A start in the past has none. */
export async function armPreHire(
  { dependencies, tx, person, event, now }: Deciding,
  start: Pick<PendingChange, 'dueAt' | 'event'>,
  startDate: string,
  zone: string,
): Promise<void> {
  const { preHireLead, preHire, ahead, credential } = dependencies.policy.hires;
  const hasAny = preHire.length + ahead.length > 0;
  const leadAt = preHireLead === undefined ? Date.parse(now) : startOfDay(addDays(startDate, -preHireLead), zone);
  const dueAt = new Date(Math.max(leadAt, Date.parse(now))).toISOString();
  // With nothing to give there is still somebody to tell.
  const row = { id: `prehire:${start.event}`, event: event.key, dueAt, date: startDate, zone };
  if (
    hasAny ||
    dependencies.policy.transitions.hired.tickets.length + dependencies.policy.transitions.hired.messages.length > 0
  ) {
    await planLater(tx, person, row, { process: 'joiner', transition: 'hired', date: startDate, attributes: true });
  }
  if (credential !== undefined) {
    const at = new Date(Math.max(Date.parse(start.dueAt) - credential.before, Date.parse(now))).toISOString();
    const id = `credential:${start.event}`;
    await planLater(
      tx,
      person,
      { id, kind: 'later', event: event.key, dueAt: at },
      { action: 'credential', process: 'joiner' },
    );
  }
}

/** They begin: `Active`, and everything policy gives. The event is told when that is confirmed. */
export async function activate(
  tx: Transaction,
  person: Person,
  { event, now, date }: { event: string; now: string; date: string },
): Promise<void> {
  const attributes = { ...person.attributes };
  delete attributes['onLeave'];
  await tx.updatePerson(person.id, { state: 'Active', attributes });
  for (const row of person.pending.filter(({ id }) => id.startsWith('prehire:')))
    await tx.removePending(person.id, row.id);
  const before = person.accounts.some(({ origin }) => origin !== 'created');
  const transition = { transition: 'started' as const, date };
  await planLater(
    tx,
    person,
    { event, dueAt: now },
    { process: 'joiner', settles: true, see: before, attributes: true, ...transition },
  );
}

async function rememberFacts({ tx, person, event, now }: Deciding): Promise<void> {
  const { attributes, privileged, facts } = state(person, factsOf(event), factSource(event, now), false);
  const name = [attributes.firstName, attributes.lastName]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
  await tx.updatePerson(person.id, { attributes, privileged, facts, ...(name === '' ? {} : { name }) });
  person.attributes = attributes;
}

function withLocation(person: Person, { location }: Engagement): Person['attributes'] {
  return location === undefined ? person.attributes : { ...person.attributes, location };
}

function startDateOf({ dependencies, person, event, now }: Deciding, engagement?: Engagement): string {
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  return event.data.startDate ?? event.effectiveDate ?? dateIn(Date.parse(now), zone);
}

/** The engagement an event hires somebody into. */
export function engagementOf({ event, person }: Pick<Deciding, 'event' | 'person'>, startDate: string): Engagement {
  const { wid, endDate, managerId, location, workerType } = event.data;
  return {
    id: `${event.source}:${event.subject}:${startDate}`,
    source: event.source,
    workerId: event.subject,
    workerType: workerType ?? person.attributes.workerType ?? 'employee',
    startDate,
    primary: true,
    ...(wid === undefined ? {} : { wid }),
    ...(typeof endDate === 'string' ? { endDate } : {}),
    ...(managerId === undefined || managerId === '' ? {} : { managerId }),
    ...(location === undefined || location === '' ? {} : { location }),
  };
}

/** The engagement that ended last. */
export function lastEnd({ engagements }: Person): Engagement | undefined {
  return engagements
    .filter(({ endDate }) => endDate !== undefined)
    .reduce<Engagement | undefined>(
      (one, other) => ((one?.endDate ?? '') > (other.endDate ?? '') ? one : other),
      undefined,
    );
}
