import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Engagement, Person } from '../../src/model/person.ts';
import { addDays, endOfDay, startOfDay } from '../../src/model/time.ts';
import { contractEndRows } from '../../src/policy/contract-end-rows.ts';
import { preHireRows, startRow } from '../../src/policy/start-rows.ts';
import { companyPolicy } from '../helpers/company-policy.ts';

const zones = ['America/New_York', 'Europe/Berlin', 'America/Santiago', 'Pacific/Kiritimati', 'America/Havana', 'UTC'];
const zone = fc.constantFrom(...zones);
const date = fc
  .integer({ min: Date.UTC(2024, 0, 1) / 86_400_000, max: Date.UTC(2036, 11, 31) / 86_400_000 })
  .map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10));

const said = { key: 'workday:hired', source: 'workday' };
const engagement: Engagement = {
  ...{ id: 'e', source: 'workday', workerId: 'GT-1', workerType: 'employee', startDate: '2024-01-01', primary: true },
  location: 'Here',
};
const person: Person = {
  ...{ id: 'GT-1', name: 'Nadia Berg', state: 'Active', epoch: 0, privileged: false, attributes: {}, identifiers: [] },
  ...{ engagements: [engagement], accounts: [], pending: [], grants: [], facts: {}, legalHolds: [] },
};
const policyIn = (where: string) => ({ ...companyPolicy, zones: { default: 'UTC', byLocation: { Here: where } } });
const moments = (rows: { dueAt: string }[]) => rows.map(({ dueAt }) => Date.parse(dueAt));

describe('the rows of a contract’s end', () => {
  it('are its last moment and a reminder at the start of each day before it, in the zone of the engagement, leap days and changed clocks included', () => {
    fc.assert(
      fc.property(date, zone, (endDate, where) => {
        const rows = contractEndRows(policyIn(where), person, { ...engagement, endDate }, said, 0);
        expect(moments(rows)).toEqual([
          endOfDay(endDate, where),
          ...[30, 7, 1].map((days) => startOfDay(addDays(endDate, -days), where)),
        ]);
      }),
    );
  });

  it('are only those that are still to come', () => {
    fc.assert(
      fc.property(date, zone, fc.integer({ min: 0, max: 40 }), (endDate, where, before) => {
        const now = startOfDay(addDays(endDate, -before), where);
        const [end, ...reminders] = contractEndRows(policyIn(where), person, { ...engagement, endDate }, said, now);
        expect(end).toMatchObject({ kind: 'end', date: endDate, data: { contract: true } });
        expect(reminders).toHaveLength([30, 7, 1].filter((days) => days < before).length);
        expect(moments(reminders).every((at) => at > now)).toBe(true);
      }),
    );
  });

  it('are none without an end', () => {
    expect(contractEndRows(policyIn('UTC'), person, engagement, said, 0)).toEqual([]);
  });
});

describe('the rows of a start', () => {
  it('are 00:00 of the first day there, and before it policy’s lead, never in the past', () => {
    fc.assert(
      fc.property(date, zone, fc.integer({ min: 0, max: 60 }), (startDate, where, before) => {
        const policy = { ...policyIn(where), hires: { ...companyPolicy.hires, preHireLead: 5 } };
        const start = startRow({ ...engagement, startDate }, where, said);
        expect(Date.parse(start.dueAt)).toBe(startOfDay(startDate, where));
        const now = startOfDay(addDays(startDate, -before), where);
        const [access] = preHireRows(policy, start, now);
        expect(Date.parse(access?.dueAt ?? '')).toBe(Math.max(now, startOfDay(addDays(startDate, -5), where)));
        expect(preHireRows(policy, start, now, true)[0]?.dueAt).toBe(new Date(now).toISOString());
      }),
    );
  });
});
