import { describe, expect, it } from 'vitest';
import type { WorkerChange } from '../../src/sources/report.ts';
import { comparedWithSource } from '../../src/sources/source-word.ts';

type Said = Parameters<typeof comparedWithSource>[0];

const said = (type: Said['type'], data: Said['data'] = {}, more: Partial<Said> = {}): Said => ({
  ...{ type, subject: 'GT-48291', data },
  ...more,
});

/** An entry is one for each day of January 2026. */
const entered = (day: number) => new Date(Date.UTC(2026, 0, day)).toISOString();

function of(kind: WorkerChange['kind'], date: string, day?: number, more: Partial<WorkerChange> = {}): WorkerChange {
  return {
    ...{ workerId: 'GT-48291', kind, effectiveDate: date },
    ...(day === undefined ? {} : { enteredAt: entered(day) }),
    data: kind === 'hired' ? { startDate: date } : { effectiveDate: date },
    ...more,
  };
}

const agreesOf = (day: number) => ({ verdict: 'agrees', enteredAt: entered(day) });
const silent = { verdict: 'silent' };
const end = (effectiveDate: string, more: Said['data'] = {}) => said('terminated', { effectiveDate, ...more });

describe('an end', () => {
  const start = of('hired', '2020-01-06');

  it('is as the source has it: its entry moment is the one of the latest such entry', () => {
    const changes = [start, of('terminated', '2026-03-31', 2), of('terminated', '2026-03-31', 3)];
    expect(comparedWithSource(end('2026-03-31'), changes)).toEqual(agreesOf(3));
    expect(comparedWithSource(end('2026-03-31'), [of('terminated', '2026-03-31')])).toEqual({ verdict: 'agrees' });
  });

  it('is on another day there', () => {
    expect(comparedWithSource(end('2026-03-31'), [start, of('terminated', '2026-04-30', 2)])).toEqual({
      verdict: 'contradicts',
      reason:
        'the event says an end on 2026-03-31; asked about the worker, the source says otherwise: it has an end on 2026-04-30 (entered 2026-01-02T00:00:00.000Z)',
    });
  });

  it('was taken back there, and not where it was said again after that', () => {
    const gone = of('terminated', '2026-03-31', 2, { takenBack: { enteredAt: entered(3) } });
    expect(comparedWithSource(end('2026-03-31'), [start, gone])).toMatchObject({
      verdict: 'contradicts',
      reason: expect.stringContaining('it has taken that back (an end on 2026-03-31'),
    });
    expect(comparedWithSource(end('2026-03-31'), [start, gone, of('terminated', '2026-03-31', 4)])).toEqual(
      agreesOf(4),
    );
  });

  it('of another employment says nothing of this one', () => {
    const before = [of('hired', '2015-01-05'), of('terminated', '2018-06-30', 1), start];
    expect(comparedWithSource(end('2026-03-31'), before)).toEqual(silent);
    expect(comparedWithSource(end('2018-06-30'), before)).toEqual(agreesOf(1));
    expect(comparedWithSource(end('2018-06-29'), before)).toMatchObject({ verdict: 'contradicts' });
    expect(comparedWithSource(end('2018-06-30'), [...before, of('terminated', '2026-04-30')])).toEqual(agreesOf(1));
  });

  it('with another last day of work is another end', () => {
    const listed = of('terminated', '2026-03-31', 2, {
      data: { effectiveDate: '2026-03-31', lastDayOfWork: '2026-03-20' },
    });
    expect(comparedWithSource(end('2026-03-31'), [listed])).toEqual(agreesOf(2));
    expect(comparedWithSource(end('2026-03-31', { lastDayOfWork: '2026-03-20' }), [listed])).toEqual(agreesOf(2));
    expect(comparedWithSource(end('2026-03-31', { lastDayOfWork: '2026-03-13' }), [listed])).toMatchObject({
      verdict: 'contradicts',
      reason: expect.stringMatching(/last day of work 2026-03-13; .* on 2026-03-31, last day of work 2026-03-20/),
    });
  });

  it('at an instant is the same on a neighbouring day, and one without a day is any that stands', () => {
    const changes = [start, of('terminated', '2026-03-31', 2)];
    const at = (effectiveAt: string) => said('terminated', { effectiveAt }, { effectiveAt });
    expect(comparedWithSource(at('2026-04-01T03:00:00.000Z'), changes)).toEqual(agreesOf(2));
    expect(comparedWithSource(at('2026-04-02T03:00:00.000Z'), changes)).toMatchObject({ verdict: 'contradicts' });
    expect(comparedWithSource(said('terminated', { immediate: true }), changes)).toEqual(agreesOf(2));
    expect(comparedWithSource(said('terminated', { immediate: true }), [start])).toEqual(silent);
  });
});

describe('a start', () => {
  const hired = (startDate: string) => said('hired', { startDate });

  it('is as the source has it, whatever the event calls it', () => {
    const changes = [of('hired', '2026-02-02', 2)];
    for (const type of ['hired', 'rehired', 'start-date-changed'] as const)
      expect(comparedWithSource(said(type, { startDate: '2026-02-02' }), changes)).toEqual(agreesOf(2));
  });

  it('is on another day there, or was taken back', () => {
    expect(comparedWithSource(hired('2026-02-02'), [of('hired', '2026-03-02', 2)])).toEqual({
      verdict: 'contradicts',
      reason:
        'the event says a start on 2026-02-02; asked about the worker, the source says otherwise: it has a start on 2026-03-02 (entered 2026-01-02T00:00:00.000Z)',
    });
    expect(comparedWithSource(hired('2026-02-02'), [of('hired', '2026-02-02', 2, { takenBack: {} })])).toMatchObject({
      verdict: 'contradicts',
      reason: expect.stringContaining('taken that back'),
    });
  });

  it('after an employment that is over is not spoken of by that one', () => {
    const before = [of('hired', '2015-01-05', 1), of('terminated', '2018-06-30', 1)];
    expect(comparedWithSource(said('rehired', { startDate: '2026-02-02' }), before)).toEqual(silent);
    expect(comparedWithSource(hired('2026-02-02'), [...before, of('hired', '2026-03-02')])).toMatchObject({
      verdict: 'contradicts',
    });
    expect(comparedWithSource(hired('2015-01-05'), before)).toEqual(agreesOf(1));
  });
});

describe('what takes something back', () => {
  const gone = of('terminated', '2026-03-31', 2, { takenBack: { enteredAt: entered(3) } });

  it('is as the source has it, with the moment it was taken back, also where another was entered since', () => {
    expect(comparedWithSource(said('termination-rescinded'), [of('hired', '2020-01-06'), gone])).toEqual(agreesOf(3));
    const anew = [gone, of('terminated', '2026-04-30', 4)];
    expect(comparedWithSource(said('termination-rescinded'), anew)).toEqual(agreesOf(3));
    const hire = of('hired', '2026-02-02', 2, { takenBack: { enteredAt: entered(5) } });
    expect(
      comparedWithSource(said('hire-cancelled'), [of('hired', '2015-01-05'), of('terminated', '2018-06-30'), hire]),
    ).toEqual(agreesOf(5));
  });

  it('still stands there', () => {
    expect(comparedWithSource(said('termination-rescinded'), [of('terminated', '2026-03-31')])).toEqual({
      verdict: 'contradicts',
      reason: 'the event takes an end back, and the source still has an end on 2026-03-31',
    });
    expect(
      comparedWithSource(said('hire-cancelled', { startDate: '2026-02-02' }), [of('hired', '2026-02-02')]),
    ).toMatchObject({
      reason: 'the event takes a start back, and the source still has a start on 2026-02-02',
    });
    const named = said('termination-rescinded', {}, { effectiveDate: '2026-04-30' });
    expect(comparedWithSource(named, [gone, of('terminated', '2026-04-30')])).toMatchObject({ verdict: 'contradicts' });
  });

  it('is not spoken of by an employment of before', () => {
    const before = [of('terminated', '2018-06-30'), of('hired', '2020-01-06')];
    expect(comparedWithSource(said('termination-rescinded'), before)).toEqual(silent);
  });
});

it('nothing is said of another worker, nor of what such a list does not speak of', () => {
  expect(comparedWithSource(end('2026-03-31'), [of('terminated', '2026-04-30', 1, { workerId: 'GT-1' })])).toEqual(
    silent,
  );
  expect(
    comparedWithSource(said('transferred', { effectiveDate: '2026-03-31' }), [of('terminated', '2026-04-30')]),
  ).toEqual(silent);
});
