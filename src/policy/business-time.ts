import { milliseconds } from '../config.ts';
import { Failure } from '../model/failure.ts';
import { addDays, dateIn, instantOf } from '../model/time.ts';
import type { PolicyFile } from './schema.ts';

/** When somebody is at work: days of the week, from and to, and the dates on which they are not. */
export type BusinessHours = PolicyFile['businessHours']['default'];

/** The time at work of one date, in epoch milliseconds. */
interface Shift {
  opens: number;
  closes: number;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/**
 * When somebody's patience is over. `8bh` counts their hours at work; `2bd` as many of their days at work, to the same time
 * of the day; `30m`, `4h`, `2d` run day and night.
 * @param start ISO instant
 * @param zone the IANA zone of their clock
 * @returns ISO instant; of business time one within, or at the end of, a time at work
 */
export function addPatience(start: string, patience: string, hours: BusinessHours, zone: string): string {
  const [, count = '', unit = ''] = /^(\d+)(m|h|d|bh|bd)$/.exec(patience) ?? [];
  const from = Date.parse(start);
  switch (unit) {
    case 'm':
    case 'h':
    case 'd':
      return iso(from + milliseconds(patience));
    case 'bh':
      return iso(hoursLater(from, Number(count) * 3_600_000, shiftsFrom(from, hours, zone)));
    case 'bd':
      return iso(daysLater(from, Number(count), shiftsFrom(from, hours, zone)));
    default:
      throw new Failure('misconfigured', `"${patience}" is not a duration such as "4h", "8bh" or "2bd"`);
  }
}

function hoursLater(from: number, ms: number, shifts: Iterable<Shift>): number {
  let left = ms;
  for (const { opens, closes } of shifts) {
    const begins = Math.max(opens, from);
    if (left <= closes - begins) return begins + left;
    left -= closes - begins;
  }
  throw noWork();
}

/** Asked at 14:00, the day ends at 14:00 of the next; asked before or after work, it ends with the next time at work. */
function daysLater(from: number, days: number, shifts: Iterable<Shift>): number {
  let number = 0;
  let worked: number | undefined;
  for (const { opens, closes } of shifts) {
    worked ??= Math.max(0, from - opens);
    if (number === days) return Math.min(opens + worked, closes);
    number += 1;
    if (number === days && worked === 0) return closes;
  }
  throw noWork();
}

/** The times at work that end after an instant, one after the other. */
function* shiftsFrom(from: number, hours: BusinessHours, zone: string): Generator<Shift> {
  // A night shift that is on began the evening before.
  let date = addDays(dateIn(from, zone), -1);
  for (let idle = 0; idle < longestIdle; idle += 1, date = addDays(date, 1)) {
    if (!isWorked(date, hours)) continue;
    // "22:00" to "06:00" ends the day after. A change of the clocks may leave nothing of a short one.
    const opens = instantOf(date, hours.from, zone);
    const closes = instantOf(hours.to > hours.from ? date : addDays(date, 1), hours.to, zone);
    if (closes <= opens || closes <= from) continue;
    idle = 0;
    yield { opens, closes };
  }
}

/** Days without work after which there is none at all: a list of holidays as long as that is a mistake. */
const longestIdle = 3_660;

function isWorked(date: string, { days, holidays }: BusinessHours): boolean {
  const weekday = weekdays[new Date(`${date}T00:00:00Z`).getUTCDay()];
  return weekday !== undefined && days.includes(weekday) && !holidays.includes(date);
}

const iso = (instant: number): string => new Date(instant).toISOString();

const noWork = (): Failure =>
  new Failure('misconfigured', 'businessHours in policy.yaml have no time at work for ten years', {
    advice: 'Look at its days and holidays.',
  });
