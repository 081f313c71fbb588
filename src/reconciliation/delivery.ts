import type { Arrival } from '../directory/store.ts';
import type { EventType, IdentityEvent } from '../model/event.ts';
import type { Engagement, Person } from '../model/person.ts';
import { isActive, pendingEndOf } from '../policy/engagements.ts';
import type { Policy } from '../policy/schema.ts';
import type { ReportedChange } from '../sources/report.ts';

/**
 * - `arrived`: an event said so, and is under way, settled by a person, or done.
 * - `agrees`: no event said so, and the directory has it all the same.
 * - `no-event`: nothing arrived, and the directory does not have it.
 * - `state-differs`: an event arrived and is settled, and the directory still has something else.
 */
export type Comparison = 'arrived' | 'agrees' | 'no-event' | 'state-differs';

type Heard = Pick<Arrival, 'event' | 'outcome' | 'settledAt'>;

/** Holds what a source lists against the events that arrived and the person as the directory has them. */
export function compareDelivery(question: {
  change: ReportedChange;
  /** Arrived events about that worker, of whatever type and date. */
  arrivals: readonly Heard[];
  person: Person | undefined;
  policy: Pick<Policy, 'zones'>;
  /** False where Muster may only watch: what its events ask for is not done, so states say nothing. */
  enforced: boolean;
  now: string;
}): Comparison {
  const { change, arrivals, person, enforced } = question;
  const same = arrivals.filter(({ event }) => saysTheSame(event, change));
  // What became of a hire was decided with a reason; an end that is not there is a door that stands open.
  if (same.some(isSeenTo) || (change.kind === 'hired' && same.length > 0)) return 'arrived';
  if (!enforced || person === undefined) return same.length > 0 ? 'arrived' : 'no-event';
  const agrees = change.kind === 'terminated' ? hasEnded(question, person) : hasStarted(change, person);
  if (agrees) return same.length > 0 ? 'arrived' : 'agrees';
  return same.length > 0 ? 'state-differs' : 'no-event';
}

/** Still open, or dropped by somebody: either way not lost. */
const isSeenTo = ({ outcome, settledAt }: Heard): boolean =>
  settledAt === undefined || outcome === 'dropped' || outcome === 'held';

const kinds: Partial<Record<EventType, ReportedChange['kind']>> = {
  terminated: 'terminated',
  hired: 'hired',
  rehired: 'hired',
  converted: 'hired',
  'start-date-changed': 'hired',
};

/** The kind of change an event tells of; undefined: of another. */
export const kindOf = ({ type }: Pick<IdentityEvent, 'type'>): ReportedChange['kind'] | undefined => kinds[type];

function saysTheSame(event: IdentityEvent, change: ReportedChange): boolean {
  if (kindOf(event) !== change.kind) return false;
  const { data, effectiveAt, receivedAt } = event;
  const instant = effectiveAt ?? data.effectiveAt;
  const stated =
    change.kind === 'hired'
      ? [data.startDate ?? event.effectiveDate]
      : [event.effectiveDate ?? data.effectiveDate, data.lastDayOfWork, instant?.slice(0, 10)];
  const dates = stated.filter((date) => date !== undefined);
  return dates.length === 0 ? receivedAt.slice(0, 10) === change.effectiveDate : dates.includes(change.effectiveDate);
}

/** Has the employment ended by that date, or will it? A later one under the same number is another matter. */
function hasEnded(
  { change, policy, now }: { change: ReportedChange; policy: Pick<Policy, 'zones'>; now: string },
  person: Person,
): boolean {
  if (['Terminating', 'Terminated', 'Cancelled'].includes(person.state)) return true;
  const last = [change.effectiveDate, change.data.lastDayOfWork ?? ''].sort().at(-1) ?? change.effectiveDate;
  return employmentsOf(person, change)
    .filter(({ startDate }) => startDate <= change.effectiveDate)
    .every((engagement) => {
      const pending = pendingEndOf(person, engagement.id) ?? pendingEndOf(person, undefined);
      if (pending !== undefined) return (pending.date ?? pending.dueAt.slice(0, 10)) <= last;
      const ended = engagement.endDate !== undefined && engagement.endDate <= last;
      // Without another employment, one that has ended would have been the end of all access.
      const at = Date.parse(now);
      return ended && person.engagements.some((each) => each !== engagement && isActive(policy, person, each, at));
    });
}

function hasStarted(change: ReportedChange, person: Person): boolean {
  return employmentsOf(person, change).some(({ startDate }) => startDate === change.effectiveDate);
}

function employmentsOf(person: Person, { workerId }: ReportedChange): Engagement[] {
  const named = person.engagements.filter((each) => each.workerId === workerId || each.wid === workerId);
  return named.length > 0 ? named : person.engagements;
}
