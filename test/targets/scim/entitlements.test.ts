import { describe, expect, test } from 'vitest';
import { idOf } from '../../../src/targets/scim/sandbox-directory.ts';
import { abilities, portalOfTests } from './portal.ts';

const { bench, connect, one } = portalOfTests();
const everybody = idOf('group Everybody');

describe('groups', () => {
  test('as the user shows them, where the server does: its own, and not those that come by way of another', async () => {
    await bench().fault({ vendor: 'userGroups' });
    const account = await one(connect({ groups: 'user' }));
    expect(account.entitlements).toEqual(
      ['Everybody', 'First week', 'Engineering'].map((name) => idOf(`group ${name}`)).sort(),
    );
  });

  test('a server that shows no members is believed in a search, and is not put over', async () => {
    await bench().fault({ vendor: 'hiddenMembers' });
    const target = connect({ update: 'put' });
    const account = await one(target);
    expect(account.entitlements).toContain(everybody);
    await expect(abilities(target).entitlements.revoke(account, everybody, bench().context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('would take all out'),
    });
    expect(await bench().operations()).toEqual([]);
    expect(await abilities(connect()).entitlements.revoke(account, everybody, bench().context())).toBe('changed');
  });

  test('a server without groups is one when muster.yaml says so', async () => {
    await bench().fault({ vendor: 'noGroups' });
    await expect(connect().check(bench().context())).rejects.toMatchObject({ code: 'not-found' });
    const target = connect({ groups: 'none' });
    expect(await target.check(bench().context())).toMatch(/: 4 users, changed/);
    expect(target.entitlements).toBeUndefined();
    const found = await target.accounts?.find(
      { person: 'p', workerIds: ['GT-48291'], knownAccounts: [] },
      bench().context(),
    );
    expect(found?.map(({ entitlements }) => entitlements)).toEqual([[]]);
  });

  test.each(['patch', 'put'])(
    'by %s: a group or user that is not there is not found to give, and already without to take',
    async (update) => {
      const target = connect({ update });
      const account = await one(target);
      const { grant, revoke } = abilities(target).entitlements;
      await expect(grant(account, 'no-such-group', bench().context())).rejects.toMatchObject({ code: 'not-found' });
      await expect(grant({ ...account, id: 'gone' }, everybody, bench().context())).rejects.toMatchObject({
        code: 'not-found',
      });
      expect(await revoke(account, 'no-such-group', bench().context())).toBe('already');
      expect(await revoke({ ...account, id: 'gone' }, everybody, bench().context())).toBe('already');
      expect(await bench().operations()).toEqual([]);
    },
  );

  test('the first member of an empty group can be put', async () => {
    const target = connect({ update: 'put' });
    const account = await one(target, 'admin');
    const group = account.entitlements[0] ?? '';
    const { grant, revoke } = abilities(target).entitlements;
    for (const other of await bench().accounts('GT-482910')) {
      await revoke({ ...account, id: other.id }, group, bench().context());
    }
    expect(await revoke(account, group, bench().context())).toBe('changed');
    expect(await grant(account, group, bench().context())).toBe('changed');
    expect((await one(target, 'admin')).entitlements).toEqual([group]);
  });
});
