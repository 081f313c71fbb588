import type { PendingChange, Person } from '../src/model/person.ts';
import { addDays, startOfDay } from '../src/model/time.ts';
import { zoneOf } from '../src/policy/engagements.ts';
import { entryOrder } from '../src/policy/pending-end.ts';
import { planLater } from './access-rows.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { activate, armPreHire } from './hired.ts';

/** The start moves: its timer, and what comes before it. Both dates and who moved it are evidence. */
export async function startDateChanged(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const startDate = event.data.startDate ?? event.effectiveDate;
  if (startDate === undefined) return hold(deciding, 'needs-decision', 'it does not say the new start date');
  const start = startFor(person, event.subject);
  if (start === 'several')
    return hold(deciding, 'needs-decision', 'they start in more than one engagement, and it does not say which');
  if (start === undefined) {
    if (person.state === 'Terminated' || person.state === 'Cancelled')
      return ignore(deciding, `${person.id} is ${person.state}, and no start is pending`);
    const engagement = person.engagements.find((each) => each.startDate === startDate);
    if (engagement !== undefined) return ignore(deciding, `already so: they began on ${startDate}`);
    return hold(
      deciding,
      'needs-decision',
      `they are ${person.state} already; nothing is taken away for a start on ${startDate}. If they are to wait, take the access away by hand.`,
    );
  }
  if (entryOrder(event, start) === 'earlier') return ignore(deciding, 'the start that is pending was entered later');
  const engagement = person.engagements.find(({ id }) => id === start.data['engagement']);
  const { zone } = zoneOf(dependencies.policy, person, engagement);
  const from = start.date ?? start.dueAt;
  const at = startOfDay(startDate, zone);
  if (at > Date.parse(now) && startDate === start.date)
    return ignore(deciding, `already so: they start on ${startDate}`);
  if (engagement !== undefined) await tx.putEngagement(person.id, { ...engagement, startDate });
  await evidence(deciding, 'start-moved', { from, to: startDate, zone, by: event.by ?? event.source });
  if (at <= Date.parse(now)) {
    await tx.removePending(person.id, start.id);
    if (person.state !== 'PreHire') return { settlement: { event: event.key, outcome: 'applied' } };
    // An unverified hand may move dates; what gives access at once waits for somebody who is known.
    if (event.source === 'signal') {
      await tx.putPending(person.id, start);
      if (engagement !== undefined) await tx.putEngagement(person.id, engagement);
      return hold(
        deciding,
        'needs-decision',
        `a start on ${startDate} gives access now, and a signal is nobody's word. An operator does it by "muster hire amend".`,
      );
    }
    await activate(tx, person, { event: event.key, now, date: startDate });
    return { underWay: true };
  }
  const dueAt = new Date(at).toISOString();
  const moved: PendingChange = {
    ...start,
    dueAt,
    date: startDate,
    zone,
    data: {
      ...start.data,
      enteredAt: event.enteredAt ?? event.receivedAt,
      ...(event.sequence === undefined ? {} : { sequence: event.sequence }),
      source: event.source,
      moves: [...movesOf(start), { from, to: startDate, by: event.by ?? event.source, event: event.key, at: now }],
    },
  };
  await tx.putPending(person.id, moved);
  if (person.state === 'PreHire') await armPreHire(deciding, moved, startDate, zone);
  return { settlement: { event: event.key, outcome: 'scheduled', reason: `starts ${dueAt} (was ${from})` } };
}

/** The start that is pending for the engagement an event speaks of; any where there is one alone. */
export function startFor({ pending, engagements }: Person, subject: string): PendingChange | undefined | 'several' {
  const starts = pending.filter(({ kind }) => kind === 'start');
  if (starts.length < 2) return starts[0];
  const own = starts.filter(({ data }) =>
    engagements.some(({ id, workerId, wid }) => id === data['engagement'] && (workerId === subject || wid === subject)),
  );
  return own.length === 1 ? own[0] : 'several';
}

function movesOf({ data }: PendingChange): unknown[] {
  return Array.isArray(data['moves']) ? data['moves'] : [];
}

/** The hire is off: what it made is removed, what was there before is closed again. */
export async function hireCancelled(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  if (person.state === 'Cancelled' || person.state === 'Terminated')
    return ignore(deciding, `already so: ${person.id} is ${person.state}`);
  const start = startFor(person, event.subject);
  if (start === 'several')
    return hold(deciding, 'needs-decision', 'they start in more than one engagement, and it does not say which');
  if (start === undefined) {
    return hold(
      deciding,
      'needs-decision',
      `they are ${person.state} already, and nothing is removed unasked. If they are to go, send a termination.`,
    );
  }
  const engagement = person.engagements.find(({ id }) => id === start.data['engagement']);
  if (engagement !== undefined) {
    await tx.putEngagement(person.id, {
      ...engagement,
      endDate: addDays(engagement.startDate, -1),
      primary: false,
      end: { event: event.key },
    });
  }
  const gone = person.pending.filter(
    ({ id, kind, event: of, data }) =>
      id === start.id || of === start.event || kind === 'access' || data['engagement'] === engagement?.id,
  );
  for (const row of gone) await tx.removePending(person.id, row.id);
  await evidence(deciding, 'hire-cancelled', { startDate: start.date ?? null, stopped: gone.map(({ id }) => id) });
  if (person.state !== 'PreHire')
    return {
      settlement: {
        event: event.key,
        outcome: 'applied',
        reason: 'that engagement does not begin; another one keeps their access',
      },
    };
  const before = person.engagements.some((each) => each.id !== engagement?.id && each.endDate !== undefined);
  // Older work in the air must not make anything any more.
  await tx.updatePerson(person.id, { state: before ? 'Terminated' : 'Cancelled', epoch: person.epoch + 1 });
  for (const row of laterOf(start)) await tx.putPending(person.id, row);
  const had = Array.isArray(start.data['had']) ? start.data['had'].map(String) : [];
  await planLater(tx, person, { event: event.key, dueAt: now }, { process: 'leaver', settles: true, see: true, had });
  return { underWay: true };
}

function laterOf({ data }: PendingChange): PendingChange[] {
  return Array.isArray(data['later']) ? data['later'] : [];
}
