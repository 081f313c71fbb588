import type { IdentityEvent } from '../model/event.ts';
import { dateIn, endOfDay } from '../model/time.ts';
import type { Policy } from './schema.ts';

/** When an end takes effect. */
export interface EndMoment {
  /** Epoch milliseconds; at or before now: at once. */
  at: number;
  /** The civil date the engagement ends on, in the person's zone. */
  date: string;
  /** Did a civil date decide, so that the zone mattered? */
  civil: boolean;
  /** For people, and never the category. */
  reason: string;
}

/** An end that waits for nothing: immediate, or for cause. */
export function isAtOnce(event: IdentityEvent): boolean {
  return event.data.immediate === true || event.data.category === 'forCause';
}

/** The date that the event itself says the employment ends on; undefined where it says none. */
export function statedDate(event: IdentityEvent, zone: string): string | undefined {
  const at = event.effectiveAt ?? event.data.effectiveAt;
  return (
    event.effectiveDate ?? event.data.effectiveDate ?? (at === undefined ? undefined : dateIn(Date.parse(at), zone))
  );
}

/** When this end takes effect for somebody in `zone`. An event without any date means the day it came. */
export function endMoment(event: IdentityEvent, zone: string, policy: Pick<Policy, 'ends'>, now: number): EndMoment {
  const today = dateIn(now, zone);
  const arrived = Math.min(Date.parse(event.receivedAt), now);
  const arrivedOn = dateIn(arrived, zone);
  if (isAtOnce(event)) {
    return { at: arrived, date: arrivedOn, civil: false, reason: 'the source says at once' };
  }

  const instant = event.effectiveAt ?? event.data.effectiveAt;
  const effectiveDate = event.effectiveDate ?? event.data.effectiveDate;
  const lastDay = event.data.lastDayOfWork ?? effectiveDate ?? (instant === undefined ? arrivedOn : undefined);
  const past = [effectiveDate, lastDay].find((date) => date !== undefined && date < today);
  if (past !== undefined) {
    return { at: endOfDay(past, zone), date: past, civil: true, reason: `${past} is past` };
  }
  if (instant !== undefined) {
    const at = Date.parse(instant);
    return { at, date: dateIn(at, zone), civil: false, reason: `its moment is ${instant}` };
  }
  const date = lastDay ?? today;
  if (date === today && policy.ends.lastDay === 'now') {
    return { at: arrived, date, civil: true, reason: 'today is the last day, and policy says now' };
  }
  return { at: endOfDay(date, zone), date, civil: true, reason: `${date} is the last day` };
}
