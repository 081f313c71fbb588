import { describe, expect, it } from 'vitest';
import type { EndAhead } from '../../src/directory/store.ts';
import { windowsAhead } from '../../src/policy/ends-ahead.ts';
import { loadPolicy } from '../../src/policy/load.ts';

const policy = loadPolicy('policy.yaml');
const midnight = Date.parse('2026-03-01T05:00:00.000Z');
const at = (hours: number): string => new Date(midnight + hours * 3_600_000).toISOString();

/** So many people's ends at that hour. */
let numbered = 0;
const ends = (many: number, hours: number, more: Partial<EndAhead> = {}): EndAhead[] =>
  Array.from({ length: many }, () => {
    numbered += 1;
    const person = `GT-${numbered}`;
    return { person, event: `workday:end-${numbered}`, dueAt: at(hours), confidential: false, ...more };
  });

const told = (all: EndAhead[], active = 60) =>
  windowsAhead(all, active, policy).map(({ from, until, exceeded: { window, most, count }, ends: { length } }) => ({
    ...{ from, until, window, most, count, length },
  }));

describe('ends known ahead', () => {
  it('are not told of while they are within the limits', () => {
    expect(told([])).toEqual([]);
    expect(told([...ends(5, 0), ...ends(5, 1), ...ends(5, 25)])).toEqual([]);
    expect(told(ends(6, 0), 20_000)).toEqual([]);
  });

  it('are told of where more are due within 60 minutes than the limit', () => {
    const [first] = told([...ends(2, -30), ...ends(4, 0), ...ends(3, 0.99), ...ends(1, 1)]);
    expect(first).toEqual({ from: at(0), until: at(0.99), window: 'hour', most: 5, count: 7, length: 7 });
  });

  it('are told of where more are due within 24 hours than the limit, though each hour is within its own', () => {
    const all = [...ends(4, 0), ...ends(4, 5), ...ends(4, 10), ...ends(1, 24)];
    expect(told(all)).toEqual([{ from: at(0), until: at(10), window: 'day', most: 10, count: 12, length: 12 }]);
  });

  it('of an hour that is told of are not told of again as a day', () => {
    expect(told([...ends(20, 0), ...ends(2, 3)]).map(({ window }) => window)).toEqual(['hour']);
    expect(told([...ends(20, 0), ...ends(4, 3), ...ends(4, 6), ...ends(4, 9)]).map(({ window }) => window)).toEqual([
      'hour',
      'day',
    ]);
  });

  it('are counted by people, and by the cap however many are active', () => {
    const [one] = ends(1, 0);
    if (one === undefined) throw new Error('no end');
    expect(told(Array.from({ length: 9 }, (_, index) => ({ ...one, event: `workday:${index}` })))).toEqual([]);
    expect(told(ends(51, 0), 1_000_000)).toMatchObject([{ window: 'hour', most: 50, count: 51 }]);
  });
});
