import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { searchTexts } from '../../../src/targets/cyberark/users.ts';
import type { AccountSeen, Target } from '../../../src/targets/target.ts';
import { context, type Door, keys, openDoor } from './vault.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const find = async (target: Target, knownAccounts: string[] = []): Promise<AccountSeen[]> =>
  (await target.accounts?.find({ ...keys, knownAccounts }, context())) ?? [];

describe('finding users', () => {
  test('one search finds all names that contain each other', () => {
    const names = ['sarah.chen', 'sarah.chen@globaltech.example', 'gt-48291', 'adm-sarah.chen', 'adm-gt-48291'];
    expect(searchTexts(names)).toEqual(['sarah.chen', 'gt-48291']);
  });

  test('a name that cannot stand in an address is searched by its longest part', () => {
    expect(searchTexts(['s+chen', 'a b&cde%f'])).toEqual(['chen', 'cde']);
  });

  test('a user who merely contains the name is not found, a component of the product neither', async () => {
    door.edit((vault) => {
      const [, user] = vault.users;
      if (user === undefined) throw new Error('no user');
      vault.users.push({ ...user, id: 900, username: 'old-sarah.chen' });
      vault.users.push({ ...user, id: 901, username: 'GT-48291', component: true });
    });
    expect((await find(door.connect())).map((account) => [account.name, account.kind])).toEqual([
      ['sarah.chen', 'primary'],
      ['adm-sarah.chen', 'admin'],
    ]);
  });

  test('names are the same in any case', async () => {
    door.edit((vault) => {
      for (const user of vault.users) user.username = user.username.toUpperCase();
    });
    expect((await find(door.connect())).map((account) => account.name)).toEqual(['SARAH.CHEN', 'ADM-SARAH.CHEN']);
  });

  test('where lists say no status, each user is asked for it', async () => {
    door.edit((vault) => {
      vault.briefLists = true;
      for (const user of vault.users) user.enableUser = user.username === 'sarah.chen';
    });
    expect((await find(door.connect())).map((account) => account.status)).toEqual(['enabled', 'disabled']);
  });

  test('a user whom the worker id field gives to somebody else is not the person’s; an empty field decides nothing', async () => {
    door.edit((vault) => {
      for (const user of vault.users) {
        if (user.username === 'sarah.chen') user.profile = { ...user.profile, description: 'GT-10007' };
        if (user.username === 'adm-sarah.chen') user.profile = { ...user.profile, description: '' };
      }
    });
    const found = await find(door.connect({ workerIdField: 'description' }));
    expect(found.map((account) => account.name)).toEqual(['adm-sarah.chen']);
  });

  test('an id that the directory knows is found under any name, and shown as absent when it is gone', async () => {
    door.edit((vault) => {
      const user = vault.users.find((candidate) => candidate.username === 'adm-sarah.chen');
      if (user !== undefined) user.username = 'legacy-root';
    });
    expect(await find(door.connect(), ['102', '999'])).toMatchObject([
      { id: '101', name: 'sarah.chen', status: 'enabled' },
      { id: '102', name: 'legacy-root', kind: 'primary', status: 'enabled' },
      { id: '999', status: 'absent', entitlements: [] },
    ]);
  });

  test('every path ends with a slash, so that no dot in it is taken for a file', async () => {
    const target = door.connect();
    for (const account of await find(target)) {
      for (const safe of account.entitlements) await target.entitlements?.revoke(account, safe, context());
    }
    expect(door.requests.filter((request) => request.includes('sarah.chen/')).length).toBeGreaterThan(0);
    expect(door.requests.filter((request) => !request.split('?')[0]?.endsWith('/'))).toEqual([]);
  });
});

describe('logging on', () => {
  const logons = () => door.requests.filter((request) => request.includes('/Logon')).length;

  test('happens once for calls side by side, and once more when the vault has forgotten the token', async () => {
    const target = door.connect();
    await Promise.all([find(target), find(target), find(target)]);
    expect(logons()).toBe(1);
    door.edit(() => {});
    expect(await find(target)).toHaveLength(2);
    expect(logons()).toBe(2);
  });

  test('with a wrong password it is refused as credentials after one try, and says neither password nor user', async () => {
    const login = { type: 'vault', username: 'svc-other', password: 'env:CYBERARK_PASSWORD' };
    const failed: unknown = await door
      .connect({ login })
      .check(context())
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 'credentials',
      message: 'CyberArk: log on answered 403 ITATS004E',
      advice: expect.stringContaining('suspended'),
    });
    expect(logons()).toBe(1);
  });

  test('with a wrong secret of the identity tenant it is refused as credentials', async () => {
    const login = { type: 'platform', identityUrl: door.url, clientId: 'nobody', clientSecret: 'env:CYBERARK_SECRET' };
    await expect(door.connect({ login }).check(context())).rejects.toMatchObject({ code: 'credentials' });
  });
});

describe('switching users', () => {
  test('before 12.6 the whole user is written instead, and nothing else of it changes', async () => {
    const target = door.connect();
    const account = (await find(target))[0];
    if (account === undefined) throw new Error('nobody found');
    const before = door.vault().users;
    door.fault = { vendor: 'olderVersion' };
    expect(await target.accounts?.disable(account, context())).toBe('changed');
    expect(door.obeyed).toEqual(['disable user sarah.chen']);
    expect(door.vault().users).toEqual(
      before.map((user) => (user.username === 'sarah.chen' ? { ...user, enableUser: false } : user)),
    );
    expect(await target.accounts?.enable(account, context())).toBe('changed');
    expect(door.vault().users).toEqual(before);
  });

  test('a user who is gone is closed already, and cannot be opened', async () => {
    const target = door.connect();
    const account = (await find(target))[0];
    if (account === undefined) throw new Error('nobody found');
    door.edit((vault) => {
      vault.users = [];
    });
    expect(await target.accounts?.disable(account, context())).toBe('already');
    await expect(target.accounts?.enable(account, context())).rejects.toMatchObject({ code: 'not-found' });
  });
});
