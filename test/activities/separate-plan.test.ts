import { describe, expect, it } from 'vitest';
import { separatePlan } from '../../activities/separate-plan.ts';
import type { Grant } from '../../src/model/grant.ts';
import type { Account, Person } from '../../src/model/person.ts';
import type { AccessPlan, Change } from '../../src/model/plan.ts';
import { policyWith, sarah } from '../policy/examples.ts';

const policy = policyWith(`
separationOfDuties:
  - { id: pay, why: who makes vendors pays none, one: [{ target: erp, entitlement: vendors }], other: [{ target: erp, entitlement: payments }, { target: salesforce, entitlement: crm }] }
`);
const now = '2025-11-15T17:00:00.000Z';
const account = (more: Partial<Account> = {}): Account => ({
  ...{
    target: 'erp',
    id: '1',
    name: 'sarah',
    kind: 'primary',
    owner: 'GT-48291',
    origin: 'created',
    status: 'enabled',
  },
  entitlements: ['vendors'],
  ...more,
});
const change = (action: 'grant' | 'revoke', entitlement: string, more: Partial<Change> = {}): Change => ({
  ...{ id: `${action}:erp:${entitlement}`, target: 'erp', action, entitlement },
  ...{ summary: `${action} ${entitlement}`, because: 'a rule', after: [] },
  ...more,
});
const planOf = (changes: Change[], kept: AccessPlan['kept'] = []): AccessPlan => ({
  ...{ person: 'GT-48291', event: 'workday:1', policy: policy.hash, hash: '', proposed: [], observed: [], asks: [] },
  ...{ changes, kept, stopped: [] },
});
const inGrace = { target: 'erp', entitlement: 'vendors', because: 'what they had before they moved' };
const grace: Grant = {
  ...{ ...inGrace, origin: 'grace', until: '2025-11-20T00:00:00.000Z', event: 'workday:0', privileged: false, at: now },
};
const person = (accounts: Account[] = [account()], more: Partial<Person> = {}) => sarah({ accounts, ...more });
const reason =
  'separation of duties stops payments in erp; pay (who makes vendors pays none): not together with vendors in erp';
const earlyRevoke: Change = {
  ...{ id: 'revoke:erp:vendors', target: 'erp', action: 'revoke', entitlement: 'vendors', after: [] },
  summary: 'take vendors from GT-48291 in erp',
  because: 'separation of duties: no grace beside payments in erp',
};
const give = change('grant', 'payments');
const giveAfter = { ...give, after: ['revoke:erp:vendors'] };
const separated = (plan: AccessPlan, who = person(), isEnforced?: (target: string) => boolean) => {
  const { changes, kept, stopped } = separatePlan(policy, who, plan, now, isEnforced);
  return { changes, kept, stopped };
};

describe('a plan under separation of duties', () => {
  it('loses the grant that is in conflict with what stays, and keeps the rest', () => {
    const other = change('grant', 'reports');
    expect(separated(planOf([give, other]))).toEqual({
      changes: [other],
      kept: [],
      stopped: [{ change: give, reason }],
    });
  });

  it('takes the old first, and ends its grace', () => {
    const first = { changes: [giveAfter, earlyRevoke], kept: [], stopped: [] };
    expect(separated(planOf([give], [inGrace]))).toEqual(first);
    expect(separated(planOf([give]), person([account()], { grants: [grace] }))).toEqual(first);
    const revoke = change('revoke', 'vendors');
    expect(separated(planOf([revoke, give]))).toEqual({ ...first, changes: [giveAfter, revoke] });
  });

  it('leaves the grace of what is in conflict with nothing new', () => {
    const plan = planOf([change('grant', 'reports')], [inGrace]);
    expect(separated(plan)).toEqual({ changes: plan.changes, kept: plan.kept, stopped: [] });
  });

  it('counts admin accounts, which a plan takes nothing from, and not those of machines', () => {
    const stopped = [{ change: give, reason }];
    const admin = account({ id: '2', kind: 'admin' });
    expect(separated(planOf([give], [inGrace]), person([account(), admin])).stopped).toEqual(stopped);
    expect(separated(planOf([give]), person([account({ entitlements: [] }), admin])).stopped).toEqual(stopped);
    const machines = [account({ kind: 'service' }), account({ id: '3', status: 'absent' })];
    expect(separated(planOf([give]), person(machines)).stopped).toEqual([]);
  });

  it('takes nothing at a target that is only watched, and so gives nothing against what is there', () => {
    const watched = (target: string) => target !== 'erp';
    const crm = change('grant', 'crm', { id: 'grant:salesforce:crm', target: 'salesforce' });
    expect(separated(planOf([crm], [inGrace]), person(), watched)).toMatchObject({
      changes: [],
      kept: [inGrace],
      stopped: [{ change: crm }],
    });
  });

  it('does not end what a rule gives again', () => {
    // Sales has the CRM by a rule; that it was also left over from a move does not make it old.
    const who = person([account({ target: 'salesforce', entitlements: ['crm'] })], {
      grants: [{ ...grace, target: 'salesforce', entitlement: 'crm' }],
    });
    const vendors = change('grant', 'vendors');
    expect(separated(planOf([vendors]), who)).toMatchObject({ changes: [], stopped: [{ change: vendors }] });
  });

  it('heeds an exception with an end', () => {
    const exception: Grant = { ...grace, origin: 'exception', entitlement: 'payments' };
    expect(separated(planOf([give]), person([account()], { grants: [exception] })).stopped).toEqual([]);
  });

  it('is as it was where policy keeps nothing apart', () => {
    const plan = planOf([give], [inGrace]);
    expect(separatePlan(policyWith(), person(), plan, now)).toBe(plan);
  });
});
