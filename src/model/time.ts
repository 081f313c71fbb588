import { Failure } from './failure.ts';

const day = 86_400_000;

/** Some sources write 9999-12-31 for "never"; later than this, an instant has no four-digit year that databases take. */
const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Where `date` begins in `zone`, in epoch milliseconds: 00:00, the first of two, or the first moment after a gap that swallows it. */
export function startOfDay(date: string, zone: string): number {
  return firstShowing(midnightOf(date), zone);
}

/** Where `date` is over in `zone`, in epoch milliseconds: the start of the next day, and the end of 9999 at the latest. */
export function endOfDay(date: string, zone: string): number {
  return Math.min(firstShowing(midnightOf(date) + day, zone), last);
}

/** When the clocks of `zone` show `time` (`09:00`) on `date`, in epoch milliseconds: the first of two, or the moment after a gap that swallows it. */
export function instantOf(date: string, time: string, zone: string): number {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  if (hours === undefined) throw new Failure('protocol', `"${time}" is not a time such as 09:00`);
  return firstShowing(midnightOf(date) + Number(hours) * 3_600_000 + Number(minutes) * 60_000, zone);
}

/** The civil date in `zone` at an instant: `2026-02-02`. */
export function dateIn(instant: number, zone: string): string {
  return new Date(instant + offsetAt(instant, zone)).toISOString().slice(0, 10);
}

/** The civil date `days` after `date`; days before it where `days` is negative. */
export function addDays(date: string, days: number): string {
  return new Date(midnightOf(date) + days * day).toISOString().slice(0, 10);
}

/** Is this a civil date that exists, from 1900 to 9999? Earlier ones are what some sources send for "none". */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text < '1900') return false;
  const instant = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

/** Is this the name of a time zone that this machine knows? An offset such as `+01:00` is none: it has no summer. */
export function isZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    clockOf(text);
    return true;
  } catch {
    return false;
  }
}

/** Midnight of `date` as if it were in UTC: a clock's reading, in milliseconds, that offsets are taken from. */
function midnightOf(date: string): number {
  if (!isDate(date)) throw new Failure('protocol', `"${date}" is not a date such as 2026-02-02`);
  return Date.parse(`${date}T00:00:00Z`);
}

/** When a zone's clocks first show a reading. */
function firstShowing(reading: number, zone: string): number {
  const before = offsetAt(reading - day, zone);
  const after = offsetAt(reading + day, zone);
  const candidates = [reading - before, reading - after].filter(
    (instant) => instant + offsetAt(instant, zone) === reading,
  );
  return candidates.length > 0 ? Math.min(...candidates) : endOfGap(reading, before, after, zone);
}

/** The reading never showed on this zone's clocks: bisects, to the second, for the moment at which they jumped over it. */
function endOfGap(reading: number, before: number, after: number, zone: string): number {
  let early = reading - after;
  let late = reading - before;
  while (late - early > 1_000) {
    const middle = early + Math.floor((late - early) / 2_000) * 1_000;
    if (middle + offsetAt(middle, zone) < reading) early = middle;
    else late = middle;
  }
  return late;
}

/** How far `zone`'s clocks are ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant: number, zone: string): number {
  const second = Math.floor(instant / 1_000) * 1_000;
  const shown: Record<string, number> = {};
  for (const { type, value } of clockOf(zone).formatToParts(second)) shown[type] = Number(value);
  const { year = 0, month = 1, day: date = 1, hour = 0, minute = 0, second: seconds = 0 } = shown;
  return Date.UTC(year, month - 1, date, hour, minute, seconds) - second;
}

/** One formatter for each zone: making one costs a hundred times what using it does. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const clock = formatter(zone);
  clocks.set(zone, clock);
  return clock;
}

function formatter(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new Failure('misconfigured', `"${zone}" is not a time zone that this machine knows`, {
      advice: 'Use a name from the IANA list, such as America/New_York.',
      cause,
    });
  }
}
