import type { PendingChange, Person } from '../src/model/person.ts';
import { isActive, zoneOf } from '../src/policy/engagements.ts';
import { planLater } from './access-rows.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { giveWay } from './give-way.ts';
import { effectiveMoment } from './moved.ts';
import { reserve } from './safeguards.ts';
import { waitsForRelease } from './unverified.ts';

/** Somebody goes on leave: policy suspends, reduces or keeps their access, on the day. */
export async function leaveStarted(deciding: Deciding): Promise<Verdict> {
  const { person, now } = deciding;
  if (person.state !== 'Active' && person.state !== 'Suspended') {
    return ignore(deciding, `${person.id} is ${person.state}; a leave changes nothing`);
  }
  const at = effectiveMoment(deciding);
  if (at > Date.parse(now)) return onTheDay(deciding, at);
  return goOnLeave(deciding);
}

/** They are back: today's policy. Security's suspension is lifted by security alone. */
export async function leaveEnded(deciding: Deciding): Promise<Verdict> {
  const { person, now } = deciding;
  const onLeave = person.state === 'OnLeave' || person.attributes['onLeave'] !== undefined;
  const toCome = person.pending.filter(({ kind }) => kind === 'leave');
  if (!isHere(person) || (!onLeave && toCome.length === 0))
    return ignore(deciding, `${person.id} is ${person.state}, and not on leave`);
  const at = effectiveMoment(deciding);
  if (at > Date.parse(now)) return onTheDay(deciding, at);
  if (onLeave) return comeBack(deciding);
  await giveWay(deciding, toCome, `the leave is off by ${deciding.event.key}`);
  return { settlement: { event: deciding.event.key, outcome: 'applied', reason: 'the leave that was to come is off' } };
}

/** The day of a leave, or of its end, has come. */
export async function leaveIsDue(deciding: Deciding, pending: PendingChange): Promise<Verdict> {
  const { tx, person, event } = deciding;
  await tx.removePending(person.id, pending.id);
  if (!isHere(person)) return ignore(deciding, `${person.id} is ${person.state} by now`);
  const onLeave = person.attributes['onLeave'] !== undefined;
  if (event.type === 'leave-started')
    return onLeave ? ignore(deciding, 'already so: they are on leave') : goOnLeave(deciding);
  return onLeave ? comeBack(deciding) : ignore(deciding, `${person.id} is ${person.state}, and not on leave`);
}

const isHere = ({ state }: Person): boolean => state === 'Active' || state === 'OnLeave' || state === 'Suspended';

async function onTheDay(deciding: Deciding, at: number): Promise<Verdict> {
  const { dependencies, tx, person, event } = deciding;
  const dueAt = new Date(at).toISOString();
  const { zone } = zoneOf(dependencies.policy, person);
  const date = event.effectiveDate ?? event.data.effectiveDate;
  await tx.putPending(person.id, {
    id: `leave:${event.key}`,
    kind: 'leave',
    dueAt,
    ...(date === undefined ? {} : { date, zone }),
    event: event.key,
    confidential: false,
    data: {},
  });
  await evidence(deciding, 'leave-scheduled', { dueAt });
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `counts from ${dueAt}` } };
}

async function goOnLeave(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const { leave } = dependencies.policy;
  const type = event.data['leaveType'];
  const mode = (typeof type === 'string' ? leave.byType[type] : undefined) ?? leave.default;
  const attributes = {
    ...person.attributes,
    onLeave: mode,
    ...(mode === 'suspend' ? closedBy(person, event.key) : {}),
  };
  await tx.updatePerson(person.id, { attributes, ...(person.state === 'Active' ? { state: 'OnLeave' } : {}) });
  await evidence(deciding, 'leave-started', { access: mode });
  if (person.state !== 'Active')
    return { settlement: { event: event.key, outcome: 'applied', reason: 'suspended by security all the same' } };
  await planLater(tx, person, { event: event.key, dueAt: now }, { process: 'leave', see: true, settles: true });
  return { underWay: true };
}

async function comeBack(deciding: Deciding): Promise<Verdict> {
  const { tx, person } = deciding;
  const { onLeave: _, ...attributes } = person.attributes;
  const suspended = person.state === 'Suspended';
  await tx.updatePerson(person.id, { attributes, ...(suspended ? {} : { state: 'Active' as const }) });
  await evidence(deciding, 'leave-ended', {});
  if (suspended) return ignore(deciding, 'suspended by security, and lifted by security alone');
  await planAsToday(deciding, 'leave');
  return { underWay: true };
}

/** Today's policy, from what the targets hold; and they are told what has changed while nobody was looking. */
async function planAsToday({ tx, person, event, now }: Deciding, process: 'leave' | 'security'): Promise<void> {
  const row = { event: event.key, dueAt: now };
  await planLater(tx, person, row, { process, see: true, settles: true, attributes: true });
}

/** The events that closed their accounts, so that what was open before is opened again and nothing else. */
function closedBy({ state, attributes }: Person, event: string): { closedBy: string[] } {
  const isClosed = state === 'Suspended' || (state === 'OnLeave' && attributes['onLeave'] === 'suspend');
  const before = attributes['closedBy'];
  return { closedBy: [...(isClosed && Array.isArray(before) ? before : []), event] };
}

/** After a risk, when the targets are asked what else is there: what is known is closed by then. */
const lookAfterMs = 5_000;

/** A risk was seen: sessions ended and accounts closed within seconds, until security lifts it. */
export async function sessionRisk(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  if (person.protection !== undefined)
    return hold(
      deciding,
      'protected-person',
      `they are protected (${person.protection}), and no event changes their access by itself`,
    );
  if (person.state === 'Terminated' || person.state === 'Terminating' || person.state === 'Cancelled') {
    return ignore(deciding, `${person.id} is ${person.state}; there is nothing to suspend`);
  }
  const verdict = await reserve(tx, dependencies, {
    person: person.id,
    event: event.key,
    kind: 'security',
    source: event.source,
    now,
    summary: `suspend ${person.id}`,
    priority: 1,
    workflowId,
  });
  if (verdict.state === 'rejected') return ignore(deciding, verdict.reason);
  if (verdict.state === 'held') return waitForRelease(deciding, verdict.hold);
  const attributes = { ...person.attributes, ...closedBy(person, event.key) };
  await tx.updatePerson(person.id, { state: 'Suspended', epoch: person.epoch + 1, attributes });
  await evidence(deciding, 'person-suspended', {});
  // What is known is closed without asking anybody; then every target is read for what is not known, and once more when all has settled.
  await planLater(tx, person, { event: event.key, dueAt: now }, { process: 'security', settles: true });
  for (const [look, ms] of [
    ['look', lookAfterMs],
    ['look-again', dependencies.timing.readAgainMs],
  ] as const) {
    const dueAt = new Date(Date.parse(now) + ms).toISOString();
    const row = { id: `${look}:${event.key}`, event: event.key, dueAt };
    await planLater(tx, person, row, { process: 'security', see: true });
  }
  return { underWay: true };
}

/** A safeguard holds it: it is kept on the timeline, and decided again when it is released. */
async function waitForRelease({ tx, person, event, now }: Deciding, held: string): Promise<Verdict> {
  const row = { id: `change:${event.key}`, kind: 'change' as const, dueAt: now, event: event.key, confidential: false };
  await tx.putPending(person.id, { ...row, data: { hold: held } });
  return { settlement: { event: event.key, outcome: 'held', reason: `held by a safeguard: ${held}` } };
}

/** The risk is over, says security: what held before holds again. */
export async function riskCleared(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  if (event.source === 'signal') {
    const why = 'a signal is nobody’s word, and security alone lifts what it has closed.';
    const waits = await waitsForRelease(deciding, why);
    if (waits !== undefined) return waits;
  }
  if (person.state !== 'Suspended') return ignore(deciding, `${person.id} is ${person.state}, and not suspended`);
  const { policy } = dependencies;
  const worksHere = person.engagements.some((engagement) => isActive(policy, person, engagement, Date.parse(now)));
  const state = !worksHere ? 'PreHire' : person.attributes['onLeave'] === undefined ? 'Active' : 'OnLeave';
  await tx.updatePerson(person.id, { state });
  await evidence(deciding, 'risk-cleared', {});
  await planAsToday(deciding, 'security');
  return { underWay: true };
}
