import type { PendingChange } from '../src/model/person.ts';
import { zoneOf } from '../src/policy/engagements.ts';
import { planLater } from './access-rows.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { effectiveMoment } from './moved.ts';
import { reserve } from './safeguards.ts';

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
  const { tx, person, now } = deciding;
  const waiting = person.pending.filter(({ kind }) => kind === 'leave');
  const at = effectiveMoment(deciding);
  if (person.state === 'Suspended') {
    const { onLeave: _, ...attributes } = person.attributes;
    await tx.updatePerson(person.id, { attributes });
    return ignore(deciding, 'suspended by security, and lifted by security alone');
  }
  if (person.state !== 'OnLeave' && waiting.length === 0)
    return ignore(deciding, `${person.id} is ${person.state}, and not on leave`);
  if (at > Date.parse(now)) return onTheDay(deciding, at);
  if (person.state !== 'OnLeave') {
    for (const row of waiting) await tx.removePending(person.id, row.id);
    return {
      settlement: { event: deciding.event.key, outcome: 'applied', reason: 'the leave that was to come is off' },
    };
  }
  return comeBack(deciding);
}

/** The day of a leave, or of its end, has come. */
export async function leaveIsDue(deciding: Deciding, pending: PendingChange): Promise<void> {
  await deciding.tx.removePending(deciding.person.id, pending.id);
  const { state } = deciding.person;
  if (deciding.event.type === 'leave-started' && state === 'Active') await goOnLeave(deciding);
  else if (deciding.event.type === 'leave-ended' && state === 'OnLeave') await comeBack(deciding);
}

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
  const attributes = { ...person.attributes, onLeave: mode };
  await tx.updatePerson(person.id, { attributes, ...(person.state === 'Active' ? { state: 'OnLeave' } : {}) });
  await evidence(deciding, 'leave-started', { access: mode });
  if (person.state !== 'Active')
    return { settlement: { event: event.key, outcome: 'applied', reason: 'suspended by security all the same' } };
  await planLater(tx, person, { event: event.key, dueAt: now }, { process: 'leave', see: true, settles: true });
  return { underWay: true };
}

async function comeBack(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  const { onLeave: _, ...attributes } = person.attributes;
  await tx.updatePerson(person.id, { attributes, state: 'Active' });
  await evidence(deciding, 'leave-ended', {});
  await planLater(tx, person, { event: event.key, dueAt: now }, { process: 'leave', see: true, settles: true });
  return { underWay: true };
}

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
  await tx.updatePerson(person.id, { state: 'Suspended', epoch: person.epoch + 1 });
  await evidence(deciding, 'person-suspended', {});
  await planLater(tx, person, { event: event.key, dueAt: now }, { process: 'security', see: true, settles: true });
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
  const { tx, person, event, now } = deciding;
  if (person.state !== 'Suspended') return ignore(deciding, `${person.id} is ${person.state}, and not suspended`);
  const onLeave = person.attributes['onLeave'] !== undefined;
  const begun = person.pending.every(({ kind }) => kind !== 'start');
  await tx.updatePerson(person.id, { state: onLeave ? 'OnLeave' : begun ? 'Active' : 'PreHire' });
  await evidence(deciding, 'risk-cleared', {});
  await planLater(tx, person, { event: event.key, dueAt: now }, { process: 'security', see: true, settles: true });
  return { underWay: true };
}
