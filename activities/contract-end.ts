import type { Engagement } from '../src/model/person.ts';
import { addDays, dateIn, endOfDay, startOfDay } from '../src/model/time.ts';
import { engagementFor, pendingEndOf, zoneOf } from '../src/policy/engagements.ts';
import { entryOrder } from '../src/policy/pending-end.ts';
import { planLater } from './access-rows.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { terminated } from './terminated.ts';

/** A contract is prolonged, shortened, or has no end any more: the timer and the reminders move with it. */
export async function contractEndChanged(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const { endDate } = event.data;
  if (person.state === 'Terminated' || person.state === 'Terminating' || person.state === 'Cancelled') {
    return ignore(deciding, `${person.id} is ${person.state}; a contract that is over does not end otherwise`);
  }
  const engagement = engagementFor(dependencies.policy, person, event, Date.parse(now));
  if (typeof engagement === 'string')
    return hold(deciding, 'needs-decision', 'it does not say which of their engagements ends');
  const pending = pendingEndOf(person, engagement.id);
  if (pending !== undefined && pending.data['contract'] !== true) {
    await tx.putEngagement(person.id, withEnd(engagement, endDate));
    return ignore(deciding, `an end on ${pending.date ?? pending.dueAt} was set by a termination and stays`);
  }
  if (pending !== undefined && entryOrder(event, pending) === 'earlier')
    return ignore(deciding, 'the end that is pending was entered later');
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  const from = engagement.endDate ?? null;
  if (endDate === null || endDate === undefined) {
    if (pending === undefined && from === null) return ignore(deciding, 'already so: no end is set');
    await disarm(deciding, engagement.id);
    await tx.putEngagement(person.id, withEnd(engagement, null));
    await evidence(deciding, 'contract-end-moved', { from, to: null });
    return { settlement: { event: event.key, outcome: 'applied', reason: 'no end any more' } };
  }
  if (pending !== undefined && pending.date === endDate) return ignore(deciding, `already so: it ends on ${endDate}`);
  const today = dateIn(Date.parse(now), zone);
  if (endDate < addDays(today, -7)) {
    return hold(
      deciding,
      'needs-decision',
      `the new end, ${endDate}, is more than 7 days past. If they have left, send a termination; if the date is wrong, have it corrected.`,
    );
  }
  await evidence(deciding, 'contract-end-moved', { from, to: endDate });
  await disarm(deciding, engagement.id);
  if (endOfDay(endDate, zone) <= Date.parse(now)) {
    const left = person.pending.filter(({ id }) => id !== pending?.id);
    const as = {
      ...event,
      effectiveDate: endDate,
      data: { ...event.data, effectiveDate: endDate, category: 'contractEnd' as const },
    };
    return terminated({ ...deciding, person: { ...person, pending: left }, event: as });
  }
  const moved = withEnd(engagement, endDate);
  await tx.putEngagement(person.id, moved);
  await armContractEnd(deciding, moved);
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `ends ${endDate}` } };
}

function withEnd({ endDate: _, ...engagement }: Engagement, endDate: string | null | undefined): Engagement {
  return typeof endDate === 'string' ? { ...engagement, endDate } : engagement;
}

/** Takes a contract's end and its reminders off the timeline. */
async function disarm({ tx, person }: Deciding, engagement: string): Promise<void> {
  for (const row of person.pending) {
    const own = row.data['engagement'] === engagement || row.data['what'] === engagement;
    if (own && ((row.kind === 'end' && row.data['contract'] === true) || row.kind === 'reminder')) {
      await tx.removePending(person.id, row.id);
    }
  }
}

/**
 * Arms the end of an engagement that has one, and the reminders before it. The end of the last day is a termination
 * whether or not HR says another word.
 */
export async function armContractEnd(
  {
    dependencies,
    tx,
    person,
    event,
    now,
  }: Pick<Deciding, 'dependencies' | 'tx' | 'person' | 'now'> & {
    event: Pick<Deciding['event'], 'key' | 'source' | 'enteredAt' | 'receivedAt'>;
  },
  engagement: Engagement,
): Promise<void> {
  const { endDate } = engagement;
  if (endDate === undefined) return;
  const { policy } = dependencies;
  const { zone } = zoneOf(policy, person, engagement);
  const dueAt = new Date(endOfDay(endDate, zone)).toISOString();
  await tx.putPending(person.id, {
    id: `end:contract:${engagement.id}`,
    kind: 'end',
    dueAt,
    date: endDate,
    zone,
    event: event.key,
    confidential: false,
    data: {
      engagement: engagement.id,
      contract: true,
      source: event.source,
      enteredAt: event.enteredAt ?? event.receivedAt,
    },
  });
  if (policy.contractEnds.tell.length === 0) return;
  for (const days of policy.contractEnds.reminders) {
    const day = addDays(endDate, -days);
    const at = startOfDay(day, zone);
    if (at <= Date.parse(now)) continue;
    await planLater(
      tx,
      person,
      {
        id: `reminder:${engagement.id}:${days}d`,
        kind: 'reminder',
        event: event.key,
        dueAt: new Date(at).toISOString(),
        date: day,
        zone,
      },
      { tell: 'contractEnd', date: endDate, what: engagement.id, process: 'leaver', priority: 3 },
    );
  }
}
