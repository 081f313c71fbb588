import type { Reader } from '../src/directory/store.ts';
import type { Hold, Reservation } from '../src/model/hold.ts';
import { priorities } from '../src/model/messages.ts';

/**
 * All that a hold keeps or kept. Of ends known ahead that is whoever is due then and was not released yet: they are on their
 * timelines, and nothing is reserved before somebody releases it.
 */
export async function heldIn(
  reader: Pick<Reader, 'reservationsOf' | 'endsAhead'>,
  { id, data: { ahead } }: Hold,
  now: string,
): Promise<Reservation[]> {
  const reserved = await reader.reservationsOf({ hold: id });
  if (ahead === undefined) return reserved;
  const from = new Date(Math.max(Date.parse(ahead.from) - 1, Date.parse(now))).toISOString();
  const due = from < ahead.until ? await reader.endsAhead(from, ahead.until) : [];
  return [
    ...reserved,
    ...due.map(
      ({ person, event, dueAt, confidential }): Reservation => ({
        ...{
          person,
          event,
          kind: 'end',
          source: event.slice(0, event.indexOf(':')),
          at: dueAt,
          state: 'held',
          hold: id,
        },
        data: {
          ...{ summary: `the end of ${person}, due ${dueAt}`, priority: priorities.termination, ahead: true },
          ...(confidential ? { confidential } : {}),
        },
      }),
    ),
  ];
}
