import type { Engagement, PendingChange } from '../src/model/person.ts';
import { addDays, dateIn, endOfDay } from '../src/model/time.ts';
import { entryOf } from '../src/policy/contract-end-rows.ts';
import { engagementFor, pendingEndsOf, zoneOf } from '../src/policy/engagements.ts';
import { entryOrder } from '../src/policy/pending-end.ts';
import { withoutTakenBack } from '../src/policy/taken-back.ts';
import { armContractEnd } from './beginning.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { factSource } from './facts.ts';
import { giveWay } from './give-way.ts';
import { lookAtBelongings } from './handover.ts';
import { terminated } from './terminated.ts';

/** A contract is prolonged, shortened, or has no end any more: the timer and the reminders move with it. */
export async function contractEndChanged(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const endDate = event.data.endDate ?? null;
  if (person.state === 'Terminated' || person.state === 'Terminating' || person.state === 'Cancelled') {
    return ignore(deciding, `${person.id} is ${person.state}; a contract that is over does not end otherwise`);
  }
  if (event.rescinded === true)
    return hold(deciding, 'needs-decision', 'it is marked as taken back, and does not say which end holds');
  const engagement = engagementFor(dependencies.policy, person, event, Date.parse(now));
  if (typeof engagement === 'string')
    return hold(deciding, 'needs-decision', 'it does not say which of their engagements ends');
  // An end that must not show changes nothing of what is done here, nor of what is said.
  const pending = pendingEndsOf(person, engagement.id).find(({ confidential }) => !confidential);
  const contract = pending?.data['contract'] === true ? pending : undefined;
  if (isStale(deciding, engagement.id, contract))
    return ignore(deciding, 'what holds of that contract was entered later');
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  if (endDate !== null && endDate < engagement.startDate)
    return hold(deciding, 'needs-decision', `it ends on ${endDate}, before it began on ${engagement.startDate}`);
  if (endDate !== null && endDate < addDays(dateIn(Date.parse(now), zone), -7)) {
    return hold(
      deciding,
      'needs-decision',
      `the new end, ${endDate}, is more than 7 days past. If they have left, send a termination; if the date is wrong, have it corrected.`,
    );
  }
  await remember(deciding, engagement.id);
  const from = engagement.endDate ?? null;
  if (from === endDate && (contract?.date ?? null) === endDate) {
    return ignore(deciding, endDate === null ? 'already so: no end is set' : `already so: it ends on ${endDate}`);
  }
  await evidence(deciding, 'contract-end-moved', { from, to: endDate, by: event.by ?? event.source });
  const moved = withEnd(engagement, endDate);
  if (pending !== undefined && contract === undefined) {
    await tx.putEngagement(person.id, moved);
    return ignore(
      deciding,
      `the end that is pending was set by a termination and stays; should that be taken back, the contract ends as this says`,
    );
  }
  await disarm(deciding, engagement.id);
  if (endDate === null) {
    await tx.putEngagement(person.id, moved);
    await lookAtBelongings(deciding);
    return { settlement: { event: event.key, outcome: 'applied', reason: 'no end any more' } };
  }
  if (endOfDay(endDate, zone) <= Date.parse(now)) return endNow(deciding, engagement, endDate);
  await tx.putEngagement(person.id, moved);
  await armContractEnd(deciding, moved);
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `ends ${endDate}` } };
}

/** Was it entered before what holds? The pending end says; where there is none, the statement that took it away. */
function isStale({ person, event }: Deciding, engagement: string, pending: PendingChange | undefined): boolean {
  const said = person.facts[factName(engagement)];
  const rows = [pending, said === undefined ? undefined : { data: entryOf(said) }];
  return rows.some((row) => row !== undefined && entryOrder(event, row) === 'earlier');
}

/** Only what says when it was entered can make another stale. */
async function remember({ tx, person, event, now }: Deciding, engagement: string): Promise<void> {
  if (event.enteredAt === undefined) return;
  const facts = { ...person.facts, [factName(engagement)]: factSource(event, now) };
  await tx.updatePerson(person.id, { facts });
}

const factName = (engagement: string): string => `endDate:${engagement}`;

/** The end is past: a termination, as if HR had sent one with that day. */
async function endNow(deciding: Deciding, { id }: Engagement, endDate: string): Promise<Verdict> {
  const { person, event } = deciding;
  const ends = pendingEndsOf(person, id);
  const said = ends.filter(({ data }) => data['contract'] !== true);
  await giveWay(deciding, said, `they left before, by ${event.key}`);
  const pending = person.pending.filter((row) => !ends.includes(row));
  const facts = withoutTakenBack(person.facts);
  const data = { ...event.data, effectiveDate: endDate, category: 'contractEnd' as const };
  const as = { ...event, type: 'terminated' as const, effectiveDate: endDate, data };
  return terminated({ ...deciding, person: { ...person, pending, facts }, event: as });
}

function withEnd({ endDate: _, ...engagement }: Engagement, endDate: string | null): Engagement {
  return endDate === null ? engagement : { ...engagement, endDate };
}

/** Takes a contract's end and its reminders off the timeline. */
async function disarm({ tx, person }: Deciding, engagement: string): Promise<void> {
  for (const { id, kind, data } of person.pending) {
    const end = kind === 'end' && data['contract'] === true && data['engagement'] === engagement;
    if (end || (kind === 'reminder' && data['what'] === engagement)) await tx.removePending(person.id, id);
  }
}
