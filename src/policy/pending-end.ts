import type { IdentityEvent } from '../model/event.ts';
import type { PendingChange } from '../model/person.ts';

/** Which of two statements was entered last at their source, as far as anybody can tell. */
export function entryOrder(
  event: IdentityEvent,
  pending: Pick<PendingChange, 'data'>,
): 'later' | 'earlier' | 'unknown' {
  const { enteredAt, source, sequence } = pending.data;
  if (event.enteredAt !== undefined && typeof enteredAt === 'string') {
    const difference = Date.parse(event.enteredAt) - Date.parse(enteredAt);
    if (difference !== 0 && !Number.isNaN(difference)) return difference > 0 ? 'later' : 'earlier';
  }
  if (source === event.source && typeof sequence === 'string' && event.sequence !== undefined) {
    const difference = Number(event.sequence) - Number(sequence);
    if (difference !== 0 && !Number.isNaN(difference)) return difference > 0 ? 'later' : 'earlier';
  }
  return 'unknown';
}

/** What the timeline keeps of a scheduled end: enough to tell which of two was entered later, and never why. */
export function pendingEnd(
  end: { at: string; zone: string; date: string; confidential: boolean; engagement?: string },
  event: IdentityEvent,
): PendingChange {
  return {
    id: `end:${event.key}`,
    kind: 'end',
    dueAt: end.at,
    date: end.date,
    zone: end.zone,
    event: event.key,
    confidential: end.confidential,
    data: {
      ...(end.engagement === undefined ? {} : { engagement: end.engagement }),
      ...(event.enteredAt === undefined ? {} : { enteredAt: event.enteredAt }),
      ...(event.sequence === undefined ? {} : { sequence: event.sequence }),
      source: event.source,
    },
  };
}
