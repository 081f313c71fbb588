import type { IdentityEvent } from '../src/model/event.ts';
import type { Engagement, PendingChange, Person } from '../src/model/person.ts';
import { addDays, endOfDay, startOfDay } from '../src/model/time.ts';
import { engagementFor, zoneOf } from '../src/policy/engagements.ts';
import { preHirePrefix } from '../src/policy/start-rows.ts';
import { graceRow, planLater } from './access-rows.ts';
import { armContractEnd } from './beginning.ts';
import { ask, type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { engagementWith, type FactName, type Facts, factSource, factsOf, state } from './facts.ts';
import { giveWay } from './give-way.ts';
import { hasNextManager } from './handover.ts';
import { renameNames, reserveNames } from './names.ts';
import { rememberBirthDate } from './new-person.ts';
import { reserve } from './safeguards.ts';

/** Something about a person is another now, or will be: manager, department, job, location, name. */
export async function moved(deciding: Deciding): Promise<Verdict> {
  const { person, event, now } = deciding;
  const facts = factsOf(event);
  const status = event.data['status'];
  if (typeof status === 'string' && Object.keys(facts).length === 0) return statusOnly(deciding, status);
  if (person.state === 'Terminated' || person.state === 'Terminating' || person.state === 'Cancelled') {
    return ignore(deciding, `${person.id} is ${person.state}; what is said of them changes no access`);
  }
  const at = effectiveMoment(deciding);
  if (event.rescinded === true) return takenBack(deciding, at);
  if (at > Date.parse(now)) return schedule(deciding, facts, at);
  return applyFacts(deciding, facts, new Date(at).toISOString(), false);
}

/** It was not so after all. What waits for its day is off; what counts already is a person's to undo, by saying what is so. */
async function takenBack(deciding: Deciding, at: number): Promise<Verdict> {
  const { tx, person, event } = deciding;
  const waiting: PendingChange[] = [];
  for (const row of person.pending.filter(({ kind, dueAt }) => kind === 'change' && Date.parse(dueAt) === at)) {
    const said = (await tx.arrival(row.event))?.event;
    if (said?.source === event.source && said.type === event.type) waiting.push(row);
  }
  if (waiting.length === 0) {
    return hold(
      deciding,
      'needs-decision',
      'it takes back a change that counts already, or that nobody knows of. Have it said what is so now.',
    );
  }
  await giveWay(deciding, waiting, `taken back by ${event.key}`);
  await evidence(deciding, 'change-rescinded', { changes: waiting.map((row) => row.event) });
  return { settlement: { event: event.key, outcome: 'applied', reason: 'the change that was to come is off' } };
}

/** A status that says nothing else. "Active" is written down and enables nothing; one that nobody knows asks a person. */
async function statusOnly(deciding: Deciding, status: string): Promise<Verdict> {
  if (/^active$/i.test(status.trim()))
    return ignore(deciding, 'an "active" record is written down and enables nothing');
  return hold(
    deciding,
    'needs-decision',
    `nobody knows the status "${status}". Map it in the source's settings (statuses) and send it again.`,
  );
}

/** When it counts, in epoch milliseconds: its instant, or the start of its day where the person is. Without either: now. */
export function effectiveMoment({
  dependencies,
  person,
  event,
  now,
}: Pick<Deciding, 'dependencies' | 'person' | 'event' | 'now'>): number {
  const instant = event.effectiveAt ?? event.data.effectiveAt;
  if (instant !== undefined) return Date.parse(instant);
  const date = event.effectiveDate ?? event.data.effectiveDate;
  if (date === undefined) return Date.parse(now);
  const engagement = engagementFor(dependencies.policy, person, event, Date.parse(now));
  const { zone } = zoneOf(dependencies.policy, person, typeof engagement === 'string' ? undefined : engagement);
  return startOfDay(date, zone);
}

async function schedule(deciding: Deciding, facts: Facts, at: number): Promise<Verdict> {
  const { dependencies, tx, person, event } = deciding;
  const dueAt = new Date(at).toISOString();
  const { zone } = zoneOf(dependencies.policy, person);
  const date = event.effectiveDate ?? event.data.effectiveDate;
  await tx.putPending(person.id, {
    id: `change:${event.key}`,
    kind: 'change',
    dueAt,
    ...(date === undefined ? {} : { date, zone }),
    event: event.key,
    confidential: false,
    data: { facts: Object.keys(facts).sort(), enteredAt: event.enteredAt ?? event.receivedAt },
  });
  await evidence(deciding, 'change-scheduled', { dueAt, facts: Object.keys(facts).sort() });
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `counts from ${dueAt}` } };
}

/** The day of a change has come: its event is decided as of then. */
export async function changeIsDue(deciding: Deciding, pending: PendingChange): Promise<Verdict> {
  await deciding.tx.removePending(deciding.person.id, pending.id);
  if (deciding.event.type === 'converted') return convert(deciding, pending.dueAt);
  return applyFacts(deciding, factsOf(deciding.event), pending.dueAt, true);
}

async function applyFacts(deciding: Deciding, facts: Facts, effective: string, onItsDay: boolean): Promise<Verdict> {
  const { person, event } = deciding;
  const stated = state(person, facts, factSource(event, effective), onItsDay);
  if (deciding.dependencies.sources[event.source]?.authoritative === true)
    await rememberBirthDate(deciding.tx, person.id, event);
  if (stated.blanks.length > 0) await aboutBlanks(deciding, stated.blanks);
  if (stated.changed.length === 0) {
    if (stated.stale.length + stated.blanks.length === 0) await remember(deciding, stated);
    const why =
      stated.blanks.length > 0
        ? undefined
        : stated.stale.length > 0
          ? `what holds was entered later: ${stated.stale.join(', ')}`
          : 'already so';
    if (why !== undefined) return ignore(deciding, why);
    return {
      settlement: {
        event: event.key,
        outcome: 'held',
        reason: `blank values replace nothing unasked: ${stated.blanks.join(', ')}`,
      },
    };
  }
  await remember(deciding, stated);
  await evidence(deciding, 'person-changed', { facts: stated.changed, stale: stated.stale, effective });
  return replanAfter(deciding, stated.changed);
}

type Stated = ReturnType<typeof state>;

/** Writes what holds now, for the person and for the engagement that was spoken of. */
async function remember(deciding: Deciding, stated: Stated): Promise<void> {
  const { dependencies, tx, person, event, now } = deciding;
  const { attributes, privileged, facts, changed } = stated;
  const name = [attributes.firstName, attributes.lastName]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
  delete attributes['formerManagerId'];
  if (changed.includes('managerId') && person.attributes.managerId !== undefined) {
    attributes['formerManagerId'] = person.attributes.managerId;
    const leaver = await hasNextManager(deciding, person.attributes.managerId);
    if (leaver !== undefined) deciding.wakes?.add(leaver);
  }
  await tx.updatePerson(person.id, { attributes, privileged, facts, ...(name === '' ? {} : { name }) });
  const engagement = engagementFor(dependencies.policy, person, event, Date.parse(now));
  if (typeof engagement === 'string') return;
  const values: Facts = {};
  for (const fact of changed) {
    const value = attributes[fact];
    if (typeof value === 'string') values[fact] = value;
  }
  await tx.putEngagement(person.id, engagementWith(engagement, values));
  if (changed.includes('location')) await moveDates(deciding, engagementWith(engagement, values));
}

/** Another location is another zone: what waits for a civil date there comes at that day's time now. What belongs to another engagement, elsewhere, stays. */
export async function moveDates(
  { dependencies, tx, person }: Pick<Deciding, 'dependencies' | 'tx' | 'person'>,
  moved: Engagement,
): Promise<void> {
  const { zone } = zoneOf(dependencies.policy, person, moved);
  const elsewhere = person.engagements.filter(({ id, location }) => id !== moved.id && location !== undefined);
  for (const change of person.pending) {
    if (elsewhere.some(({ id }) => id === change.data['engagement'])) continue;
    if (change.date === undefined || change.zone === undefined || change.zone === zone) continue;
    if (change.kind === 'end') {
      await tx.putPending(person.id, { ...change, zone, dueAt: new Date(endOfDay(change.date, zone)).toISOString() });
    } else if (change.kind === 'start' || change.kind === 'change' || change.kind === 'leave') {
      await tx.putPending(person.id, { ...change, zone, dueAt: new Date(startOfDay(change.date, zone)).toISOString() });
    }
  }
}

const moves: ReadonlySet<FactName> = new Set(['department', 'jobTitle', 'location', 'workerType', 'privileged']);
const names: ReadonlySet<FactName> = new Set(['firstName', 'lastName']);

/** Access follows what has changed about them; the event is told when that is confirmed. */
export async function replanAfter(deciding: Deciding, changed: FactName[]): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  const isMove = changed.some((fact) => moves.has(fact));
  if (isMove) await endAdopted(deciding);
  if (changed.some((fact) => names.has(fact))) await rename(deciding);
  if (waitsForItsLead(person, now)) {
    return { settlement: { event: event.key, outcome: 'applied', reason: 'it counts when their access is made' } };
  }
  const isHere = person.state === 'Active' || person.state === 'OnLeave';
  await planLater(
    tx,
    person,
    { event: event.key, dueAt: now },
    {
      process: 'mover',
      see: isHere,
      grace: isMove,
      attributes: true,
      settles: true,
      ...(isHere && (isMove || changed.includes('managerId')) ? { transition: 'moved' as const } : {}),
    },
  );
  return { underWay: true };
}

/** The names they go by now; the old ones stay theirs, as aliases. */
async function rename({ dependencies, tx, person, now }: Deciding): Promise<void> {
  // Whoever was here before Muster has the address they came with, and keeps that as well.
  const hasNone = (await tx.namesOf(person.id)).length === 0;
  if (hasNone && (person.attributes.email ?? '') !== '') await reserveNames(tx, dependencies.policy, person, now);
  const known = (await tx.person(person.id)) ?? person;
  const { login } = await renameNames(tx, dependencies.policy, known, now);
  if (known.attributes['login'] === undefined || known.attributes['login'] === login) return;
  const { attributes } = (await tx.person(person.id)) ?? known;
  await tx.updatePerson(person.id, { attributes: { ...attributes, login } });
}

/** Somebody whose pre-hire access is not due yet has none to plan. */
const waitsForItsLead = ({ state, pending }: Person, now: string): boolean =>
  state === 'PreHire' &&
  pending.some(({ id, dueAt }) => id.startsWith(preHirePrefix) && Date.parse(dueAt) > Date.parse(now));

/** What was there when Muster came stays until a move: from now on it is old access like any other. */
async function endAdopted({ dependencies, tx, person, event, now }: Deciding): Promise<void> {
  const until = new Date(Date.parse(now) + dependencies.policy.moves.grace).toISOString();
  for (const grant of person.grants.filter(({ origin }) => origin === 'adopted')) {
    await tx.removeGrant(person.id, grant);
    await tx.putGrant(person.id, {
      ...grant,
      origin: 'grace',
      event: event.key,
      until: grant.privileged ? now : until,
      at: now,
    });
  }
  if (person.grants.some(({ origin }) => origin === 'adopted')) {
    await planLater(
      tx,
      person,
      { id: graceRow(event.key), kind: 'grace', event: event.key, dueAt: until },
      { process: 'mover' },
    );
  }
}

async function aboutBlanks(deciding: Deciding, blanks: FactName[]): Promise<void> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  await reserve(tx, dependencies, {
    person: person.id,
    event: event.key,
    kind: 'blank',
    source: event.source,
    now,
    summary: `empty ${blanks.join(', ')} of ${person.id}`,
    priority: 3,
    workflowId,
  });
  await ask(
    deciding,
    `${event.source} says that ${blanks.join(', ')} of ${person.id} ${blanks.length === 1 ? 'is' : 'are'} empty now. Nothing was emptied: if it is right, have it said with a value, or take the access away by hand.`,
  );
}

/** A contractor becomes an employee or the other way round: one passage, no leaver between. */
export async function converted(deciding: Deciding): Promise<Verdict> {
  const { dependencies, person, event, now } = deciding;
  if (person.state === 'Terminated' || person.state === 'Terminating' || person.state === 'Cancelled') {
    return hold(
      deciding,
      'needs-decision',
      `they are ${person.state}; a conversion needs somebody who works here. Is it a rehire?`,
    );
  }
  const to = workerTypeAfter(event);
  if (to === undefined)
    return hold(deciding, 'needs-decision', 'it does not say what they become ("to" or "workerType")');
  const date = dateOf(event);
  const { zone } = zoneOf(dependencies.policy, person);
  const at = date === undefined ? Date.parse(now) : startOfDay(date, zone);
  if (at > Date.parse(now)) return schedule(deciding, { workerType: to }, at);
  return convert(deciding, new Date(at).toISOString());
}

const dateOf = ({ effectiveDate, data }: IdentityEvent): string | undefined => {
  const date = data['date'];
  return effectiveDate ?? data.startDate ?? (typeof date === 'string' ? date : undefined);
};

function workerTypeAfter({ data }: IdentityEvent): string | undefined {
  const to = data['to'];
  return typeof to === 'string' ? to : data.workerType;
}

async function convert(deciding: Deciding, effective: string): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const to = workerTypeAfter(event) ?? '';
  const current = currentEngagement(person, event, dependencies.policy, now);
  const date = dateOf(event) ?? effective.slice(0, 10);
  if (current !== undefined && current.workerType === to) return ignore(deciding, `already so: they are ${to}`);
  if (current !== undefined) {
    const last = current.startDate < date ? addDays(date, -1) : date;
    await tx.putEngagement(person.id, { ...current, endDate: last, primary: false, end: { event: event.key } });
    // One passage: the end of the first, and what would remind of it, are off.
    const ofCurrent = ({ data }: PendingChange) => data['engagement'] === current.id || data['what'] === current.id;
    const rows = person.pending.filter((row) => (row.kind === 'end' || row.kind === 'reminder') && ofCurrent(row));
    await giveWay(deciding, rows, `they go on in another employment, by ${event.key}`);
  }
  const wid = event.data.wid ?? current?.wid;
  const { endDate: _, end: __, wid: ___, ...rest } = current ?? { source: event.source, workerId: event.subject };
  const next = {
    ...rest,
    id: `${event.source}:${event.subject}:${date}`,
    workerId: event.subject,
    workerType: to,
    startDate: date,
    primary: true,
    ...(wid === undefined ? {} : { wid }),
    ...(typeof event.data.endDate === 'string' ? { endDate: event.data.endDate } : {}),
  };
  await tx.putEngagement(person.id, next);
  await armContractEnd(deciding, next);
  if (event.data.wid !== undefined) {
    await tx.addIdentifier(person.id, { source: event.source, type: 'wid', value: event.data.wid });
  }
  const stated = state(person, { ...factsOf(event), workerType: to }, factSource(event, effective), true);
  const { attributes, privileged, facts } = stated;
  await tx.updatePerson(person.id, { attributes, privileged, facts });
  await evidence(deciding, 'person-converted', { from: current?.workerType ?? null, to, date });
  return replanAfter(deciding, [...new Set<FactName>(['workerType', ...stated.changed])]);
}

function currentEngagement(
  person: Person,
  event: IdentityEvent,
  policy: Deciding['dependencies']['policy'],
  now: string,
) {
  const found = engagementFor(policy, person, event, Date.parse(now));
  return typeof found === 'string'
    ? person.engagements.find(({ primary, endDate }) => primary && endDate === undefined)
    : found;
}
