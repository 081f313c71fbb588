import { dateIn, startOfDay } from '../src/model/time.ts';
import { zoneOf } from '../src/policy/engagements.ts';
import { type Deciding, evidence, ignore, type Verdict } from './decide-event.ts';

/** Somebody is hired: they are in the directory now, `Active` from 00:00 of the start date in their own zone. */
export async function hired(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  if (person.state !== 'PreHire') return ignore(deciding, `${person.id} is ${person.state} already`);
  const { zone } = zoneOf(dependencies.policy, person, person.engagements[0]);
  const startDate = event.data.startDate ?? event.effectiveDate ?? dateIn(Date.parse(now), zone);
  const startsAt = startOfDay(startDate, zone);
  if (startsAt <= Date.parse(now)) {
    await tx.updatePerson(person.id, { state: 'Active' });
    await evidence(deciding, 'person-active', { startDate, zone });
    return { settlement: { event: event.key, outcome: 'applied' } };
  }
  const dueAt = new Date(startsAt).toISOString();
  await tx.putPending(person.id, {
    id: `start:${event.key}`,
    kind: 'start',
    dueAt,
    date: startDate,
    zone,
    event: event.key,
    confidential: false,
    data: {},
  });
  await evidence(deciding, 'start-scheduled', { startDate, zone, dueAt });
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `starts ${dueAt}` } };
}
