import type { EventType, IdentityEvent } from '../model/event.ts';
import { addDays } from '../model/time.ts';
import type { WorkerChange } from './report.ts';

/** What a source itself says of what an event of its says. */
export type SourceWord =
  | { verdict: 'agrees'; enteredAt?: string }
  /** In words: kinds and dates. */
  | { verdict: 'contradicts'; reason: string }
  /** It has nothing that speaks of this. */
  | { verdict: 'silent' };

/** What a source's list of hires and terminations can speak of. */
export const comparedTypes: ReadonlySet<EventType> = new Set([
  'hired',
  'rehired',
  'start-date-changed',
  'hire-cancelled',
  'terminated',
  'termination-rescinded',
]);

type Said = Pick<IdentityEvent, 'type' | 'subject' | 'effectiveDate' | 'effectiveAt' | 'data'>;

const silent: SourceWord = { verdict: 'silent' };

/** Holds an event against all that its source has of the worker. Of several statements the latest entered counts. */
export function comparedWithSource(event: Said, changes: readonly WorkerChange[]): SourceWord {
  if (!comparedTypes.has(event.type)) return silent;
  const own = changes.filter(({ workerId }) => workerId === event.subject).map(dated);
  const history = { hired: own.filter(isOf('hired')), terminated: own.filter(isOf('terminated')) };
  switch (event.type) {
    case 'terminated':
      return ofEnd(event, history);
    case 'termination-rescinded':
      return ofTakenBack(event, history, 'terminated');
    case 'hire-cancelled':
      return ofTakenBack(event, history, 'hired');
    default:
      return ofStart(event, history);
  }
}

type Kind = WorkerChange['kind'];
type History = Record<Kind, WorkerChange[]>;

/** A hire counts from its first day, whatever day else it is filed under. */
const dated = (change: WorkerChange): WorkerChange =>
  change.kind === 'hired' && change.data.startDate !== undefined
    ? { ...change, effectiveDate: change.data.startDate }
    : change;
const isOf = (kind: Kind) => (change: WorkerChange) => change.kind === kind;
const stands = ({ takenBack }: WorkerChange): boolean => takenBack === undefined;
const words: Record<Kind, string> = { hired: 'a start', terminated: 'an end' };

function ofEnd(event: Said, { hired, terminated }: History): SourceWord {
  const day = dayOf(event, 'terminated');
  const last = latestBefore(hired, day);
  const next = day === undefined ? undefined : firstAfter(hired, day);
  // Ends of another employment say nothing of this one.
  const own = terminated.filter(
    ({ effectiveDate }) =>
      (last === undefined || effectiveDate >= last) && (next === undefined || effectiveDate < next),
  );
  const about = own.filter((change) => isAbout(event, change));
  const same = about.filter((change) => stands(change) && hasSameLastDay(event, change));
  if (same.length > 0) return agrees(same);
  const others = own.filter(stands);
  if (others.length > 0) return contradicts('terminated', event, `it has ${listed(others)}`);
  return about.length > 0 ? contradicts('terminated', event, `it has taken that back (${listed(about)})`) : silent;
}

function ofStart(event: Said, { hired, terminated }: History): SourceWord {
  const day = dayOf(event, 'hired');
  if (day === undefined) return silent;
  const about = hired.filter((change) => isAbout(event, change));
  const same = about.filter(stands);
  if (same.length > 0) return agrees(same);
  // A start that was followed by an end is an employment of before.
  const over = latestBefore(terminated, addDays(day, -1));
  const others = hired.filter((change) => stands(change) && (over === undefined || change.effectiveDate > over));
  if (others.length > 0) return contradicts('hired', event, `it has ${listed(others)}`);
  return about.length > 0 ? contradicts('hired', event, `it has taken that back (${listed(about)})`) : silent;
}

/** Taken back there as well? What was said anew since does not speak against it. */
function ofTakenBack(event: Said, history: History, kind: Kind): SourceWord {
  const named = dayOf(event, kind) === undefined ? [] : history[kind].filter((change) => isAbout(event, change));
  const since = latestBefore(history[kind === 'hired' ? 'terminated' : 'hired'], undefined);
  const current = history[kind].filter(({ effectiveDate }) => since === undefined || effectiveDate >= since);
  const about = named.length > 0 ? named : current;
  const gone = about.flatMap(({ takenBack }) => takenBack ?? []);
  if (gone.length > 0) return agrees(gone);
  if (about.length === 0) return silent;
  return {
    verdict: 'contradicts',
    reason: `the event takes ${words[kind]} back, and the source still has ${listed(about)}`,
  };
}

/** The day an event speaks of; undefined where it names none. */
function dayOf({ effectiveDate, effectiveAt, data }: Said, kind: Kind): string | undefined {
  if (kind === 'hired') return data.startDate ?? effectiveDate ?? data.effectiveDate;
  return effectiveDate ?? data.effectiveDate ?? (effectiveAt ?? data.effectiveAt)?.slice(0, 10);
}

/** An instant is a day sooner or later somewhere: where one side says no more than that, the neighbouring days are the same. */
function isAbout(event: Said, change: WorkerChange): boolean {
  const day = dayOf(event, change.kind);
  if (day === undefined || day === change.effectiveDate) return true;
  const isCivil = (event.effectiveDate ?? event.data.effectiveDate) !== undefined;
  if (change.kind === 'hired' || (isCivil && change.data.effectiveDate !== undefined)) return false;
  return [addDays(day, -1), addDays(day, 1)].includes(change.effectiveDate);
}

const hasSameLastDay = ({ data }: Said, change: WorkerChange): boolean =>
  data.lastDayOfWork === undefined ||
  change.data.lastDayOfWork === undefined ||
  data.lastDayOfWork === change.data.lastDayOfWork;

/** The last day, up to `day`, of those that stand. */
function latestBefore(changes: readonly WorkerChange[], day: string | undefined): string | undefined {
  const days = changes.filter(stands).map(({ effectiveDate }) => effectiveDate);
  return days
    .filter((each) => day === undefined || each <= day)
    .sort()
    .at(-1);
}

const firstAfter = (changes: readonly WorkerChange[], day: string): string | undefined =>
  changes
    .filter((change) => stands(change) && change.effectiveDate > day)
    .map(({ effectiveDate }) => effectiveDate)
    .sort()[0];

function agrees(statements: readonly { enteredAt?: string }[]): SourceWord {
  const entered = statements
    .flatMap(({ enteredAt }) => enteredAt ?? [])
    .sort()
    .at(-1);
  return { verdict: 'agrees', ...(entered === undefined ? {} : { enteredAt: entered }) };
}

function contradicts(kind: Kind, event: Said, has: string): SourceWord {
  const { lastDayOfWork } = event.data;
  const day = dayOf(event, kind) ?? 'now';
  const last = kind === 'hired' || lastDayOfWork === undefined ? '' : `, last day of work ${lastDayOfWork}`;
  return {
    verdict: 'contradicts',
    reason: `the event says ${words[kind]} on ${day}${last}; asked about the worker, the source says otherwise: ${has}`,
  };
}

const listed = (changes: readonly WorkerChange[]): string =>
  changes
    .map(({ kind, effectiveDate, enteredAt, data: { lastDayOfWork } }) => {
      const last = kind === 'hired' || lastDayOfWork === undefined ? '' : `, last day of work ${lastDayOfWork}`;
      return `${words[kind]} on ${effectiveDate}${last}${enteredAt === undefined ? '' : ` (entered ${enteredAt})`}`;
    })
    .join(', ');
