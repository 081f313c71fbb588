import type { EndData } from '../src/model/event.ts';
import type { Engagement, Person } from '../src/model/person.ts';
import { wasCalledOff } from '../src/policy/engagements.ts';

/** The engagement that ended last; one that never began is none. */
export function lastEnd({ engagements }: Person): Engagement | undefined {
  return engagements
    .filter((each) => each.endDate !== undefined && !wasCalledOff(each))
    .sort((one, other) => ((one.endDate ?? '') < (other.endDate ?? '') ? 1 : -1))[0];
}

/** When its end was entered, in epoch milliseconds; long ago where nobody knows. */
export function endedWhen({ end }: Engagement): number {
  return end?.enteredAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(end.enteredAt);
}

/** Why somebody whose employment ended so is not hired again unasked; undefined: they may be. */
export function whyHeldBack(end: Pick<EndData, 'category'> & { eligibleForRehire?: unknown } = {}): string | undefined {
  if (end.category !== 'forCause' && end.category !== 'death' && end.eligibleForRehire !== false) return undefined;
  return 'how their last engagement ended does not allow a rehire unasked.';
}
