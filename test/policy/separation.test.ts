import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/model/grant.ts';
import { type EntitlementRef, type Held, type Separating, separate, violations } from '../../src/policy/separation.ts';
import { policyWith } from './examples.ts';

const policy = policyWith(`
separationOfDuties:
  - id: pay
    why: who makes vendors pays none
    one: [{ target: erp, entitlement: vendors }, { target: erp, entitlement: banks }]
    other: [{ target: erp, entitlement: payments }, { target: bank, entitlement: release }]
  - id: keys
    why: who writes code does not deploy it
    one: [{ target: github, entitlement: write }]
    other: [{ target: aws, entitlement: deploy }, { target: github, entitlement: write }]
`);
const ref = (text: string): EntitlementRef => {
  const [target = '', entitlement = ''] = text.split('/');
  return { target, entitlement };
};
const refs = (...texts: string[]) => texts.map(ref);
const now = '2026-01-05T09:00:00.000Z';
const allowed = (text: string, until?: string, origin: Grant['origin'] = 'exception'): Grant => ({
  ...{ ...ref(text), origin, event: 'workday:1', because: 'agreed', privileged: false, at: now },
  ...(until === undefined ? {} : { until }),
});
const plan = (more: Partial<Separating>): Separating => ({
  ...{ held: [], grants: [], revokes: [], grace: [], exceptions: [], now },
  ...more,
});
const vendorsAndPayments = {
  ...{ rule: 'pay', why: 'who makes vendors pays none' },
  ...{ one: ref('erp/vendors'), other: ref('erp/payments') },
};

describe('violations', () => {
  it('are all pairs of the two sides, and never one thing with itself', () => {
    expect(violations(policy, refs('erp/payments', 'erp/vendors', 'github/write', 'crm/read'))).toEqual([
      vendorsAndPayments,
    ]);
    expect(
      violations(policy, refs('bank/release', 'erp/banks', 'erp/vendors')).map(({ one }) => one.entitlement),
    ).toEqual(['banks', 'vendors']);
    expect(violations(policy, refs('erp/payments', 'bank/release'))).toEqual([]);
    expect(violations(policy, [])).toEqual([]);
  });
});

describe('a plan', () => {
  it('may not give what is in conflict with what stays, and says which two and why', () => {
    expect(separate(policy, plan({ held: refs('erp/vendors'), grants: refs('erp/payments', 'crm/read') }))).toEqual({
      stopped: [
        {
          entitlement: ref('erp/payments'),
          reason:
            'separation of duties stops payments in erp; pay (who makes vendors pays none): not together with vendors in erp',
          violations: [vendorsAndPayments],
        },
      ],
      revokeFirst: [],
    });
  });

  it('gives the new after the old is gone, whether that was in grace or on its way out', () => {
    const first = { stopped: [], revokeFirst: [{ old: ref('erp/vendors'), new: ref('erp/payments') }] };
    const change = { held: refs('erp/vendors', 'crm/read'), grants: refs('erp/payments') };
    expect(separate(policy, plan({ ...change, grace: refs('erp/vendors', 'crm/read') }))).toEqual(first);
    expect(separate(policy, plan({ ...change, revokes: refs('erp/vendors') }))).toEqual(first);
    expect(separate(policy, plan({ ...change, grants: refs('crm/write'), grace: refs('erp/vendors') }))).toEqual({
      stopped: [],
      revokeFirst: [],
    });
  });

  it('takes old access whose grace runs from beside what is held already, and leaves two that are both on their way out', () => {
    const held = refs('erp/vendors', 'erp/payments', 'crm/read');
    expect(separate(policy, plan({ held, grace: refs('erp/vendors', 'crm/read') }))).toEqual({
      stopped: [],
      revokeFirst: [{ old: ref('erp/vendors'), new: ref('erp/payments') }],
    });
    const nothing = { stopped: [], revokeFirst: [] };
    expect(separate(policy, plan({ held, grace: refs('erp/vendors', 'erp/payments') }))).toEqual(nothing);
    expect(separate(policy, plan({ held }))).toEqual(nothing);
  });

  it('gives neither of two new ones that nobody may have together', () => {
    const { stopped, revokeFirst } = separate(
      policy,
      plan({
        grants: refs('erp/vendors', 'erp/payments', 'github/write'),
        held: refs('erp/banks'),
        grace: refs('erp/banks'),
      }),
    );
    expect(stopped.map(({ entitlement }) => entitlement.entitlement)).toEqual(['payments', 'vendors']);
    expect(revokeFirst).toEqual([]);
  });

  it('counts what admin accounts hold, and a revoke from one account leaves the other’s', () => {
    const held: Held[] = [
      { ...ref('erp/vendors'), account: 'sarah' },
      { ...ref('erp/vendors'), account: 'sarah-admin' },
    ];
    const of = (revokes: Held[]) => separate(policy, plan({ held, grants: refs('erp/payments'), revokes }));
    expect(of([{ ...ref('erp/vendors'), account: 'sarah' }]).stopped).toHaveLength(1);
    expect(of(held)).toEqual({ stopped: [], revokeFirst: [{ old: ref('erp/vendors'), new: ref('erp/payments') }] });
    expect(of(refs('erp/vendors')).stopped).toEqual([]);
  });

  it('keeps what it gives again, whatever else it says of that', () => {
    const again = plan({
      held: refs('erp/vendors'),
      grants: refs('erp/vendors', 'erp/payments'),
      grace: refs('erp/vendors'),
    });
    expect(separate(policy, again).stopped.map(({ entitlement }) => entitlement)).toEqual([ref('erp/payments')]);
  });

  it.each([
    ['of the new', [allowed('erp/payments', '2026-01-05T09:00:00.001Z')], 0],
    ['of the old', [allowed('erp/vendors', '2026-02-01T00:00:00.000Z')], 0],
    ['that is over', [allowed('erp/payments', now)], 1],
    ['that never ends, which is none', [allowed('erp/payments')], 1],
    ['of something else', [allowed('bank/release', '2026-02-01T00:00:00.000Z')], 1],
    ['that is only a grant', [allowed('erp/payments', '2026-02-01T00:00:00.000Z', 'requested')], 1],
  ])('heeds an exception %s', (_what, exceptions, stopped) => {
    const change = plan({ held: refs('erp/vendors'), grants: refs('erp/payments'), exceptions });
    expect(separate(policy, change).stopped).toHaveLength(stopped);
  });
});

describe('whatever the plan and the order it is given in', () => {
  const all = refs(
    'erp/vendors',
    'erp/banks',
    'erp/payments',
    'bank/release',
    'github/write',
    'aws/deploy',
    'crm/read',
  );
  const some = fc.uniqueArray(fc.constantFrom(...all), { maxLength: 6 });
  const account = fc.constantFrom('sarah', 'sarah-admin');
  const onAccounts = fc.array(
    fc.tuple(fc.constantFrom(...all), account).map(([each, on]): Held => ({ ...each, account: on })),
    { maxLength: 8 },
  );
  const revoked = fc.array(
    fc
      .tuple(fc.constantFrom(...all), fc.option(account, { nil: undefined }))
      .map(([each, on]): Held => (on === undefined ? each : { ...each, account: on })),
    { maxLength: 6 },
  );
  const plans = fc.record({
    ...{ held: onAccounts, grants: some, revokes: revoked, grace: some, now: fc.constant(now) },
    exceptions: fc.array(
      fc.constantFrom(...['erp/payments', 'github/write'].map((each) => allowed(each, '2026-02-01T00:00:00.000Z'))),
      { maxLength: 1 },
    ),
  });
  const keyOf = ({ target, entitlement }: EntitlementRef) => `${target}/${entitlement}`;

  it('no moment holds two that were not held before and that nobody may have together', () => {
    fc.assert(
      fc.property(plans, fc.infiniteStream(fc.nat()), (wanted, chance) => {
        const { stopped, revokeFirst } = separate(policy, wanted);
        const excepted = new Set(wanted.exceptions.map(keyOf));
        const live = [...wanted.held];
        const bad = () =>
          violations(policy, live).filter(({ one, other }) => !excepted.has(keyOf(one)) && !excepted.has(keyOf(other)));
        const before = new Set(bad().map((each) => JSON.stringify(each)));
        const given = wanted.grants.filter(
          (each) => !stopped.some(({ entitlement }) => keyOf(entitlement) === keyOf(each)),
        );
        const isEarly = (each: EntitlementRef) => revokeFirst.some(({ old }) => keyOf(old) === keyOf(each));
        // Everything that is to go first goes altogether; the rest of what is revoked may go at any moment, or late.
        const steps = [
          ...wanted.held.filter(isEarly).map((each) => ({ take: each })),
          ...wanted.held
            .filter((each) =>
              wanted.revokes.some(
                (revoke) => keyOf(revoke) === keyOf(each) && (revoke.account ?? each.account) === each.account,
              ),
            )
            .map((each) => ({ take: each })),
          ...given.map((each) => ({ give: each })),
        ];
        const after = (each: EntitlementRef) =>
          revokeFirst.filter((pair) => keyOf(pair.new) === keyOf(each)).map(({ old }) => keyOf(old));
        while (steps.length > 0) {
          const ready = steps.filter(
            (step) => 'take' in step || !after(step.give).some((old) => live.some((each) => keyOf(each) === old)),
          );
          const step = ready[(chance.next().value ?? 0) % ready.length];
          if (step === undefined) throw new Error('nothing can go on');
          steps.splice(steps.indexOf(step), 1);
          if ('give' in step) live.push(step.give);
          else if (live.includes(step.take)) live.splice(live.indexOf(step.take), 1);
          expect(bad().filter((each) => !before.has(JSON.stringify(each)))).toEqual([]);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('is judged the same', () => {
    const shuffled = <T>(items: readonly T[]) => fc.shuffledSubarray([...items], { minLength: items.length });
    const twice = plans.chain((wanted) =>
      fc.tuple(
        fc.constant(wanted),
        fc.record({
          held: shuffled(wanted.held),
          grants: shuffled(wanted.grants),
          revokes: shuffled(wanted.revokes),
          grace: shuffled(wanted.grace),
        }),
      ),
    );
    fc.assert(
      fc.property(twice, ([wanted, other]) => {
        expect(separate(policy, { ...wanted, ...other })).toEqual(separate(policy, wanted));
      }),
      { numRuns: 300 },
    );
  });

  it('stops nothing without need: what is stopped would be in conflict with what stays or is new', () => {
    fc.assert(
      fc.property(plans, (wanted) => {
        for (const { entitlement, violations: found } of separate(policy, wanted).stopped) {
          expect(found.length).toBeGreaterThan(0);
          for (const { one, other } of found) {
            const against = keyOf(one) === keyOf(entitlement) ? other : one;
            const isThere = [...wanted.held, ...wanted.grants].some((each) => keyOf(each) === keyOf(against));
            expect(isThere).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
