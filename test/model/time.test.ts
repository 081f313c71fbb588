import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { addDays, dateIn, endOfDay, instantOf, isDate, isZone, startOfDay } from '../../src/model/time.ts';

const zones = Intl.supportedValuesOf('timeZone');
const civilDate = fc
  .integer({ min: Date.UTC(1970, 0, 1) / 86_400_000, max: Date.UTC(2049, 11, 31) / 86_400_000 })
  .map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10));

const startByTemporal = (date: string, zone: string): number =>
  Temporal.PlainDate.from(date).toZonedDateTime(zone).startOfDay().epochMilliseconds;

describe('the start of a day', () => {
  it('agrees with Temporal for any date in any zone', () => {
    fc.assert(
      fc.property(civilDate, fc.constantFrom(...zones), (date, zone) => {
        expect(startOfDay(date, zone)).toBe(startByTemporal(date, zone));
      }),
      { numRuns: 1_500 },
    );
  });

  it('agrees with Temporal around every change of offset in zones that change at midnight', () => {
    const awkward = ['America/Santiago', 'America/Havana', 'Asia/Beirut', 'Africa/Cairo', 'America/Sao_Paulo'];
    for (const zone of [...awkward, 'Australia/Lord_Howe', 'America/St_Johns', 'Pacific/Apia', 'Asia/Tehran']) {
      let moment = Temporal.Instant.from('2005-01-01T00:00:00Z').toZonedDateTimeISO(zone);
      for (;;) {
        const change = moment.getTimeZoneTransition('next');
        if (change === null || change.year > 2030) break;
        for (const days of [-2, -1, 0, 1, 2]) {
          const date = change.toPlainDate().add({ days }).toString();
          expect([zone, date, startOfDay(date, zone)]).toEqual([zone, date, startByTemporal(date, zone)]);
        }
        moment = change;
      }
    }
  });

  it('is the first moment after the gap where the clocks jump over midnight', () => {
    expect(new Date(startOfDay('2026-09-06', 'America/Santiago')).toISOString()).toBe('2026-09-06T04:00:00.000Z');
  });

  it('is the first of two where the clocks show midnight twice', () => {
    expect(new Date(startOfDay('2026-11-01', 'America/Havana')).toISOString()).toBe('2026-11-01T04:00:00.000Z');
  });

  it('follows each zone, and not the machine', () => {
    expect(new Date(startOfDay('2026-02-02', 'America/New_York')).toISOString()).toBe('2026-02-02T05:00:00.000Z');
    expect(new Date(startOfDay('2026-02-02', 'Europe/Berlin')).toISOString()).toBe('2026-02-01T23:00:00.000Z');
    expect(new Date(startOfDay('2026-02-02', 'Pacific/Kiritimati')).toISOString()).toBe('2026-02-01T10:00:00.000Z');
  });

  it('refuses what is no date, and a zone nobody knows', () => {
    expect(() => startOfDay('2026-02-30', 'UTC')).toThrow(
      new Failure('protocol', '"2026-02-30" is not a date such as 2026-02-02'),
    );
    expect(() => startOfDay('2026-02-02', 'Europe/Atlantis')).toThrow('"Europe/Atlantis" is not a time zone');
  });
});

describe('the end of a day', () => {
  it('is the start of the next one', () => {
    fc.assert(
      fc.property(civilDate, fc.constantFrom(...zones), (date, zone) => {
        expect(endOfDay(date, zone)).toBe(startByTemporal(addDays(date, 1), zone));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is 23 hours after its start where the clocks go forward, and 25 where they go back', () => {
    const length = (date: string) => (endOfDay(date, 'Europe/Berlin') - startOfDay(date, 'Europe/Berlin')) / 3_600_000;
    expect([length('2026-03-29'), length('2026-10-25'), length('2026-10-26')]).toEqual([23, 25, 24]);
  });

  it('of 29 February is the start of March', () => {
    expect(endOfDay('2028-02-29', 'Europe/Berlin')).toBe(startOfDay('2028-03-01', 'Europe/Berlin'));
  });

  it('of the last date that sources send for "never" is an instant that a database takes', () => {
    const ends = ['UTC', 'America/New_York', 'Asia/Tokyo'].map((zone) =>
      new Date(endOfDay('9999-12-31', zone)).toISOString(),
    );
    expect(ends).toEqual(['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z', '9999-12-31T15:00:00.000Z']);
  });
});

describe('the instant of a time on a date', () => {
  const time = fc.integer({ min: 0, max: 1_439 }).map((minutes) => Temporal.PlainTime.from('00:00').add({ minutes }));

  it('agrees with Temporal for any reading of any clock that shows it', () => {
    fc.assert(
      fc.property(civilDate, time, fc.constantFrom(...zones), (date, clock, zone) => {
        const reading = Temporal.PlainDate.from(date).toPlainDateTime(clock);
        const expected = reading.toZonedDateTime(zone, { disambiguation: 'earlier' });
        fc.pre(expected.toPlainDateTime().equals(reading));
        expect(instantOf(date, clock.toString({ smallestUnit: 'minute' }), zone)).toBe(expected.epochMilliseconds);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the end of a gap that swallows it, and the first of two that it shows', () => {
    const at = (date: string, clock: string) => new Date(instantOf(date, clock, 'Europe/Berlin')).toISOString();
    expect([at('2026-03-29', '02:30'), at('2026-03-29', '03:00'), at('2026-10-25', '02:30')]).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-10-25T00:30:00.000Z',
    ]);
  });

  it('is refused where it is none', () => {
    expect(() => instantOf('2026-03-29', '24:00', 'UTC')).toThrow('"24:00" is not a time such as 09:00');
  });
});

describe('the date at an instant', () => {
  it('agrees with Temporal for any instant in any zone', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('2049-12-31'), noInvalidDate: true }),
        fc.constantFrom(...zones),
        (moment, zone) => {
          const expected = Temporal.Instant.fromEpochMilliseconds(moment.getTime()).toZonedDateTimeISO(zone);
          expect(dateIn(moment.getTime(), zone)).toBe(expected.toPlainDate().toString());
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is that date from its start, and the date before until a millisecond before', () => {
    const start = startOfDay('2026-02-02', 'America/New_York');
    expect([dateIn(start, 'America/New_York'), dateIn(start - 1, 'America/New_York')]).toEqual([
      '2026-02-02',
      '2026-02-01',
    ]);
  });
});

describe('what is a date, and what a zone', () => {
  it('takes dates that exist and nothing else', () => {
    expect(
      ['2026-02-28', '2028-02-29', '2000-02-29', '1900-01-01', '9999-12-31'].filter((text) => !isDate(text)),
    ).toEqual([]);
    expect(
      [
        '2026-02-29',
        '2100-02-29',
        '2026-13-01',
        '2026-00-10',
        '2026-1-1',
        '0001-01-01',
        '20260101',
        '2026-01-01T00:00',
        '',
      ].filter(isDate),
    ).toEqual([]);
  });

  it('takes every zone of the machine, and no offset, no nonsense', () => {
    expect(zones.filter((zone) => !isZone(zone))).toEqual([]);
    expect(['+01:00', 'Europe/Atlantis', 'Berlin', '', 'CET/CEST'].filter(isZone)).toEqual([]);
  });

  it('counts days over months, leap years and years', () => {
    expect([addDays('2028-02-28', 1), addDays('2026-12-31', 1), addDays('2026-03-01', -1)]).toEqual([
      '2028-02-29',
      '2027-01-01',
      '2026-02-28',
    ]);
  });
});
