import { afterEach, beforeEach, expect, test } from 'vitest';
import { newUser } from '../../../src/targets/aws-iam/sandbox-world.ts';
import type { PersonKeys } from '../../../src/targets/target.ts';
import { sarahChen } from '../bench.ts';
import { context, only, openAccount, type SandboxAccount } from './account.ts';

const sarah: PersonKeys = {
  person: 'GT-48291',
  workerIds: ['GT-48291'],
  email: 'schen@globaltech.example',
  knownAccounts: [],
};

let aws: SandboxAccount;
beforeEach(async () => {
  aws = await openAccount([sarahChen('aws-iam')]);
});
afterEach(() => aws.close());

const namesOf = async (keys: PersonKeys, target = aws.connect()) =>
  (await target.accounts.find(keys, context())).map(({ name, kind, status }) => `${name} ${kind} ${status}`);

const addUser = (name: string, tags: Record<string, string> = {}) => {
  const user = newUser(name, tags);
  aws.world().users.push(user);
  return user;
};

test('a tagged user is found whatever it is called, on the last of many pages', async () => {
  for (let at = 0; at < 1200; at += 1) addUser(`robot-${at}`);
  addUser('sc-build', { employeeId: 'GT-48291' });
  expect(await namesOf({ ...sarah, email: 'sarah.chen@globaltech.example' })).toEqual([
    'adm-schen admin enabled',
    'sc-build primary enabled',
    'schen primary enabled',
  ]);
  const pages = aws.asked().filter(({ Action }) => Action === 'GetAccountAuthorizationDetails');
  expect(pages.map(({ Marker }) => Marker)).toEqual([undefined, '1000']);
});

test('a tag that names another worker beats the name', async () => {
  aws.user('schen').tags['employeeId'] = 'GT-10007';
  expect(await namesOf(sarah)).toEqual(['adm-schen admin enabled']);
});

test('a user without a tag is believed to be whose name it bears, in any case', async () => {
  aws.user('schen').tags = {};
  aws.user('adm-schen').tags = {};
  aws.user('adm-schen').userName = 'ADM-SChen';
  expect(await namesOf(sarah)).toEqual(['ADM-SChen admin enabled', 'schen primary enabled']);
  expect(await namesOf(sarah, aws.connect({ userNames: [] }))).toEqual([]);
  expect(await namesOf({ ...sarah, email: 'other@globaltech.example' })).toEqual([]);
});

test('every worker number of the person counts, however it is written in the tag', async () => {
  aws.user('schen').tags['employeeId'] = ' gt-00012 ';
  expect(await namesOf({ ...sarah, workerIds: ['GT-48291', 'GT-00012'] })).toEqual([
    'adm-schen admin enabled',
    'schen primary enabled',
  ]);
});

test('the kind comes from the tag, then from the name', async () => {
  addUser('adm-robot', { employeeId: 'GT-48291', accountKind: 'service' });
  expect(await namesOf(sarah)).toEqual([
    'adm-robot service enabled',
    'adm-schen admin enabled',
    'schen primary enabled',
  ]);
});

test('a known user is found under a new name, and one that is gone is absent', async () => {
  const user = aws.user('schen');
  user.userName = 'sarah-married';
  user.tags = {};
  const known = { ...sarah, workerIds: ['GT-48291'], knownAccounts: [user.userId, 'AIDAGONE'] };
  expect(await namesOf(known)).toEqual([
    'adm-schen admin enabled',
    'sarah-married primary enabled',
    'AIDAGONE primary absent',
  ]);
});

test('another user that was given the name of a deleted one is not the known account', async () => {
  const old = aws.user('schen').userId;
  aws.world().users = [{ ...newUser('schen', { employeeId: 'GT-50001' }), userId: 'AIDANEWSCHEN' }];
  const target = aws.connect();
  expect(await namesOf({ ...sarah, knownAccounts: [old] }, target)).toEqual([`${old} primary absent`]);
  expect(await target.accounts.read(old, context())).toBeUndefined();
});

test('a known user whose tag names another worker is ambiguous, and neither taken nor passed over', async () => {
  const user = aws.user('schen');
  user.tags['employeeId'] = 'GT-10007';
  await expect(namesOf({ ...sarah, knownAccounts: [user.userId] })).rejects.toMatchObject({ code: 'ambiguous' });
});

test('people who leave at the same time share one reading of all users, and the next minute has another', async () => {
  let now = 1_000_000;
  const target = aws.connect({}, () => now);
  const scans = () => aws.asked().filter(({ Action }) => Action === 'GetAccountAuthorizationDetails').length;
  await Promise.all([namesOf(sarah, target), namesOf(sarah, target), namesOf(sarah, target)]);
  expect(scans()).toBe(1);
  now += 59_999;
  await namesOf(sarah, target);
  expect(scans()).toBe(0);
  addUser('sc-build', { employeeId: 'GT-48291' });
  now += 1;
  expect(await namesOf(sarah, target)).toContain('sc-build primary enabled');
  expect(scans()).toBe(1);
});

test('finding nobody in a list that is not fresh reads it again', async () => {
  const target = aws.connect();
  const lena = { person: 'GT-50001', workerIds: ['GT-50001'], knownAccounts: [] };
  await namesOf(sarah, target);
  addUser('made-just-now', { employeeId: 'GT-50001' });
  expect(await namesOf(lena, target)).toEqual(['made-just-now primary enabled']);
});

test('one who gives up waiting for the list takes it from nobody else', async () => {
  const target = aws.connect();
  const abort = new AbortController();
  const impatient = target.accounts.find(sarah, context({ signal: abort.signal }));
  const patient = target.accounts.find({ ...sarah, email: 'x@globaltech.example' }, context());
  abort.abort();
  await expect(impatient).rejects.toMatchObject({ code: 'timeout' });
  expect((await patient).map(({ name }) => name)).toEqual(['adm-schen', 'schen']);
});

test('what a user holds is in before, ids and switches and no secrets', async () => {
  aws.user('schen').accessKeys.push({ id: 'AKIAOLD', status: 'Inactive' });
  aws.world().users = aws.world().users.filter(({ userName }) => userName === 'schen');
  const user = aws.user('schen');
  const id = (kind: 'sshKeys' | 'serviceCredentials') => user[kind][0]?.id;
  expect(only(await aws.connect().accounts.find(sarah, context()))).toEqual({
    id: user.userId,
    name: 'schen',
    kind: 'primary',
    status: 'enabled',
    entitlements: ['group:Engineering', 'group:Everyone', 'policy:arn:aws:iam::aws:policy/IAMUserChangePassword'],
    before: {
      denied: false,
      accessKeys: [
        { id: user.accessKeys[0]?.id, active: true },
        { id: 'AKIAOLD', active: false },
      ],
      loginProfile: [{ id: 'console', active: true }],
      mfaDevices: [{ id: 'arn:aws:iam::123456789012:mfa/schen', active: true }],
      sshKeys: [{ id: id('sshKeys'), active: true }],
      serviceCredentials: [{ id: id('serviceCredentials'), active: true }],
      certificates: [],
    },
  });
});

test('an account without users has nobody, and check says so', async () => {
  aws.world().users = [];
  const target = aws.connect();
  expect(await target.check(context())).toBe('AWS IAM answers; the account has no users');
  expect(await namesOf(sarah, target)).toEqual([]);
});

test('a user that goes away while it is read is looked for again, and is not taken for an open or a closed one', async () => {
  const { userId } = aws.user('schen');
  aws.onAsk = ({ Action }) => {
    if (Action === 'ListSSHPublicKeys') aws.world().users = [];
  };
  const target = aws.connect();
  await expect(target.accounts.read(userId, context())).rejects.toMatchObject({ code: 'conflict' });
  expect(await target.accounts.read(userId, context())).toBeUndefined();
});
