import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { addPatience, type BusinessHours } from '../../src/policy/business-time.ts';

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const office = (more: Partial<BusinessHours> = {}): BusinessHours => ({
  days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'],
  from: '09:00',
  to: '17:00',
  holidays: [],
  ...more,
});

/** Both ends as clocks in that zone show them. */
const until = (local: string, patience: string, hours = office(), zone = 'America/New_York'): string => {
  const start = Temporal.PlainDateTime.from(local).toZonedDateTime(zone).toInstant().toString();
  return Temporal.Instant.from(addPatience(start, patience, hours, zone))
    .toZonedDateTimeISO(zone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'minute' });
};

describe('patience in hours at work', () => {
  it.each([
    ['on the same day', '2026-01-05T10:00', '4bh', '2026-01-05T14:00'],
    ['to the end of a day', '2026-01-05T09:00', '8bh', '2026-01-05T17:00'],
    ['over a night', '2026-01-05T14:00', '8bh', '2026-01-06T14:00'],
    ['over a weekend', '2026-01-09T16:30', '2bh', '2026-01-12T10:30'],
    ['from before work', '2026-01-05T03:00', '1bh', '2026-01-05T10:00'],
    ['from after work', '2026-01-05T17:00', '1bh', '2026-01-06T10:00'],
    ['from a Sunday', '2026-01-11T12:00', '8bh', '2026-01-12T17:00'],
    ['over weeks', '2026-01-05T09:00', '80bh', '2026-01-16T17:00'],
  ])('runs %s: %s, %s, %s', (_what, start, patience, end) => {
    expect(until(start, patience)).toBe(end);
  });

  it('stands still on holidays', () => {
    const hours = office({ holidays: ['2025-12-25', '2025-12-26', '2026-01-01'] });
    expect(until('2025-12-24T15:00', '4bh', hours)).toBe('2025-12-29T11:00');
  });

  it('follows the zone of who is asked, and not the machine', () => {
    const ends = ['America/New_York', 'Europe/Berlin', 'Asia/Tokyo', 'Pacific/Kiritimati'].map((zone) =>
      addPatience('2026-01-05T12:00:00.000Z', '1bh', office(), zone),
    );
    expect(ends).toEqual([
      '2026-01-05T15:00:00.000Z',
      '2026-01-05T13:00:00.000Z',
      '2026-01-06T01:00:00.000Z',
      '2026-01-05T20:00:00.000Z',
    ]);
  });

  it('keeps night shifts whole, to the day after they began', () => {
    const nights = office({ days: ['Mon', 'Fri'], from: '22:00', to: '06:00' });
    expect(until('2026-01-05T23:00', '4bh', nights)).toBe('2026-01-06T03:00');
    expect(until('2026-01-06T05:00', '2bh', nights)).toBe('2026-01-09T23:00');
    expect(until('2026-01-06T07:00', '8bh', nights)).toBe('2026-01-10T06:00');
    expect(until('2026-01-05T00:00', '30bh', office({ days: ['Mon', 'Tue'], from: '00:00', to: '00:00' }))).toBe(
      '2026-01-06T06:00',
    );
  });

  it('counts what passes in a night whose clocks change', () => {
    const nights = office({ days: [...weekdays], from: '22:00', to: '06:00' });
    expect(until('2026-03-28T22:00', '7bh', nights, 'Europe/Berlin')).toBe('2026-03-29T06:00');
    expect(until('2026-10-24T22:00', '9bh', nights, 'Europe/Berlin')).toBe('2026-10-25T06:00');
    const inGap = office({ days: [...weekdays], from: '02:00', to: '03:00' });
    expect(until('2026-03-29T00:00', '1bh', inGap, 'Europe/Berlin')).toBe('2026-03-30T03:00');
  });

  it('agrees with counting quarters of an hour, for any calendar in any zone', () => {
    const quarter = 900_000;
    const calendar = fc.record({
      days: fc.subarray([...weekdays], { minLength: 1 }),
      from: fc.integer({ min: 24, max: 48 }),
      to: fc.integer({ min: 52, max: 88 }),
      holidays: fc.subarray(['2026-03-09', '2026-03-27', '2026-10-26', '2026-11-02']),
    });
    const clock = (quarters: number) =>
      `${String(Math.floor(quarters / 4)).padStart(2, '0')}:${String((quarters % 4) * 15).padStart(2, '0')}`;
    const zone = fc.constantFrom(
      'America/New_York',
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'America/Santiago',
      'Africa/Cairo',
    );
    const start = fc.constantFrom(
      '2026-03-05',
      '2026-03-26',
      '2026-04-03',
      '2026-04-22',
      '2026-09-04',
      '2026-10-01',
      '2026-10-22',
      '2026-10-29',
    );
    fc.assert(
      fc.property(
        start,
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 20 }),
        calendar,
        zone,
        (day, later, count, { days, from, to, holidays }, where) => {
          const begins = Date.parse(`${day}T00:00:00Z`) + later * quarter;
          const hours = office({ days, from: clock(from), to: clock(to), holidays });
          let left = count * 4;
          let at = begins;
          for (; left > 0; at += quarter) {
            const { dayOfWeek, hour, minute, ...rest } = local(at, where);
            const now = hour * 4 + minute / 15;
            const isDay = days.some((each) => each === weekdays[dayOfWeek - 1]) && !holidays.includes(rest.date);
            if (isDay && now >= from && now < to) left -= 1;
          }
          expect(addPatience(new Date(begins).toISOString(), `${count}bh`, hours, where)).toBe(
            new Date(at).toISOString(),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

function local(at: number, zone: string): { dayOfWeek: number; hour: number; minute: number; date: string } {
  const shown = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  return { dayOfWeek: shown.dayOfWeek, hour: shown.hour, minute: shown.minute, date: shown.toPlainDate().toString() };
}

describe('patience in days at work', () => {
  it.each([
    ['to the same time of the next', '2026-01-05T14:00', '1bd', '2026-01-06T14:00'],
    ['over a weekend', '2026-01-09T14:00', '2bd', '2026-01-13T14:00'],
    ['from before work to the end of that day', '2026-01-05T08:00', '1bd', '2026-01-05T17:00'],
    ['from the first minute to the end of that day', '2026-01-05T09:00', '1bd', '2026-01-05T17:00'],
    ['from after work to the end of the next', '2026-01-05T18:00', '1bd', '2026-01-06T17:00'],
    ['from a Saturday', '2026-01-10T12:00', '2bd', '2026-01-13T17:00'],
  ])('run %s: %s, %s, %s', (_what, start, patience, end) => {
    expect(until(start, patience)).toBe(end);
  });

  it('stand still on holidays, and are as long where the clocks change', () => {
    expect(until('2025-12-24T15:00', '1bd', office({ holidays: ['2025-12-25', '2025-12-26'] }))).toBe(
      '2025-12-29T15:00',
    );
    expect(until('2026-03-06T15:00', '1bd')).toBe('2026-03-09T15:00');
    expect(until('2026-10-30T15:00', '1bd')).toBe('2026-11-02T15:00');
  });
});

describe('patience by the clock', () => {
  it.each([
    ['30m', '2026-03-29T01:00:00.000Z'],
    ['4h', '2026-03-29T04:30:00.000Z'],
    ['2d', '2026-03-31T00:30:00.000Z'],
  ])('of %s runs day and night, to %s', (patience, end) => {
    expect(addPatience('2026-03-29T00:30:00.000Z', patience, office(), 'Europe/Berlin')).toBe(end);
  });
});

describe('any patience', () => {
  it('ends later the longer it is, never before it began, and of business time at work', () => {
    const unit = fc.constantFrom('m', 'h', 'd', 'bh', 'bd');
    const moment = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });
    const zone = fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia');
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 60 }), unit, zone, (start, count, of, where) => {
        const [one, next] = [count, count + 1].map((n) =>
          Date.parse(addPatience(start.toISOString(), `${n}${of}`, office(), where)),
        );
        expect(one).toBeGreaterThan(start.getTime());
        expect(next).toBeGreaterThan(one ?? 0);
        if (!of.startsWith('b')) return;
        const { dayOfWeek, hour, minute } = local(one ?? 0, where);
        expect(dayOfWeek).toBeLessThanOrEqual(5);
        expect(hour * 60 + minute).toBeGreaterThanOrEqual(9 * 60);
        expect(hour * 60 + minute).toBeLessThanOrEqual(17 * 60);
      }),
      { numRuns: 200 },
    );
  });

  it('is refused in words where it is none, or where nobody ever works', () => {
    expect(() => addPatience('2026-01-05T12:00:00.000Z', '2w', office(), 'UTC')).toThrow(
      new Failure('misconfigured', '"2w" is not a duration such as "4h", "8bh" or "2bd"'),
    );
    const never = office({ from: '02:30', to: '02:45', days: ['Sun'], holidays: sundays() });
    expect(() => addPatience('2026-01-05T12:00:00.000Z', '1bh', never, 'UTC')).toThrow('no time at work for ten years');
  });
});

const sundays = (): string[] =>
  Array.from({ length: 600 }, (_, weeks) => Temporal.PlainDate.from('2026-01-04').add({ weeks }).toString());
