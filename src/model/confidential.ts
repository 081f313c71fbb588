import { type EndCategory, type EventType, endCategories, type IdentityEvent } from './event.ts';
import { addDays, startOfDay } from './time.ts';

/** Ends of these categories are nobody's business before they take effect, unless policy says otherwise. */
export const confidentialCategories: ReadonlySet<EndCategory> = new Set(
  endCategories.filter((category) => category === 'involuntary' || category === 'forCause'),
);

/** Events that only security and administrators ever see. */
export const legalHoldTypes: ReadonlySet<EventType> = new Set(['legal-hold-placed', 'legal-hold-lifted']);

type Dated = Pick<IdentityEvent, 'effectiveDate' | 'effectiveAt' | 'data'>;

/**
 * Is what this event says still to come, somewhere on Earth? Whoever asks does not know the person's zone, so the last place
 * where the day is over counts. `now` is an ISO instant.
 */
export function isStillToCome({ effectiveDate, effectiveAt, data }: Dated, now: string): boolean {
  if (data.immediate === true) return false;
  const instant = effectiveAt ?? data.effectiveAt;
  const day = [data.lastDayOfWork, effectiveDate ?? data.effectiveDate]
    .filter((each) => each !== undefined)
    .sort()
    .at(-1);
  const moments = [
    ...(instant === undefined ? [] : [Date.parse(instant)]),
    ...(day === undefined ? [] : [startOfDay(addDays(day, 1), 'Etc/GMT+12')]),
  ];
  return moments.some((moment) => moment > Date.parse(now));
}

/** Is this an end that must not show yet? The day itself counts as yet to come for these categories. */
export function isConfidentialNow(event: Dated & Pick<IdentityEvent, 'type'>, now: string): boolean {
  const { category } = event.data;
  return (
    event.type === 'terminated' &&
    category !== undefined &&
    confidentialCategories.has(category) &&
    isStillToCome(event, now)
  );
}
