import { Attribute, Change, type Client } from 'ldapts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { decoyOf, sarahChen } from '../bench.ts';
import { accountNamed, base, type Connected, context, type Domain, openDomain } from './domain.ts';

const sarah = sarahChen('active-directory');
const engineering = `CN=Engineering,OU=Groups,${base}`;
const domainUsers = `CN=Domain Users,CN=Users,${base}`;

let domain: Domain;
let target: Connected;
let other: Client;
beforeAll(async () => {
  domain = await openDomain([sarah]);
  target = domain.connect();
  other = await domain.administrator();
});
afterAll(() => domain.close());
beforeEach(() => domain.seed([sarah, decoyOf(sarah)]));

test('a group is compared by name and not by spelling', async () => {
  const account = await accountNamed(target, sarah, 'schen');
  const spelled = `cn=engineering, ou=groups, ${base.toLowerCase()}`;
  expect(await target.entitlements.grant(account, spelled, context())).toBe('already');
  expect(await target.entitlements.revoke(account, spelled, context())).toBe('changed');
  expect(await target.entitlements.revoke(account, spelled, context())).toBe('already');
});

test('an account that was moved meanwhile is still the one that is taken out', async () => {
  const account = await accountNamed(target, sarah, 'schen');
  await target.accounts.disable(account, context());
  expect(await target.entitlements.revoke(account, engineering, context())).toBe('changed');
  expect((await target.accounts.read(account.id, context()))?.entitlements).not.toContain(engineering);
});

test('from a group or an account that is gone nothing is left to take', async () => {
  const account = await accountNamed(target, sarah, 'schen');
  expect(await target.entitlements.revoke(account, `CN=Gone,OU=Groups,${base}`, context())).toBe('already');
  await other.del(`CN=schen,OU=People,${base}`);
  expect(await target.entitlements.revoke(account, engineering, context())).toBe('already');
  expect(await target.entitlements.revoke({ ...account, id: 'schen' }, engineering, context())).toBe('already');
});

test('what is gone cannot be given, and the message says what is missing', async () => {
  const account = await accountNamed(target, sarah, 'schen');
  const gone = `CN=Gone,OU=Groups,${base}`;
  await expect(target.entitlements.grant(account, gone, context())).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(gone),
  });
  await other.del(`CN=schen,OU=People,${base}`);
  await expect(target.entitlements.grant(account, engineering, context())).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(account.id),
  });
});

test('the primary group is not said to be taken away', async () => {
  const account = await accountNamed(target, sarah, 'schen');
  expect(account.entitlements).not.toContain(domainUsers);
  await expect(target.entitlements.revoke(account, domainUsers, context())).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('primary group'),
  });
});

test('53 for a member who is still one is refused, not "already"', async () => {
  const account = await accountNamed(target, sarah, 'schen');
  const refusing = context({
    beforeChange: async () => {
      // 418 has no result code of its own and becomes 53, once.
      domain.fault = { status: 418, count: 1 };
    },
  });
  await expect(target.entitlements.revoke(account, engineering, refusing)).rejects.toMatchObject({ code: 'refused' });
  const notYet = `CN=Domain Admins,CN=Users,${base}`;
  await expect(target.entitlements.grant(account, notYet, refusing)).rejects.toMatchObject({ code: 'refused' });
});

test('a group emptied by somebody else a moment before is already so', async () => {
  const account = await accountNamed(target, sarah, 'schen');
  const racing = context({
    beforeChange: () =>
      other.modify(
        engineering,
        new Change({ operation: 'delete', modification: new Attribute({ type: 'member', values: [] }) }),
      ),
  });
  expect(await target.entitlements.revoke(account, engineering, racing)).toBe('already');
});
