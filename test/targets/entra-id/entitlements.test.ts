import { describe, expect, test } from 'vitest';
import { memberReference } from '../../../src/targets/entra-id/client.ts';
import { guidOf, skus } from '../../../src/targets/entra-id/sandbox-tenant.ts';
import { abilities, hire, sarah, tenantOfTests } from './tenant.ts';

const { bench, one } = tenantOfTests();
const [group, user] = [guidOf('group Multi-factor'), guidOf('user schen')];

describe('groups', () => {
  test('the address of a membership ends with /$ref and holds nothing but ids', () => {
    expect(memberReference(group, user)).toBe(`/groups/${group}/members/${user}/$ref`);
    for (const bad of ['', '..', `${user}/..`, `${user}?`, `${user}#`]) {
      expect(() => memberReference(group, bad)).toThrow('no object id');
      expect(() => memberReference(bad, user)).toThrow('no object id');
    }
  });

  test('taking somebody out of a group leaves them in the directory', async () => {
    const target = bench().connect();
    const account = await one(target);
    expect(await abilities(target).entitlements.revoke(account, `group:${group}`, bench().context())).toBe('changed');
    expect(await bench().operations()).toEqual([`remove from group ${sarah.email}`]);
    expect(await bench().accounts(sarah.workerId)).toContainEqual(expect.objectContaining({ id: account.id }));
  });

  test('who is a member although the list lags is already in it', async () => {
    const target = bench().connect();
    const account = await one(target);
    await bench().fault({ vendor: 'laggingReads' });
    expect(await abilities(target).entitlements.grant(account, `group:${group}`, bench().context())).toBe('already');
    expect(await bench().operations()).toEqual([]);
  });

  test('who was taken out by somebody else in the meantime is already out', async () => {
    const target = bench().connect();
    const account = await one(target);
    const overtaken = bench().context({
      beforeChange: async () => {
        await abilities(target).entitlements.revoke(account, `group:${group}`, bench().context());
      },
    });
    expect(await abilities(target).entitlements.revoke(account, `group:${group}`, overtaken)).toBe('already');
  });

  test.each(['Everybody in an office', 'VPN Users', 'Newsletter'])(
    '%s is refused in words, never "already"',
    async (name) => {
      const target = bench().connect();
      const account = await one(target);
      const entitlement = `group:${guidOf(`group ${name}`)}`;
      await expect(
        abilities(target).entitlements.revoke(account, entitlement, bench().context()),
      ).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringMatching(/dynamic group|synchronised group|Exchange list/),
      });
      expect(await bench().operations()).toEqual([]);
    },
  );

  test('a group that is not there is not found', async () => {
    const target = bench().connect();
    const missing = `group:${guidOf('no such group')}`;
    const account = await one(target);
    await expect(abilities(target).entitlements.grant(account, missing, bench().context())).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(await abilities(target).entitlements.revoke(account, missing, bench().context())).toBe('already');
  });
});

describe('licences', () => {
  const office = `licence:${skus.office}`;

  test('one comes back with the plans that were switched off before', async () => {
    const target = bench().connect();
    const account = await one(target);
    await abilities(target).entitlements.revoke(account, office, bench().context());
    await abilities(target).entitlements.grant(account, office, bench().context());
    expect((await one(target)).before).toEqual(account.before);
  });

  test('without a seat, or a country, giving one is refused with what to do', async () => {
    const target = bench().connect();
    const account = await one(target);
    await abilities(target).entitlements.revoke(account, office, bench().context());
    await bench().fault({ vendor: 'noSeats' });
    await expect(abilities(target).entitlements.grant(account, office, bench().context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('available licenses'),
      advice: expect.stringContaining('seat'),
    });
    await bench().fault(undefined);
    const made = await abilities(target).create(hire, bench().context());
    await expect(abilities(target).entitlements.grant(made.account, office, bench().context())).rejects.toMatchObject({
      code: 'refused',
      advice: expect.stringContaining('usageLocation'),
    });
  });

  test('one that a group gives, or that muster.yaml does not list, is not touched', async () => {
    const target = bench().connect();
    const account = await one(target);
    const mobility = `licence:${skus.mobility}`;
    expect(account.entitlements).not.toContain(mobility);
    await expect(abilities(target).entitlements.revoke(account, mobility, bench().context())).rejects.toMatchObject({
      code: 'misconfigured',
      advice: expect.stringContaining('licences'),
    });
    expect(await bench().operations()).toEqual([]);
  });
});

test.each(['All Staff', 'group:All Staff', 'licence:E3', `role:${guidOf('role')}`])(
  '"%s" is no entitlement, and nothing is called',
  async (entitlement) => {
    const target = bench().connect();
    const account = {
      id: user,
      name: '',
      kind: 'primary' as const,
      status: 'enabled' as const,
      entitlements: [],
      before: {},
    };
    const { grant, revoke } = abilities(target).entitlements;
    for (const act of [grant, revoke]) {
      await expect(act(account, entitlement, bench().refusing())).rejects.toMatchObject({
        code: 'misconfigured',
      });
    }
  },
);
