import { describe, expect, it } from 'vitest';
import type { Person } from '../../src/model/person.ts';
import { compareDelivery } from '../../src/reconciliation/delivery.ts';
import type { ReportedChange } from '../../src/sources/report.ts';
import { worker } from '../activities/checking.ts';

const zones = { default: 'Etc/UTC', byLocation: {} };
const change: ReportedChange = {
  ...{ workerId: 'GT-1', kind: 'terminated', effectiveDate: '2025-11-30' },
  data: { effectiveDate: '2025-11-30' },
};
const person = (more: Partial<Person> = {}): Person => ({
  ...worker('GT-1'),
  ...{ epoch: 0, accounts: [], pending: [], grants: [], facts: {}, legalHolds: [] },
  ...more,
});
const [engagement] = person().engagements;
if (engagement === undefined) throw new Error('no engagement');
const compare = (of: Person, what: ReportedChange = change) =>
  compareDelivery({
    ...{ change: what, arrivals: [], person: of, policy: { zones }, enforced: true, now: '2025-11-15T12:00:00.000Z' },
  });
const pendingEnd = (date: string) => ({
  ...{ id: 'e', kind: 'end' as const, dueAt: `${date}T23:59:59.000Z`, date, event: 'x', confidential: false },
  data: { engagement: engagement.id },
});

describe('an end that the source lists and no event told of', () => {
  it('agrees where the same end is pending, or a sooner one', () => {
    expect(compare(person({ pending: [pendingEnd('2025-11-30')] }))).toBe('agrees');
    expect(compare(person({ pending: [pendingEnd('2025-11-20')] }))).toBe('agrees');
  });

  it('is missing where a later end is pending, or none', () => {
    expect(compare(person({ pending: [pendingEnd('2025-12-31')] }))).toBe('no-event');
    expect(compare(person())).toBe('no-event');
  });

  it('agrees with a pending end on the last day of work', () => {
    const of = { ...change, data: { effectiveDate: '2025-11-30', lastDayOfWork: '2025-12-05' } };
    expect(compare(person({ pending: [pendingEnd('2025-12-05')] }), of)).toBe('agrees');
  });

  it('agrees where that employment is over and another keeps the access', () => {
    const second = { ...engagement, id: 'other', workerId: 'GT-1C' };
    const ended = { ...engagement, endDate: '2025-11-10' };
    expect(compare(person({ engagements: [ended, second] }))).toBe('agrees');
    expect(compare(person({ engagements: [ended] }))).toBe('no-event');
  });

  it('agrees where it is of an employment before this one', () => {
    expect(compare(person({ engagements: [{ ...engagement, startDate: '2025-12-01' }] }))).toBe('agrees');
  });
});

describe('a hire that the source lists and no event told of', () => {
  const hire: ReportedChange = { ...change, kind: 'hired', effectiveDate: '2020-01-06', data: {} };

  it('agrees where that employment is there', () => {
    expect(compare(person(), hire)).toBe('agrees');
    expect(compare(person(), { ...hire, effectiveDate: '2026-01-01' })).toBe('no-event');
  });
});
