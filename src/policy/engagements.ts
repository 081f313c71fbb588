import type { Engagement, PendingChange, Person } from '../model/person.ts';
import { addDays, dateIn, endOfDay, startOfDay } from '../model/time.ts';
import type { Policy } from './schema.ts';

/** The zone whose midnights count for an engagement, or for the person at large; and whether policy lists the location. */
export function zoneOf(
  policy: Pick<Policy, 'zones'>,
  person: Person,
  engagement?: Engagement,
): { zone: string; known: boolean } {
  const location = engagement?.location ?? person.attributes.location;
  const zone = location === undefined ? undefined : policy.zones.byLocation[location];
  return zone === undefined ? { zone: policy.zones.default, known: false } : { zone, known: true };
}

/** Has the engagement begun and is it not over, at an instant? */
export function isActive(policy: Pick<Policy, 'zones'>, person: Person, engagement: Engagement, at: number): boolean {
  const { zone } = zoneOf(policy, person, engagement);
  return startOfDay(engagement.startDate, zone) <= at && !isOver(policy, person, engagement, at);
}

/** A hire that was called off: it was over before it began. */
export const wasCalledOff = ({ startDate, endDate }: Engagement): boolean =>
  endDate !== undefined && endDate < startDate;

/** Has the engagement's last day passed at an instant? */
export function isOver(policy: Pick<Policy, 'zones'>, person: Person, engagement: Engagement, at: number): boolean {
  return (
    engagement.endDate !== undefined && endOfDay(engagement.endDate, zoneOf(policy, person, engagement).zone) <= at
  );
}

/**
 * The engagement an event speaks of: the one with that worker number at that source, then anywhere; a source that has
 * numbers of its own means the only one there is. `several`: it could be more than one, and the first is never taken.
 */
export function engagementFor(
  policy: Pick<Policy, 'zones'>,
  person: Person,
  event: { source: string; subject: string },
  at: number,
): Engagement | 'none' | 'several' {
  const named = person.engagements.filter((each) => each.workerId === event.subject || each.wid === event.subject);
  const own = named.filter((each) => each.source === event.source);
  const meant = own.length > 0 ? own : named.length > 0 ? named : person.engagements;
  const begun = meant.filter((each) => !wasCalledOff(each));
  const candidates = begun.length > 0 ? begun : meant;
  if (candidates.length === 0) return 'none';
  const open = candidates.filter((each) => !isOver(policy, person, each, at));
  if (open.length > 1) return current(policy, person, open, at);
  return open[0] ?? latest(candidates);
}

/** One worker number may stand for the engagement of today and for one that is to come: the one of today is meant. */
function current(
  policy: Pick<Policy, 'zones'>,
  person: Person,
  open: Engagement[],
  at: number,
): Engagement | 'several' {
  const active = open.filter((each) => isActive(policy, person, each, at));
  return active.length === 1 && active[0] !== undefined ? active[0] : 'several';
}

const latest = (engagements: Engagement[]): Engagement =>
  engagements.reduce((one, other) => (other.startDate > one.startDate ? other : one));

/**
 * The engagement for which access stays due when another (`ending`, its id) ends at an instant; undefined: access ends too.
 * `bridged`: one that starts within policy's continuity gap is the same passage.
 */
export function remaining(
  policy: Pick<Policy, 'zones' | 'continuityGap'>,
  person: Person,
  ending: string | undefined,
  at: number,
  gap: 'bridged' | 'open',
): Engagement | undefined {
  return person.engagements.find((other) => {
    if (other.id === ending || wasCalledOff(other)) return false;
    const today = dateIn(at, zoneOf(policy, person, other).zone);
    const end = pendingEndOf(person, other.id);
    if (end !== undefined && Date.parse(end.dueAt) <= at) return false;
    // One that ends today counts only while its own end is still to come: it may have gone this morning.
    const stays =
      other.endDate === undefined || other.endDate > today || (other.endDate === today && end !== undefined);
    return stays && other.startDate <= addDays(today, gap === 'bridged' ? policy.continuityGap : 0);
  });
}

/**
 * The end of one engagement that waits for its day. One that must not show counts before the end in whose place it is, which
 * stays in sight until then.
 */
export function pendingEndOf(person: Person, engagement: string | undefined): PendingChange | undefined {
  const ends = pendingEndsOf(person, engagement);
  return ends.find(({ confidential }) => confidential) ?? ends[0];
}

/** Every end of one engagement that is on the timeline. */
export function pendingEndsOf({ pending }: Pick<Person, 'pending'>, engagement: string | undefined): PendingChange[] {
  return pending.filter(({ kind, data }) => kind === 'end' && data['engagement'] === engagement);
}
