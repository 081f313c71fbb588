import { describe, expect, it } from 'vitest';
import { dueWindows, graceMs } from '../../src/reconciliation/windows.ts';

const minute = 60_000;
const checks = { workday: { every: 15 * minute, window: 60 * minute, takeIn: false } };
const at = (time: string) => `2025-11-15T${time}.000Z`;
const due = (now: string, checkedTo: Record<string, string> = {}, sources = ['workday']) =>
  dueWindows(checks, new Set(sources), new Map(Object.entries(checkedTo)), now);

describe('windows of a delivery check', () => {
  it('end at every quarter of an hour, and are looked at two minutes later', () => {
    expect(due(at('12:02:00'))).toEqual([{ source: 'workday', from: at('11:00:00'), to: at('12:00:00') }]);
    expect(due(at('12:01:59'))).toEqual([{ source: 'workday', from: at('10:45:00'), to: at('11:45:00') }]);
    expect(graceMs(15 * minute)).toBe(2 * minute);
    expect(graceMs(minute)).toBe(minute / 2);
  });

  it('are looked at once', () => {
    expect(due(at('12:05:00'), { workday: at('12:00:00') })).toEqual([]);
    expect(due(at('12:17:00'), { workday: at('12:00:00') })).toEqual([
      { source: 'workday', from: at('11:15:00'), to: at('12:15:00') },
    ]);
  });

  it('begin where the last that could be read ended, and no further back than a week', () => {
    expect(due(at('12:02:00'), { workday: at('03:00:00') })[0]?.from).toBe(at('03:00:00'));
    expect(due(at('12:02:00'), { workday: '2025-01-01T00:00:00.000Z' })[0]?.from).toBe('2025-11-08T12:00:00.000Z');
  });

  it('are only of sources that can say what they sent', () => {
    expect(due(at('12:02:00'), {}, ['sailpoint'])).toEqual([]);
  });
});
