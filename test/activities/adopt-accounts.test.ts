import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFullReadActivities } from '../../activities/checks.ts';
import type { Store } from '../../src/directory/store.ts';
import type { Policy } from '../../src/policy/schema.ts';
import type { TargetEntry } from '../../src/targets/connect.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { memoryStore } from '../helpers/store.ts';
import { asActivity, dependenciesOf, noon, worker } from './checking.ts';

let store: Store;
beforeEach(async () => {
  store = await memoryStore();
  await store.transaction(async (tx) => {
    for (const id of ['GT-1', 'GT-2', 'GT-3', 'GT-4']) await tx.createPerson(worker(id));
    await tx.updatePerson('GT-4', { state: 'Terminated' });
  });
});
afterEach(() => store.close());

const policy: Partial<Policy> = {
  rules: [
    {
      ...{ id: 'everybody', why: 'all use it', when: 'true', privileged: false },
      give: [{ target: 'crm', entitlements: ['staff'] }],
      holds: () => true,
    },
  ],
  requestable: [],
};

const accounts = () =>
  new FakeTarget([
    { id: 'one', worker: 'GT-1', enabled: true, entitlements: ['reports', 'staff'] },
    { id: 'one-adm', worker: 'GT-1', kind: 'admin', enabled: true, entitlements: ['admins'] },
    { id: 'two', worker: '', email: 'GT-2@globaltech.example', enabled: false, entitlements: ['staff', 'old'] },
    { id: 'both', worker: 'GT-3', email: 'gt-2@globaltech.example', enabled: true },
    { id: 'ghost', worker: 'GT-404', kind: 'service', enabled: true },
    { id: 'left', worker: 'GT-4', enabled: true, entitlements: ['staff'] },
  ]);

function adopting(crm: FakeTarget, managedBy?: TargetEntry['managedBy']) {
  const { dependencies } = dependenciesOf(store, { policy, targets: { crm } });
  const connected = dependencies.targets.get('crm');
  if (connected !== undefined && managedBy !== undefined) Object.assign(connected.entry, { managedBy });
  return (dryRun: boolean, run: string) =>
    asActivity(() =>
      createFullReadActivities(dependencies).adoptAccounts({
        ...{ target: 'crm', dryRun, by: 'admin-1', workflowId: 'adopt:crm', run, now: noon },
      }),
    );
}

const people = async () =>
  (await store.read((reader) => reader.people({}, {}))).items.map(({ id, accounts, grants }) => ({
    id,
    accounts,
    grants,
  }));

const expected = {
  ...{ target: 'crm', accounts: 6, matched: 4, recorded: 4, grants: 1 },
  ambiguous: { count: 1, items: [{ account: 'both', people: ['GT-3', 'GT-2'] }] },
  orphans: { count: 1, items: [{ account: 'ghost', kind: 'service', status: 'enabled' }] },
  privileged: { count: 1, items: [{ account: 'one-adm', kind: 'admin', person: 'GT-1' }] },
};

describe('adopting what a target holds', () => {
  it('records whose it is and what goes beyond policy, touches nothing there, and changes nothing a second time', async () => {
    const crm = accounts();
    const adopt = adopting(crm);
    expect(await adopt(false, 'R1')).toEqual({ ...expected, dryRun: false });
    const recorded = await people();
    const account = { target: 'crm', origin: 'adopted', seenAt: noon };
    expect(recorded).toEqual([
      {
        id: 'GT-1',
        accounts: [
          {
            ...{ ...account, id: 'one', name: 'one', kind: 'primary', owner: 'GT-1', status: 'enabled' },
            entitlements: ['reports', 'staff'],
          },
          {
            ...{ ...account, id: 'one-adm', name: 'one-adm', kind: 'admin', owner: 'GT-1', status: 'enabled' },
            entitlements: ['admins'],
          },
        ],
        grants: [
          {
            ...{ target: 'crm', entitlement: 'reports', origin: 'adopted', event: 'adopt:crm', at: noon },
            ...{ because: 'it was there when Muster came', privileged: false },
          },
        ],
      },
      {
        id: 'GT-2',
        accounts: [
          {
            ...{ ...account, id: 'two', name: 'two', kind: 'primary', owner: 'GT-2', status: 'disabled' },
            entitlements: ['old', 'staff'],
          },
        ],
        grants: [],
      },
      { id: 'GT-3', accounts: [], grants: [] },
      {
        id: 'GT-4',
        accounts: [
          {
            ...{ ...account, id: 'left', name: 'left', kind: 'primary', owner: 'GT-4', status: 'enabled' },
            entitlements: ['staff'],
          },
        ],
        grants: [],
      },
    ]);
    expect(await adopt(false, 'R2')).toEqual({ ...expected, dryRun: false, recorded: 0, grants: 0 });
    expect(await people()).toEqual(recorded);
    expect(crm.changes).toEqual([]);
  });

  it('says the same on a dry run, and records nothing', async () => {
    expect(await adopting(accounts())(true, 'R1')).toEqual({ ...expected, dryRun: true });
    expect((await people()).flatMap(({ accounts, grants }) => [...accounts, ...grants])).toEqual([]);
    const evidence = await store.read((reader) => reader.evidence({ workflowId: 'adopt:crm' }, {}));
    expect(evidence.items).toEqual([]);
  });

  it('of an account that is known, keeps where it came from and brings the rest up to date', async () => {
    const crm = new FakeTarget([{ id: 'one', worker: 'GT-1', enabled: true, entitlements: ['staff'] }]);
    await store.transaction((tx) =>
      tx.putAccount({
        ...{ target: 'crm', id: 'one', name: 'old name', kind: 'primary', owner: 'GT-1', origin: 'created' },
        ...{ status: 'disabled', entitlements: [] },
      }),
    );
    await adopting(crm)(false, 'R1');
    expect((await people())[0]?.accounts).toEqual([
      {
        ...{ target: 'crm', id: 'one', name: 'one', kind: 'primary', owner: 'GT-1', origin: 'created' },
        ...{ status: 'enabled', entitlements: ['staff'], seenAt: noon },
      },
    ]);
  });

  it('an account that no rule gives is adopted as access itself', async () => {
    const { dependencies } = dependenciesOf(store, {
      policy: { ...policy, rules: [] },
      targets: { crm: new FakeTarget([{ id: 'one', worker: 'GT-1', enabled: true }]) },
    });
    const request = { target: 'crm', dryRun: false, by: 'admin-1', workflowId: 'adopt:crm', run: 'R1', now: noon };
    await asActivity(() => createFullReadActivities(dependencies).adoptAccounts(request));
    expect((await people())[0]?.grants.map(({ entitlement }) => entitlement)).toEqual(['']);
  });

  it('what another system provisions is marked as its own, and is no access for Muster to plan', async () => {
    const adopt = adopting(accounts(), { system: 'SailPoint', attributes: [], accounts: true });
    await adopt(false, 'R1');
    const [first] = await people();
    expect(first?.accounts.map(({ id, managedBy }) => [id, managedBy])).toEqual([
      ['one', 'SailPoint'],
      ['one-adm', 'SailPoint'],
    ]);
    expect(first?.grants).toEqual([]);
  });
});
