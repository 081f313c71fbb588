import type { Engagement, PendingChange, Person } from '../src/model/person.ts';
import { startOfDay } from '../src/model/time.ts';
import { contractEndRows } from '../src/policy/contract-end-rows.ts';
import { zoneOf } from '../src/policy/engagements.ts';
import {
  type BeforeHire,
  credentialData,
  credentialId,
  preHirePrefix,
  preHireRows,
  startRow,
} from '../src/policy/start-rows.ts';
import { planLater } from './access-rows.ts';
import { ask, type Deciding, evidence, type Verdict } from './decide-event.ts';
import { lookAtBelongings } from './handover.ts';

/** Active now, or in waiting for the day. Pre-hire access comes at once or policy's lead before the start. */
export async function begin(deciding: Deciding, engagement: Engagement, later: PendingChange[]): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const { policy } = dependencies;
  const { zone, known } = zoneOf(policy, person, engagement);
  if (!known)
    await ask(
      deciding,
      `the location of ${person.id} has no time zone in policy.yaml; their start was read in ${zone}`,
    );
  await armContractEnd(deciding, engagement);
  const { startDate } = engagement;
  if (startOfDay(startDate, zone) <= Date.parse(now)) {
    await activate(deciding, { event: event.key, date: startDate, engagement: engagement.id, unprepared: true });
    await evidence(deciding, 'person-active', { startDate, zone });
    return { underWay: true };
  }
  const start = startRow(engagement, zone, { ...event }, { before: beforeHire(person, later) });
  await tx.putPending(person.id, start);
  await tx.updatePerson(person.id, { state: 'PreHire' });
  for (const row of preHireRows(policy, start, Date.parse(now))) await tx.putPending(person.id, row);
  await evidence(deciding, 'start-scheduled', { startDate, zone, dueAt: start.dueAt });
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `starts ${start.dueAt}` } };
}

function beforeHire({ accounts }: Person, later: PendingChange[]): BeforeHire {
  const there = accounts.filter(({ status }) => status !== 'absent');
  return {
    had: there.map(({ target, id }) => `${target}/${id}`),
    keeps: there.flatMap(({ target, entitlements }) => entitlements.map((entitlement) => ({ target, entitlement }))),
    later,
  };
}

/** Arms the end of an engagement that has one, and the reminders before it. */
export async function armContractEnd(deciding: Deciding, engagement: Engagement): Promise<void> {
  const { dependencies, tx, person, event, now } = deciding;
  const rows = contractEndRows(dependencies.policy, person, engagement, { ...event }, Date.parse(now));
  for (const row of rows) await tx.putPending(person.id, row);
  if (rows.length > 0) await lookAtBelongings(deciding);
}

/** They begin: `Active`, and everything policy gives. The event (`event`, its key) is told when that is confirmed. */
export async function activate(
  deciding: Deciding,
  { event, date, engagement, unprepared }: { event: string; date: string; engagement: string; unprepared: boolean },
): Promise<void> {
  const { dependencies, tx, person, now } = deciding;
  const { onLeave: _, ...attributes } = person.attributes;
  await tx.updatePerson(person.id, { state: 'Active', attributes });
  for (const { id } of person.pending.filter(({ id }) => id.startsWith(preHirePrefix)))
    await tx.removePending(person.id, id);
  const again = person.engagements.some(({ endDate }) => endDate !== undefined && endDate < date);
  // They are back, and what they own is theirs.
  if (again) await lookAtBelongings(deciding);
  const see = again || person.accounts.some(({ origin }) => origin !== 'created');
  await planLater(
    tx,
    person,
    { event, dueAt: now },
    { process: 'joiner', settles: true, see, attributes: true, transition: 'started', date },
  );
  // Whoever begins at once, or sooner than was thought, is still to be given their first credential.
  const id = credentialId({ id: `start:${engagement}` });
  const waits = person.pending.some((row) => row.id === id);
  if (dependencies.policy.hires.credential !== undefined && (unprepared || waits)) {
    await planLater(tx, person, { id, kind: 'later', event, dueAt: now }, credentialData);
  }
}
