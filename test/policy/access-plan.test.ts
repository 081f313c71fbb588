import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/model/grant.ts';
import type { Account, Person } from '../../src/model/person.ts';
import type { AccessPlan, Change } from '../../src/model/plan.ts';
import { type AccessQuestion, planAccess, primaryAccount } from '../../src/policy/access-plan.ts';
import { desiredAccess } from '../../src/policy/desired-access.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { type PlannedTarget, planEnd } from '../../src/policy/plan.ts';
import { type EntitlementRef, violations } from '../../src/policy/separation.ts';
import { sarah, terminated } from './examples.ts';

const at = '2025-11-15T17:00:00.000Z';
const later = '2025-11-22T17:00:00.000Z';
const names = ['ad', 'crm', 'erp', 'vault'];
const targets: PlannedTarget[] = names.map((name) => ({
  name,
  title: name.toUpperCase(),
  mode: 'enforce',
  abilities: ['accounts', 'entitlements', 'update'],
}));

const rules = [
  `{ id: staff, why: everybody, when: 'true', give: [{ target: ad, entitlements: [staff] }] }`,
  `{ id: sell, why: Sales sells, when: 'person.department == "Sales"', give: [{ target: crm, entitlements: [seller, refunds] }] }`,
  `{ id: help, why: Support helps, when: 'person.department in ["Support", "Sales"]', give: [{ target: ad, entitlements: [staff, helper] }] }`,
  `{ id: buy, why: Purchasing buys, when: 'person.department == "Purchasing"', give: [{ target: erp, entitlements: [vendors] }] }`,
  `{ id: pay, why: Finance pays, when: 'person.department == "Finance"', give: [{ target: erp, entitlements: [payments] }] }`,
  `{ id: big, why: Finance pays much, when: 'person.department == "Finance"', give: [{ target: erp, entitlements: [approve] }], approval: boss }`,
  `{ id: keys, why: keys to the vault, when: person.privileged, privileged: true, give: [{ target: vault, entitlements: [keys] }] }`,
];
const policyOf = (ordered: readonly string[]) =>
  parsePolicy(`
version: 1
zones: { default: UTC, byLocation: { New York: America/New_York } }
rules: [${ordered.join(', ')}]
moves: { grace: 7d }
approvals: { rules: { boss: { steps: [{ by: manager }] } } }
requestable: [{ id: root, why: mend it, target: vault, entitlement: root, privileged: true, longest: 8h }]
separationOfDuties:
  - { id: payments, why: who makes vendors pays none, one: [{ target: erp, entitlement: vendors }], other: [{ target: erp, entitlement: payments }, { target: crm, entitlement: refunds }] }
exceptions: { owner: operations }
`);
const policy = policyOf(rules);

const account = (target: string, entitlements: string[] = [], more: Partial<Account> = {}): Account => ({
  ...{ target, id: `${more.kind ?? 'own'}-${target}`, name: 'schen', kind: 'primary', owner: 'GT-48291' },
  ...{ origin: 'created', status: 'enabled', entitlements },
  ...more,
});
const grant = (target: string, entitlement: string, more: Partial<Grant> = {}): Grant => ({
  ...{ target, entitlement, origin: 'requested', event: 'workday:1', because: 'agreed', privileged: false, at },
  ...more,
});
const someone = (department: string, more: Partial<Person> = {}): Person =>
  sarah({ ...more, attributes: { department, location: 'New York', workerType: 'employee', ...more.attributes } });
const ask = (person: Person, more: Partial<AccessQuestion> = {}): AccessPlan =>
  planAccess({ person, policy, targets, event: 'workday:2', at, grace: false, ...more });
const idsOf = (changes: readonly Change[]) => changes.map(({ id }) => id);

/** Targets that obey, one change after the other, and a directory that hears of it. */
function carriedOut(person: Person, plan: AccessPlan, order: readonly Change[] = plan.changes): Person {
  const accounts = order.reduce((now, change) => afterChange({ ...person, accounts: now }, change), person.accounts);
  const kept = plan.kept.map(({ target, entitlement }) =>
    grant(target, entitlement, { origin: 'grace', until: later }),
  );
  return { ...person, accounts, grants: [...person.grants, ...kept] };
}

function afterChange(
  person: Person,
  { target, action, entitlement = '', disabled, accounts: kind }: Change,
): Account[] {
  const { accounts } = person;
  const own = primaryAccount(person, target);
  const changed = (which: (each: Account) => boolean, change: (each: Account) => Partial<Account>) =>
    accounts.map((each) => (each.target === target && which(each) ? { ...each, ...change(each) } : each));
  switch (action) {
    case 'create':
      return [...accounts, account(target, [], { status: disabled === true ? 'disabled' : 'enabled' })];
    case 'enable':
      return changed(
        (each) => each === own,
        () => ({ status: 'enabled' }),
      );
    case 'disable':
      return changed(
        (each) => kind === undefined || each.kind === kind,
        () => ({ status: 'disabled' }),
      );
    case 'grant':
      return changed(
        (each) => each === own,
        (each) => ({ entitlements: [...each.entitlements, entitlement] }),
      );
    case 'revoke':
      return changed(
        (each) => each === own,
        (each) => ({ entitlements: each.entitlements.filter((one) => one !== entitlement) }),
      );
    default:
      return accounts;
  }
}

const everything = [
  'staff',
  'helper',
  'seller',
  'refunds',
  'vendors',
  'payments',
  'approve',
  'keys',
  'root',
  'strange',
];
const anyAccounts = fc
  .uniqueArray(
    fc.record({
      target: fc.constantFrom(...names),
      kind: fc.constantFrom<Account['kind']>('primary', 'admin'),
      status: fc.constantFrom<Account['status']>('enabled', 'disabled'),
      entitlements: fc.uniqueArray(fc.constantFrom(...everything), { maxLength: 4 }),
    }),
    { selector: ({ target, kind }) => `${target}/${kind}`, maxLength: 6 },
  )
  .map((all) => all.map(({ target, entitlements, kind, status }) => account(target, entitlements, { kind, status })));
const anyGrants = fc.uniqueArray(
  fc.record({
    target: fc.constantFrom(...names),
    entitlement: fc.constantFrom('', ...everything),
    origin: fc.constantFrom<Grant['origin']>('requested', 'adopted', 'grace', 'exception'),
    until: fc.constantFrom(later, '2025-11-15T16:00:00.000Z'),
    privileged: fc.boolean(),
  }),
  { selector: ({ target, entitlement, origin }) => `${target}/${entitlement}/${origin}`, maxLength: 4 },
);
const anybody: fc.Arbitrary<Person> = fc
  .record({
    department: fc.constantFrom('Sales', 'Support', 'Purchasing', 'Finance', 'Legal'),
    privileged: fc.boolean(),
    state: fc.constantFrom<Person['state']>('Active', 'Active', 'Active', 'OnLeave', 'Suspended', 'PreHire'),
    onLeave: fc.constantFrom('suspend', 'reduce', 'keep'),
    accounts: anyAccounts,
    grants: anyGrants,
  })
  .map(({ department, privileged, state, onLeave, accounts, grants }) =>
    someone(department, {
      ...{ privileged, state, accounts, grants: grants.map((each) => grant(each.target, each.entitlement, each)) },
      attributes: state === 'OnLeave' ? { onLeave } : {},
    }),
  );
const question = fc.record({ person: anybody, grace: fc.boolean() });

describe('a plan', () => {
  it('carried out and made again has nothing left to change', () => {
    fc.assert(
      fc.property(question, ({ person, grace }) => {
        const after = carriedOut(person, ask(person, { grace }));
        const again = ask(after, { grace });
        expect([idsOf(again.changes), again.kept]).toEqual([[], []]);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same whatever the order of rules, targets, accounts and grants', () => {
    fc.assert(
      fc.property(
        question,
        fc.shuffledSubarray(rules, { minLength: rules.length }),
        fc.shuffledSubarray(targets, { minLength: targets.length }),
        ({ person, grace }, shuffled, others) => {
          const mirrored = {
            ...person,
            accounts: [...person.accounts].reverse(),
            grants: [...person.grants].reverse(),
          };
          expect(ask(mirrored, { grace, policy: policyOf(shuffled), targets: others })).toEqual(ask(person, { grace }));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('makes at no moment what separation of duties keeps apart, whichever of its changes is done next', () => {
    const held = ({ accounts }: Person): EntitlementRef[] =>
      accounts.flatMap(({ target, entitlements }) => entitlements.map((entitlement) => ({ target, entitlement })));
    fc.assert(
      fc.property(question, fc.infiniteStream(fc.nat()), ({ person, grace }, choices) => {
        const plan = ask(person, { grace });
        const excepted = person.grants.filter(({ origin, until = '' }) => origin === 'exception' && until > at);
        const isExcepted = (ref: EntitlementRef) =>
          excepted.some(({ target, entitlement }) => target === ref.target && entitlement === ref.entitlement);
        const broken = (now: Person) =>
          violations(policy, held(now)).filter(({ one, other }) => !isExcepted(one) && !isExcepted(other));
        const before = JSON.stringify(broken(person));
        const done: Change[] = [];
        for (;;) {
          const waiting = plan.changes.filter((change) => !done.includes(change));
          const ready = waiting.filter(({ after }) => waiting.every(({ id }) => !after.includes(id)));
          // Within one target an account is made before anything is put into it.
          const free = ready.filter(
            ({ target, action }) =>
              action !== 'grant' || !ready.some((each) => each.target === target && each.action === 'create'),
          );
          const next = free[choices.next().value % free.length];
          if (next === undefined) break;
          done.push(next);
          for (const violation of broken(carriedOut(person, plan, done)))
            expect(before).toContain(JSON.stringify(violation));
        }
        expect(done).toHaveLength(plan.changes.length);
      }),
      { numRuns: 500 },
    );
  });

  it('of a leaver closes every target, whatever rules and grants say', () => {
    fc.assert(
      fc.property(anybody, (person) => {
        const plan = planEnd({ person, event: terminated({}), policy, targets, at });
        const closed = plan.changes.filter(({ action }) => action === 'close').map(({ target }) => target);
        expect(closed.sort()).toEqual([...names].sort());
        const gone = { ...person, state: 'Terminated' as const, accounts: [] };
        expect(ask(gone, { at: later }).changes).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('says of each change which rule it comes from, and has a hash of all that it says', () => {
    const plan = ask(someone('Sales'));
    expect(plan.changes).toEqual(
      expect.arrayContaining([
        {
          ...{ id: 'grant:ad:staff', target: 'ad', action: 'grant', entitlement: 'staff', after: [] },
          ...{ summary: 'give GT-48291 staff in AD', because: 'help: Support helps; staff: everybody' },
        },
      ]),
    );
    expect(plan.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(ask(someone('Sales')).hash).toBe(plan.hash);
    expect(ask(someone('Support')).hash).not.toBe(plan.hash);
    expect(ask(someone('Sales'), { event: 'workday:3' }).hash).not.toBe(plan.hash);
  });
});

describe('a move', () => {
  const seller = (more: Partial<Person> = {}) =>
    someone('Support', {
      accounts: [account('ad', ['staff', 'helper', 'strange']), account('crm', ['seller'])],
      ...more,
    });

  it('gives the new at once and leaves the old for a while; what Muster knows nothing of is left alone', () => {
    const plan = ask(someone('Legal', { accounts: seller().accounts }), { grace: true });
    expect([idsOf(plan.changes), plan.kept.map(({ target, entitlement }) => `${target}/${entitlement}`)]).toEqual([
      [],
      ['ad/helper', 'crm/', 'crm/seller'],
    ]);
  });

  it('takes the old when its grace is over, and closes the account that nothing gives any more', () => {
    const grants = [grant('crm', 'seller'), grant('crm', ''), grant('ad', 'helper')].map((each) => ({
      ...each,
      origin: 'grace' as const,
      until: later,
    }));
    const mover = someone('Legal', { accounts: seller().accounts, grants });
    expect(idsOf(ask(mover).changes)).toEqual([]);
    expect(idsOf(ask(mover, { at: later }).changes)).toEqual(['disable:crm', 'revoke:ad:helper', 'revoke:crm:seller']);
  });

  it('never gives what is in grace anew: not the entitlement, not the account, not for the approval it would need', () => {
    const grants = [grant('crm', 'seller'), grant('crm', ''), grant('erp', 'approve')].map((each) => ({
      ...each,
      origin: 'grace' as const,
      until: later,
    }));
    const mover = someone('Finance', { accounts: [account('ad', ['staff'])], grants });
    const plan = ask(mover);
    expect(idsOf(plan.changes)).toEqual(['create:erp', 'grant:erp:payments']);
    expect(plan.asks.map(({ summary }) => summary)).toEqual([
      ['GT-48291 gets approve in ERP (big: Finance pays much; grace: agreed)'],
    ]);
  });

  it('takes privileged access at once, an admin account’s with it', () => {
    const accounts = [
      account('ad', ['staff']),
      account('vault', ['keys', 'root']),
      account('vault', ['all'], { kind: 'admin' }),
    ];
    const grants = [grant('vault', 'root', { privileged: true, origin: 'adopted', until: at })];
    const plan = ask(someone('Legal', { accounts, grants }), { grace: true });
    expect([idsOf(plan.changes), plan.kept.map(({ target, entitlement }) => `${target}/${entitlement}`)]).toEqual([
      ['disable:vault:admin', 'revoke:vault:keys', 'revoke:vault:root'],
      ['vault/'],
    ]);
    const stays = ask(someone('Legal', { accounts, privileged: true }), { grace: true });
    expect(idsOf(stays.changes)).toEqual(['revoke:vault:root']);
  });

  it('never writes an account that another system provisions', () => {
    const accounts = [
      account('ad', [], { managedBy: 'okta', status: 'disabled' }),
      account('crm', ['seller'], { managedBy: 'okta' }),
    ];
    const revoke: Change = {
      ...{ id: 'revoke:crm:seller', target: 'crm', action: 'revoke', entitlement: 'seller' },
      ...{ summary: 'take seller from GT-48291', because: 'it was revoked', after: [] },
    };
    const plan = ask(someone('Support', { accounts }), { grace: true, more: [revoke] });
    expect([plan.changes, plan.kept]).toEqual([[], []]);
  });

  it('only says what it would do at a target that is watched, asks nobody about it, and proposes at one that may', () => {
    const modes = targets.map((each) => ({
      ...each,
      mode: each.name === 'erp' ? ('observe' as const) : each.name === 'ad' ? ('propose' as const) : each.mode,
    }));
    const plan = ask(someone('Finance'), { targets: modes });
    expect([idsOf(plan.changes), idsOf(plan.proposed), idsOf(plan.observed), plan.asks]).toEqual([
      [],
      ['create:ad', 'grant:ad:staff'],
      ['create:erp', 'grant:erp:approve', 'grant:erp:payments'],
      [],
    ]);
  });
});

describe('separation of duties', () => {
  const buyer = (department: string, more: Partial<Person> = {}) =>
    someone(department, { accounts: [account('ad', ['staff']), account('erp', ['vendors'])], ...more });
  const reason = (against: string) =>
    `separation of duties stops payments in erp; payments (who makes vendors pays none): not together with ${against}`;

  it('takes old access that is in the way first and without its grace, and gives the new after it', () => {
    const plan = ask(buyer('Finance'), { grace: true });
    expect(plan.changes.map(({ id, after }) => [id, after])).toEqual([
      ['grant:erp:payments', ['revoke:erp:vendors']],
      ['revoke:erp:vendors', []],
    ]);
    expect([plan.kept, plan.stopped]).toEqual([[], []]);
  });

  it('ends a grace that runs, when something new is in conflict with it', () => {
    const grants = [grant('erp', 'vendors', { origin: 'grace', until: later })];
    const plan = ask(buyer('Finance', { grants }));
    expect(plan.changes.map(({ id, after }) => [id, after])).toEqual([
      ['grant:erp:payments', ['revoke:erp:vendors']],
      ['revoke:erp:vendors', []],
    ]);
  });

  it('leaves no grace beside what they hold already, neither one that runs nor a new one', () => {
    const both = [account('ad', ['staff']), account('erp', ['approve', 'payments', 'vendors'])];
    const grants = [grant('erp', 'vendors', { origin: 'grace', until: later })];
    for (const plan of [
      ask(someone('Finance', { accounts: both, grants })),
      ask(someone('Finance', { accounts: both }), { grace: true }),
    ]) {
      expect(plan.changes.map(({ id, because }) => [id, because])).toEqual([
        ['revoke:erp:vendors', 'separation of duties: no grace beside payments in erp'],
      ]);
      expect([plan.kept, plan.stopped]).toEqual([[], []]);
    }
    // What an exception allows beside anything keeps its grace; a message to somebody takes nothing from them.
    const allowed = [...grants, grant('erp', 'payments', { origin: 'exception', until: later })];
    expect(ask(someone('Finance', { accounts: both, grants: allowed })).changes).toEqual([]);
    expect(ask(someone('Finance', { accounts: both, grants }), { align: false }).changes).toEqual([]);
  });

  it('leaves after any plan no old access in grace beside what it is in conflict with, as far as Muster can take it', () => {
    fc.assert(
      fc.property(question, ({ person, grace }) => {
        const plan = ask(person, { grace });
        const after = carriedOut(person, plan);
        const running = after.grants.filter(
          ({ origin, until = '' }) => origin !== 'adopted' && origin !== 'requested' && until > at,
        );
        const named = (wanted: Grant['origin'], ref: EntitlementRef) =>
          running.some(
            ({ origin, target, entitlement }) =>
              origin === wanted && target === ref.target && entitlement === ref.entitlement,
          );
        // What something else gives as well is not old access.
        const without = { ...after, grants: after.grants.filter(({ origin }) => origin !== 'grace') };
        const due = desiredAccess(policy, without, at);
        const isOld = (ref: EntitlementRef) =>
          named('grace', ref) &&
          !due.some((each) => each.target === ref.target && each.entitlements.some(({ id }) => id === ref.entitlement));
        const held = after.accounts.flatMap(({ target, entitlements, kind }) =>
          entitlements.map((entitlement) => ({ target, entitlement, kind })),
        );
        // Nothing is planned for admin accounts, nor while somebody is kept out.
        const isOutOfReach = (ref: EntitlementRef) =>
          held.some(
            (each) => each.kind !== 'primary' && each.target === ref.target && each.entitlement === ref.entitlement,
          );
        if (desiredAccess(policy, after, at).length === 0) return;
        for (const { one, other } of violations(policy, held)) {
          const old = [one, other].filter(isOld);
          if (old.length !== 1 || named('exception', one) || named('exception', other)) continue;
          expect(old.every(isOutOfReach)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('stops what is in conflict with access that stays, an admin account’s too, before anything of it is changed', () => {
    const admin = account('erp', ['vendors'], { kind: 'admin' });
    const plan = ask(someone('Finance', { accounts: [account('ad', ['staff']), admin] }), { grace: true });
    expect(idsOf(plan.changes)).toEqual(['create:erp']);
    expect(plan.stopped.map((each) => [each.change.id, each.reason])).toEqual([
      ['grant:erp:payments', reason('vendors in erp')],
    ]);
    const requested = ask(buyer('Finance', { grants: [grant('erp', 'vendors')] }), { grace: true });
    expect(requested.stopped.map(({ change }) => change.id)).toEqual(['grant:erp:payments']);
  });

  it('does not end what a rule gives again, and counts no accounts of machines', () => {
    const grants = [grant('crm', 'refunds', { origin: 'grace', until: later }), grant('erp', 'vendors')];
    const seller = someone('Sales', { accounts: [account('ad'), account('crm', ['refunds'])], grants });
    const plan = ask(seller);
    expect(idsOf(plan.changes)).not.toContain('revoke:crm:refunds');
    expect(plan.stopped.map(({ change }) => change.id)).toEqual(['grant:erp:vendors']);
    const machine = account('erp', ['vendors'], { kind: 'service' });
    expect(ask(someone('Finance', { accounts: [machine] })).stopped).toEqual([]);
  });

  it('stops it too where the old is at a target that Muster only watches', () => {
    const watched = targets.map((each) => (each.name === 'crm' ? { ...each, mode: 'observe' as const } : each));
    const seller = someone('Purchasing', { accounts: [account('ad', ['staff']), account('crm', ['refunds'])] });
    const plan = ask(seller, { grace: true, targets: watched });
    expect([idsOf(plan.changes), plan.stopped.map(({ change }) => change.id)]).toEqual([
      ['create:erp'],
      ['grant:erp:vendors'],
    ]);
  });

  it('lets an exception have both until its end, and takes back then what it allowed, rule or no rule', () => {
    const exception = (until: string) => [grant('erp', 'payments', { origin: 'exception', until })];
    const both = [account('ad', ['staff']), account('erp', ['vendors'])];
    const asked = [grant('erp', 'vendors')];
    const during = someone('Finance', { accounts: both, grants: [...asked, ...exception(later)] });
    expect(idsOf(ask(during).changes)).toEqual(['grant:erp:payments']);
    const having = [account('ad', ['staff']), account('erp', ['payments', 'vendors'])];
    const after = someone('Finance', { accounts: having, grants: [...asked, ...exception(later)] });
    expect(idsOf(ask(after).changes)).toEqual([]);
    const over = ask(after, { at: later });
    expect(idsOf(over.changes)).toEqual(['revoke:erp:payments']);
    expect(over.stopped.map(({ reason: why }) => why)).toEqual([
      `the exception that allowed payments in erp ended at ${later}: payments (who makes vendors pays none)`,
    ]);
  });

  it('asks nobody to agree to what it would stop', () => {
    const more = parsePolicy(`
version: 1
zones: { default: UTC }
rules: [{ id: big, why: much, when: 'true', give: [{ target: erp, entitlements: [payments, read] }], approval: boss }]
approvals: { rules: { boss: { steps: [{ by: manager }] } } }
requestable: [{ id: vendors, why: vendors, target: erp, entitlement: vendors }]
separationOfDuties: [{ id: pay, why: no, one: [{ target: erp, entitlement: vendors }], other: [{ target: erp, entitlement: payments }] }]
exceptions: { owner: o }
`);
    const plan = ask(buyer('Finance', { grants: [grant('erp', 'vendors')] }), { policy: more });
    expect(plan.asks.flatMap(({ items }) => items.map(({ entitlement }) => entitlement))).toEqual(['read']);
    expect(plan.stopped.map(({ change }) => change.id)).toEqual(['grant:erp:payments']);
  });
});
