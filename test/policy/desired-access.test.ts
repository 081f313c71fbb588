import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PersonState } from '../../src/model/person.ts';
import { desiredAccess } from '../../src/policy/desired-access.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { engagement, policyWith, sarah } from './examples.ts';

const policy = policyWith();
const now = '2025-11-15T17:00:00Z';
const targets = (person = sarah(), at = now, under = policy) =>
  desiredAccess(under, person, at).map(({ target }) => target);

describe('desired access', () => {
  it('is what the rules give that hold for the person, with the reason for each piece', () => {
    expect(desiredAccess(policy, sarah(), now)).toEqual([
      {
        target: 'active-directory',
        account: 'enabled',
        because: ['everybody: everybody logs on', 'sales: Sales sells'],
        entitlements: [
          { id: 'sales', because: ['sales: Sales sells'] },
          { id: 'staff', because: ['everybody: everybody logs on', 'sales: Sales sells'] },
        ],
      },
      {
        target: 'salesforce',
        account: 'enabled',
        because: ['sales: Sales sells'],
        entitlements: [{ id: 'crm', because: ['sales: Sales sells'] }],
      },
    ]);
  });

  it('does not follow from what a person lacks, not even by a "not"', () => {
    const unlike = parsePolicy(`{version: 1, zones: {default: UTC}, exceptions: {owner: o}, rules: [
      {id: a, why: w, when: person.department != "Sales", give: [{target: github}]},
      {id: b, why: w, when: 'has(person.department) && person.department == "Sales"', give: [{target: salesforce}]},
      {id: c, why: w, when: '!has(person.department)', give: [{target: aws-iam}]}]}`);
    expect(targets(sarah({ attributes: {} }), now, unlike)).toEqual(['aws-iam']);
    expect(targets(sarah({ attributes: { department: '' } }), now, unlike)).toEqual(['aws-iam']);
    expect(targets(sarah(), now, unlike)).toEqual(['salesforce']);
    expect(targets(sarah({ attributes: { department: 'Finance' } }), now, unlike)).toEqual(['github']);
  });

  it('is there from 00:00 of the first day to the end of the last, in the zone of the person', () => {
    const person = sarah({ engagements: [engagement({ startDate: '2025-11-10', endDate: '2025-11-14' })] });
    const moments = ['2025-11-10T04:59:59Z', '2025-11-10T05:00:00Z', '2025-11-15T04:59:59Z', '2025-11-15T05:00:00Z'];
    expect(moments.map((at) => targets(person, at).length)).toEqual([0, 2, 2, 0]);
  });

  it('stays while any engagement is active', () => {
    const over = engagement({ endDate: '2025-11-01' });
    expect(targets(sarah({ engagements: [over] }))).toEqual([]);
    expect(targets(sarah({ engagements: [over, engagement({ id: 'e2' })] }))).toEqual([
      'active-directory',
      'salesforce',
    ]);
  });

  it('is nothing for who has not begun, is suspended, goes or is gone', () => {
    const states: PersonState[] = [
      'PreHire',
      'Suspended',
      'Terminating',
      'Terminated',
      'Cancelled',
      'Active',
      'OnLeave',
    ];
    expect(states.filter((state) => targets(sarah({ state })).length > 0)).toEqual(['Active', 'OnLeave']);
  });

  it('is the same in whatever order the rules stand', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(policy.rules, { minLength: policy.rules.length }), (rules) => {
        expect(desiredAccess({ ...policy, rules }, sarah(), now)).toEqual(desiredAccess(policy, sarah(), now));
      }),
    );
  });
});
