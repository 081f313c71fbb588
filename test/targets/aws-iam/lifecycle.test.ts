import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ListedAccount } from '../../../src/targets/target.ts';
import { decoyOf, sarahChen } from '../bench.ts';
import { context, openAccount, type SandboxAccount } from './account.ts';

const sarah = sarahChen('aws-iam');
const crowd = Array.from({ length: 230 }, (_, at) => ({
  ...decoyOf(sarah),
  workerId: `GT-7${at}`,
  login: `user${at}`,
  email: `user${at}@globaltech.example`,
  privileged: false,
}));

let account: SandboxAccount;
beforeAll(async () => {
  account = await openAccount([sarah, ...crowd]);
});
afterAll(() => account?.close());

test('a full list is read in pages, with no call for users who are open', async () => {
  const target = account.connect();
  account.asked();
  const pages: ListedAccount[][] = [];
  for await (const page of target.accounts.list?.(context()) ?? []) pages.push(page);
  expect(pages.map((page) => page.length)).toEqual([100, 100, 32]);
  expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(232);
  expect(account.asked().map(({ Action }) => Action)).toEqual(pages.map(() => 'GetAccountAuthorizationDetails'));
});

test('who holds a privileged group is privileged', async () => {
  const target = account.connect({ privilegedEntitlements: ['group:Everyone'] });
  const listed: ListedAccount[] = [];
  for await (const page of target.accounts.list?.(context()) ?? []) listed.push(...page);
  expect(listed.filter(({ privileged }) => !privileged)).toEqual([]);
});

test('one step of a deletion that is refused keeps the user, and no other step from being done', async () => {
  const target = account.connect();
  const [user] = await target.accounts.find({ person: 'GT-70', workerIds: ['GT-70'], knownAccounts: [] }, context());
  if (user === undefined) throw new Error('not found');
  await account.fault({ vendor: 'AccessDenied:DeleteSSHPublicKey' });
  await expect(target.accounts.remove?.(user, context())).rejects.toMatchObject({ code: 'refused' });
  expect(account.user('user0')).toMatchObject({ accessKeys: [], loginProfile: null, groups: [], attached: [] });
  expect(account.user('user0').sshKeys).toHaveLength(1);
});
