import type { Engagement, PendingChange, Person } from '../model/person.ts';
import { addDays, endOfDay, startOfDay } from '../model/time.ts';
import { zoneOf } from './engagements.ts';
import type { Policy } from './schema.ts';

/** What says when a contract ends: its key, and what tells it from a statement entered earlier. */
export interface Statement {
  key: string;
  source: string;
  enteredAt?: string;
  sequence?: string;
}

/**
 * The end of an engagement that has one, and the reminders before it that are still to come. The end of the last day is a
 * termination whether or not HR says another word. `now` is in epoch milliseconds.
 */
export function contractEndRows(
  policy: Pick<Policy, 'zones' | 'contractEnds'>,
  person: Person,
  engagement: Engagement,
  said: Statement,
  now: number,
): PendingChange[] {
  const { endDate } = engagement;
  if (endDate === undefined) return [];
  const { zone } = zoneOf(policy, person, engagement);
  const end: PendingChange = {
    id: contractEndId(engagement.id),
    kind: 'end',
    dueAt: new Date(endOfDay(endDate, zone)).toISOString(),
    date: endDate,
    zone,
    event: said.key,
    confidential: false,
    data: { engagement: engagement.id, contract: true, ...entryOf(said) },
  };
  if (policy.contractEnds.tell.length === 0) return [end];
  const reminders = policy.contractEnds.reminders
    .map((days) => ({ days, date: addDays(endDate, -days) }))
    .filter(({ date }) => startOfDay(date, zone) > now)
    .map(
      ({ days, date }): PendingChange => ({
        id: `reminder:${engagement.id}:${days}d`,
        kind: 'reminder',
        dueAt: new Date(startOfDay(date, zone)).toISOString(),
        date,
        zone,
        event: said.key,
        confidential: false,
        data: { tell: 'contractEnd', date: endDate, what: engagement.id, process: 'leaver', priority: 3 },
      }),
    );
  return [end, ...reminders];
}

/** The row of the timeline at which a contract ends. */
export const contractEndId = (engagement: string): string => `end:contract:${engagement}`;

/** What a row keeps of a statement, so that one entered earlier is known when it comes later. */
export function entryOf({ source, enteredAt, sequence }: Omit<Statement, 'key'>): Record<string, string> {
  return {
    source,
    ...(enteredAt === undefined ? {} : { enteredAt }),
    ...(sequence === undefined ? {} : { sequence }),
  };
}
