import { describe, expect, test } from 'vitest';
import { idOf } from '../../../src/targets/scim/sandbox-directory.ts';
import type { AccountAttributes, ListedAccount, Target } from '../../../src/targets/target.ts';
import { decoyOf } from '../bench.ts';
import { portalOfTests, sarah } from './portal.ts';

const { bench, one, connect } = portalOfTests();
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const onboarding = 'urn:muster:params:scim:schemas:extension:onboarding:2.0:User';
const decoy = decoyOf(sarah);

/** What the portal itself holds of Sarah's primary user. */
const held = async () => (await bench().accounts(sarah.workerId)).find(({ name }) => name === sarah.email);
const update = async (target: Target, wanted: AccountAttributes) =>
  target.accounts?.update?.(await one(target), wanted, bench().context());
const listAll = async (target: Target): Promise<ListedAccount[]> => {
  const listed: ListedAccount[] = [];
  for await (const page of target.accounts?.list?.(bench().context()) ?? []) listed.push(...page);
  return listed;
};

const wanted = {
  lastName: 'Chen-Lee',
  department: 'Platform',
  jobTitle: 'Staff Engineer',
  managerId: decoy.workerId,
  startDate: '2026-01-12',
};
const written = {
  name: { givenName: 'Sarah', familyName: 'Chen-Lee' },
  title: 'Staff Engineer',
  active: true,
  userName: sarah.email,
  externalId: sarah.workerId,
  [enterprise]: { department: 'Platform', manager: { value: idOf(`user ${decoy.email}`) } },
  [onboarding]: { startDate: '2026-01-12' },
};

describe('attributes', () => {
  test.each([
    ['a PATCH with paths', {}, undefined],
    ['a PATCH without paths', { dialect: { patch: 'pathless' } }, 'pathlessOnly'],
    ['a PATCH in capitals', { dialect: { operations: 'capital' } }, 'capitalOperations'],
    ['a PUT', {}, 'noPatch'],
  ])('%s writes what differs where it belongs, and takes out what is emptied', async (_how, settings, vendor) => {
    if (vendor !== undefined) await bench().fault({ vendor });
    const target = connect(settings);
    expect(await update(target, wanted)).toBe('changed');
    expect(await update(target, wanted)).toBe('already');
    expect((await held())?.['resource']).toMatchObject(written);
    expect(await update(target, { department: null, jobTitle: null, managerId: null })).toBe('changed');
    const resource = (await held())?.['resource'];
    expect(resource).not.toHaveProperty('title');
    expect(resource).toMatchObject({ [enterprise]: {}, [onboarding]: { startDate: '2026-01-12' } });
    expect(await update(target, { department: null, managerId: null })).toBe('already');
    expect(await bench().operations()).toEqual([`update user ${sarah.email}`, `update user ${sarah.email}`]);
  });

  test('a place that the settings name is taken, and what has none is left out', async () => {
    const target = connect({ attributes: { startDate: 'title' }, managedAttributes: ['managerId'] });
    expect(await update(target, { ...wanted, lastName: 'Chen' })).toBe('changed');
    expect((await held())?.['resource']).toMatchObject({ title: '2026-01-12' });
    expect((await held())?.['resource']).not.toHaveProperty([enterprise]);
  });

  test('somebody else’s change in between is a conflict with a PUT', async () => {
    await bench().fault({ vendor: 'noPatch' });
    const target = connect({ update: 'put' });
    const account = await one(target);
    await bench().fault({ vendor: 'staleVersion' });
    await expect(target.accounts?.update?.(account, wanted, bench().context())).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

describe('the full list', () => {
  test('a walk over all groups gives the same as a search for each user', async () => {
    const searched = await listAll(connect());
    expect(await listAll(connect({ groups: 'walk' }))).toEqual(searched);
    expect(searched.flatMap(({ entitlements }) => entitlements).length).toBeGreaterThan(0);
  });

  test('a member of a privileged group is privileged', async () => {
    const target = connect({ privilegedGroups: [idOf('group First week')] });
    const names = (await listAll(target)).filter(({ privileged }) => privileged).map(({ name }) => name);
    expect(names.sort()).toEqual([decoy, sarah].flatMap(({ email }) => [`adm-${email}`, email]).sort());
  });

  test('a server that ignores startIndex is found out', async () => {
    await bench().fault({ vendor: 'samePage' });
    await expect(listAll(connect())).rejects.toMatchObject({ code: 'protocol' });
  });
});
