import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCheckActivities, createFullReadActivities } from '../../activities/checks.ts';
import type { NewPerson, Store } from '../../src/directory/store.ts';
import type { Account } from '../../src/model/person.ts';
import type { Policy } from '../../src/policy/schema.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { memoryStore } from '../helpers/store.ts';
import { asActivity, dependenciesOf, noon, worker } from './checking.ts';

let store: Store;
beforeEach(async () => {
  store = await memoryStore();
});
afterEach(() => store.close());

/** Everybody who works here has `staff` in the crm; nobody has anything elsewhere. */
const rules: Policy['rules'] = [
  {
    ...{ id: 'everybody', why: 'all use it', when: 'true', privileged: false },
    give: [{ target: 'crm', entitlements: ['staff'] }],
    holds: () => true,
  },
];
const policyOf = (drift: Partial<Policy['drift']>): Partial<Policy> => ({
  rules,
  requestable: [],
  drift: { every: 1, unplanned: 'report', orphan: 'report', vanished: 'report', ...drift },
});

const account = (owner: string, more: Partial<Account> = {}): Account => ({
  ...{ target: 'crm', id: `a-${owner}`, name: owner, kind: 'primary', owner, origin: 'created', status: 'enabled' },
  entitlements: ['staff'],
  ...more,
});

async function add(id: string, more: Partial<NewPerson> = {}, known: Partial<Account> | 'none' = {}) {
  await store.transaction(async (tx) => {
    await tx.createPerson(worker(id, more));
    if (known !== 'none') await tx.putAccount(account(id, known));
  });
}

const live = (worker: string, more: object = {}) => ({
  ...{ id: `a-${worker}`, worker, enabled: true, entitlements: ['staff'] },
  ...more,
});

let runs = 0;
function reading(
  crm: FakeTarget,
  drift: Partial<Policy['drift']> = {},
  mode: 'observe' | 'propose' | 'enforce' = 'enforce',
) {
  const made = dependenciesOf(store, { policy: policyOf(drift), targets: { crm }, mode });
  runs += 1;
  const run = { workflowId: `reconcile-run-${runs}`, run: `R${runs}`, now: noon };
  return {
    ...made,
    run: run.run,
    reconcile: () =>
      asActivity(() => createFullReadActivities(made.dependencies).reconcileTarget({ ...run, target: 'crm' })),
    unread: (message: string) =>
      createCheckActivities(made.dependencies).targetUnread({ ...run, target: 'crm', message }),
    findings: async () =>
      (await store.read((reader) => reader.evidence({ workflowId: run.workflowId }, {}))).items
        .filter(({ kind }) => kind === 'drift-found')
        .flatMap(({ data }) => data['findings']),
  };
}

const open = async () =>
  (await store.read((reader) => reader.exceptions({ open: true }, {}))).items.map(({ id, person }) => ({
    id: id.replace(/R\d+$/, 'R'),
    ...(person === undefined ? {} : { person }),
  }));

describe('reading a target in full', () => {
  it('finds nothing where all is as it should be, however many pages there are', async () => {
    const ids = Array.from({ length: 7 }, (_, index) => `GT-${index}`);
    for (const id of ids) await add(id);
    const crm = new FakeTarget(ids.map((id) => live(id)));
    const { reconcile, findings, started } = reading(crm);
    expect(await reconcile()).toEqual({
      ...{ target: 'crm', accounts: 7, repairs: 0 },
      found: { 'live-leaver': 0, unplanned: 0, orphan: 0, vanished: 0 },
    });
    expect([await findings(), started, crm.changes]).toEqual([[], [], []]);
  });

  it("closes a leaver's open account at once, whatever policy says of other drift", async () => {
    await add('GT-1', { state: 'Terminated' }, { status: 'disabled', entitlements: [] });
    await add('GT-2', { state: 'Terminated' }, { status: 'disabled', entitlements: [] });
    const crm = new FakeTarget([live('GT-1'), live('GT-2', { enabled: false })]);
    const { reconcile, findings, started, run } = reading(crm);
    expect(await reconcile()).toMatchObject({ found: { 'live-leaver': 1 }, repairs: 1 });
    expect(started).toEqual([
      {
        ...{ key: `muster:reconcile.${run}-crm.GT-1`, source: 'muster', id: `reconcile.${run}-crm.GT-1` },
        ...{ type: 'drift-found', subject: 'GT-1', enteredAt: noon, receivedAt: noon, payloadHash: expect.any(String) },
        data: { findings: [{ target: 'crm', account: 'a-GT-1', finding: 'live-leaver' }] },
      },
    ]);
    expect(await findings()).toEqual([{ account: 'a-GT-1', finding: 'live-leaver', person: 'GT-1', action: 'repair' }]);
    await reconcile();
    expect(started).toHaveLength(1);
  });

  it('finds what nobody planned, what belongs to nobody, and what is gone; and reports it where policy says no more', async () => {
    await add('GT-1');
    await add('GT-2');
    await add('GT-3');
    const crm = new FakeTarget([
      live('GT-1', { entitlements: ['staff', 'admins'] }),
      live('GT-2', { entitlements: [] }),
      live('ex', { worker: '' }),
      live('ex2', { worker: 'GT-404', enabled: false }),
    ]);
    const { reconcile, findings, started } = reading(crm);
    expect(await reconcile()).toEqual({
      ...{ target: 'crm', accounts: 4, repairs: 0 },
      found: { 'live-leaver': 0, unplanned: 1, orphan: 1, vanished: 2 },
    });
    expect(await findings()).toEqual([
      { account: 'a-GT-1', entitlement: 'admins', finding: 'unplanned', person: 'GT-1', action: 'report' },
      { account: 'a-GT-2', entitlement: 'staff', finding: 'vanished', person: 'GT-2', action: 'report' },
      { account: 'a-ex', finding: 'orphan', action: 'report' },
      { account: 'a-GT-3', finding: 'vanished', person: 'GT-3', action: 'report' },
    ]);
    expect([started, await open()]).toEqual([[], []]);
  });

  it('has one event for all that is to be repaired of a person', async () => {
    await add('GT-1', {}, { entitlements: ['staff'] });
    const crm = new FakeTarget([live('GT-1', { entitlements: ['admins', 'finance'] })]);
    const { reconcile, started } = reading(crm, { unplanned: 'repair', vanished: 'repair' });
    await reconcile();
    expect(started.map(({ data }) => data)).toEqual([
      {
        findings: [
          { target: 'crm', account: 'a-GT-1', entitlement: 'admins', finding: 'unplanned' },
          { target: 'crm', account: 'a-GT-1', entitlement: 'finance', finding: 'unplanned' },
          { target: 'crm', account: 'a-GT-1', entitlement: 'staff', finding: 'vanished' },
        ],
      },
    ]);
  });

  it('asks once however often it is seen, and closes what is so no more', async () => {
    await add('GT-1');
    const crm = new FakeTarget([live('GT-1', { entitlements: ['staff', 'admins'] }), live('x', { worker: '' })]);
    const asked = { unplanned: 'ask', orphan: 'ask' } as const;
    await reading(crm, asked).reconcile();
    await reading(crm, asked).reconcile();
    expect(await open()).toEqual([
      { id: 'reconcile/crm/orphan/nobody/R' },
      { id: 'reconcile/crm/unplanned/GT-1/R', person: 'GT-1' },
    ]);
    crm.accounts.set('a-GT-1', live('GT-1'));
    await reading(crm, asked).reconcile();
    expect(await open()).toEqual([{ id: 'reconcile/crm/orphan/nobody/R' }]);
  });

  it('knows an account by itself, by its number or by its address, and takes the first of two for neither', async () => {
    await add('GT-1', {}, 'none');
    await add('GT-2', {}, 'none');
    const crm = new FakeTarget([
      live('m', { worker: '', email: 'GT-1@globaltech.example' }),
      live('n', { worker: 'GT-2', email: 'gt-1@globaltech.example' }),
    ]);
    const { reconcile, findings } = reading(crm);
    await reconcile();
    expect(await findings()).toEqual([{ account: 'a-n', finding: 'orphan', action: 'report' }]);
  });

  it('reads again before it says so: what was mended meanwhile is no drift', async () => {
    await add('GT-1', { state: 'Terminated' }, { status: 'disabled', entitlements: [] });
    const crm = new FakeTarget([live('GT-1')]);
    crm.misbehave = (operation) => {
      if (operation === 'read a-GT-1') crm.accounts.set('a-GT-1', live('GT-1', { enabled: false, entitlements: [] }));
    };
    const { reconcile, started } = reading(crm);
    expect(await reconcile()).toMatchObject({ found: { 'live-leaver': 0 } });
    expect(started).toEqual([]);
  });

  it('at a target that is only observed, nothing is repaired, and a leaver is asked about', async () => {
    await add('GT-1', { state: 'Terminated' }, { status: 'disabled', entitlements: [] });
    await add('GT-2');
    const crm = new FakeTarget([live('GT-1'), live('GT-2', { entitlements: ['staff', 'admins'] })]);
    const { reconcile, started } = reading(crm, { unplanned: 'repair' }, 'observe');
    await reconcile();
    expect(started).toEqual([]);
    expect(await open()).toEqual([{ id: 'reconcile/crm/live-leaver/GT-1/R', person: 'GT-1' }]);
  });

  it('leaves to another system what that provisions, except that a leaver is told of', async () => {
    await add('GT-1', { state: 'Terminated' }, { status: 'disabled', entitlements: [], managedBy: 'SailPoint' });
    await add('GT-2', {}, { managedBy: 'SailPoint' });
    const crm = new FakeTarget([live('GT-1'), live('GT-2', { entitlements: ['admins'] })]);
    const { reconcile, started } = reading(crm, { unplanned: 'repair', vanished: 'repair' });
    expect(await reconcile()).toMatchObject({
      found: { 'live-leaver': 1, unplanned: 0, orphan: 0, vanished: 0 },
    });
    expect(started).toEqual([]);
    expect(await open()).toEqual([{ id: 'reconcile/crm/live-leaver/GT-1/R', person: 'GT-1' }]);
  });

  it('measures admin accounts by what they had, and suspended people by their closed doors', async () => {
    await add('GT-1');
    await store.transaction((tx) =>
      tx.putAccount(account('GT-1', { id: 'adm', kind: 'admin', entitlements: ['domain'] })),
    );
    await add('GT-2', { state: 'Suspended' });
    const crm = new FakeTarget([
      live('GT-1'),
      live('GT-1', { id: 'adm', kind: 'admin', entitlements: ['domain', 'schema'] }),
      live('GT-1', { id: 'svc', kind: 'service', entitlements: ['anything'] }),
      live('GT-2'),
    ]);
    const { reconcile, findings } = reading(crm);
    await reconcile();
    expect(await findings()).toEqual([
      { account: 'adm', entitlement: 'schema', finding: 'unplanned', person: 'GT-1', action: 'report' },
      { account: 'a-GT-2', finding: 'unplanned', person: 'GT-2', action: 'report' },
    ]);
  });

  it('that cannot be read is an exception until it can be', async () => {
    const crm = new FakeTarget([]);
    await reading(crm).unread('crm answered 500.');
    await reading(crm).unread('crm answered 500.');
    expect(await open()).toEqual([{ id: 'reconcile/crm/unread/R' }]);
    await reading(crm).reconcile();
    expect(await open()).toEqual([]);
  });
});
