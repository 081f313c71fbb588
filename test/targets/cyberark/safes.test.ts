import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SafeMemberships } from '../../../src/targets/cyberark/safes.ts';
import type { AccountSeen, Target } from '../../../src/targets/target.ts';
import { context, type Door, keys, openDoor } from './vault.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const find = async (target: Target): Promise<Record<string, AccountSeen>> => {
  const found = (await target.accounts?.find(keys, context())) ?? [];
  return Object.fromEntries(found.map((account) => [account.kind, account]));
};
const one = (account: AccountSeen | undefined): AccountSeen => {
  if (account === undefined) throw new Error('no such account');
  return account;
};
const memberOf = (safe: string, name: string) =>
  door
    .vault()
    .safes.find((candidate) => candidate.name === safe)
    ?.members.find((member) => member.memberName === name);

describe('reading memberships', () => {
  test('names with a space or a dot are read, with what may be done there', async () => {
    const { primary, admin } = await find(door.connect());
    expect(primary?.entitlements).toEqual(['Engineering%20Shared']);
    expect(admin).toMatchObject({
      entitlements: ['Windows-Domain-Admins', 'sap.basis'],
      before: {
        safes: {
          'Windows-Domain-Admins': { permissions: { retrieveAccounts: true }, membershipExpirationDate: null },
          'sap.basis': { permissions: { retrieveAccounts: false }, membershipExpirationDate: null },
        },
      },
    });
  });

  test('safes and members beyond the first page of 25 are read', async () => {
    door.edit((vault) => {
      const [first] = vault.safes;
      const member = first?.members[0];
      if (first === undefined || member === undefined) throw new Error('no safe');
      const others = Array.from({ length: 60 }, (_, index) => ({ ...member, memberName: `other-${index}` }));
      for (let index = 0; index < 60; index += 1) {
        vault.safes.push({ id: `App-${index}`, name: `App-${index}`, readable: true, members: [] });
      }
      vault.safes.at(-1)?.members.push(...others, { ...member, memberName: 'sarah.chen' });
    });
    const { primary } = await find(door.connect());
    expect(primary?.entitlements).toEqual(['App-59', 'Engineering%20Shared']);
  });

  test('a safe that Muster may not see is said, and keeps nobody from being found', async () => {
    door.edit((vault) => {
      for (const safe of vault.safes) if (safe.name === 'sap.basis') safe.readable = false;
    });
    const target = door.connect();
    const { admin } = await find(target);
    expect(admin).toMatchObject({
      entitlements: ['Windows-Domain-Admins'],
      before: { unreadableSafes: ['sap.basis'] },
    });
    expect(await target.check(context())).toContain('may not see the members of sap.basis');
  });

  test('a safe that is broken keeps nobody from being found, and is read as soon as it is mended', async () => {
    const target = door.connect();
    door.broken = (request) => request.includes('/Safes/sap.basis/');
    expect((await find(target)).admin).toMatchObject({
      entitlements: ['Windows-Domain-Admins'],
      before: { unreadableSafes: ['sap.basis'] },
    });
    door.broken = undefined;
    const { admin } = await find(target);
    expect([admin?.entitlements, admin?.before['unreadableSafes']]).toEqual([
      ['Windows-Domain-Admins', 'sap.basis'],
      undefined,
    ]);
  });

  test('without a list of safes people are found all the same', async () => {
    door.broken = (request) => request.includes('/Safes/?');
    expect((await find(door.connect())).admin).toMatchObject({
      status: 'enabled',
      entitlements: [],
      before: { safes: {}, unreadableSafes: ['all'] },
    });
  });

  test('a membership that cannot be looked at does not pass for gone', async () => {
    const target = door.connect();
    const admin = one((await find(target)).admin);
    await target.entitlements?.revoke(admin, 'sap.basis', context());
    door.broken = (request) => request.includes('/Safes/sap.basis/Members/adm-');
    expect((await target.accounts?.read(admin.id, context()))?.entitlements).toContain('sap.basis');
    door.broken = undefined;
    expect((await target.accounts?.read(admin.id, context()))?.entitlements).toEqual(['Windows-Domain-Admins']);
  });

  test('a membership removed elsewhere is gone at once; one added elsewhere is seen when the list is a minute old', async () => {
    const target = door.connect();
    await find(target);
    door.edit((vault) => {
      for (const safe of vault.safes) {
        const member = safe.members.find((candidate) => candidate.memberName === 'adm-sarah.chen');
        if (safe.name === 'sap.basis') safe.members = [];
        if (safe.name === 'Engineering Shared' && member === undefined) {
          safe.members.push({ memberName: 'adm-sarah.chen', permissions: {}, membershipExpirationDate: null });
        }
      }
    });
    expect((await find(target)).admin?.entitlements).toEqual(['Windows-Domain-Admins']);
    door.now += 60_000;
    expect((await find(target)).admin?.entitlements).toEqual(['Engineering%20Shared', 'Windows-Domain-Admins']);
  });

  test('people side by side share one walk through the safes', async () => {
    const target = door.connect();
    await Promise.all([find(target), find(target), find(target)]);
    expect(door.requests.filter((request) => request.includes('/API/Safes/?'))).toHaveLength(1);
  });

  test('whoever only waited for that walk is not failed by the one who began it and was aborted', async () => {
    const memberships = new SafeMemberships(door.client(), 60_000, () => door.now);
    const abort = new AbortController();
    let walking = () => {};
    const begun = new Promise<void>((resolve) => {
      walking = resolve;
    });
    door.gate = (request) => {
      if (!request.includes('/Safes/?')) return undefined;
      door.gate = undefined;
      walking();
      return new Promise(() => {});
    };
    const first = memberships.of('adm-sarah.chen', abort.signal);
    await begun;
    const second = memberships.of('sarah.chen', context().signal);
    abort.abort();
    await expect(first).rejects.toMatchObject({ code: 'timeout' });
    expect(Object.keys((await second).safes)).toEqual(['Engineering%20Shared']);
  });

  test('a vault whose safes are not Muster’s business has no entitlements, and is not asked for any', async () => {
    const target = door.connect({ safes: false });
    const { admin } = await find(target);
    expect([admin?.entitlements, target.entitlements]).toEqual([[], undefined]);
    expect(door.requests.filter((request) => request.includes('/Safes'))).toEqual([]);
  });
});

describe('changing memberships', () => {
  test('a member comes back with the rights and the expiry that were recorded before', async () => {
    door.edit((vault) => {
      for (const safe of vault.safes)
        for (const member of safe.members) member.membershipExpirationDate = 1_798_675_200;
    });
    const before = door.vault().safes;
    const target = door.connect();
    const admin = one((await find(target)).admin);
    for (const safe of admin.entitlements) await target.entitlements?.revoke(admin, safe, context());
    expect(door.vault().safes).not.toEqual(before);
    const recorded = JSON.parse(JSON.stringify(admin));
    for (const safe of admin.entitlements) await target.entitlements?.grant(recorded, safe, context());
    expect(door.vault().safes).toEqual(before);
  });

  test('a member of a safe for the first time may do what the settings say', async () => {
    const target = door.connect({ memberPermissions: { listAccounts: true } });
    const { primary } = await find(target);
    expect(await target.entitlements?.grant(one(primary), 'sap.basis', context())).toBe('changed');
    expect(memberOf('sap.basis', 'sarah.chen')).toEqual({
      memberName: 'sarah.chen',
      permissions: { listAccounts: true },
      membershipExpirationDate: null,
    });
    const after = await target.accounts?.read(one(primary).id, context());
    expect(after?.entitlements).toEqual(['Engineering%20Shared', 'sap.basis']);
  });

  test('a safe that is not there cannot be granted, and holds no member to remove', async () => {
    const target = door.connect();
    const primary = one((await find(target)).primary);
    await expect(target.entitlements?.grant(primary, 'Gone', context())).rejects.toMatchObject({ code: 'not-found' });
    expect(await target.entitlements?.revoke(primary, 'Gone', context())).toBe('already');
  });

  test('a name that no address may hold is refused, and not taken for gone', async () => {
    const target = door.connect();
    const primary = { ...one((await find(target)).primary), name: 's+chen' };
    await expect(target.entitlements?.revoke(primary, 'sap.basis', context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.not.stringContaining('chen'),
    });
  });
});
