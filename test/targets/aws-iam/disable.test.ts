import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { sandboxCredentials } from '../../../src/targets/aws-iam/sandbox.ts';
import { isReading } from '../../../src/targets/aws-iam/sandbox-actions.ts';
import type { AccountSeen } from '../../../src/targets/target.ts';
import { sarahChen } from '../bench.ts';
import { context, openAccount, type SandboxAccount } from './account.ts';

let aws: SandboxAccount;
beforeEach(async () => {
  aws = await openAccount([sarahChen('aws-iam')]);
});
afterEach(() => aws.close());

async function account(name: string, target = aws.connect()): Promise<AccountSeen> {
  const seen = await target.accounts.read(aws.user(name).userId, context());
  if (seen === undefined) throw new Error(`${name} is not there`);
  aws.asked();
  return seen;
}

test('closing denies everything first and then takes each way in, in this order', async () => {
  const target = aws.connect();
  const schen = await account('schen', target);
  aws.user('schen').certificates.push({ id: 'CERTIFICATE1', status: 'Active' });
  expect(await target.accounts.disable(schen, context())).toBe('changed');
  expect(aws.changes()).toEqual([
    'PutUserPolicy',
    'UpdateAccessKey',
    'DeleteLoginProfile',
    'DeactivateMFADevice',
    'DeleteVirtualMFADevice',
    'UpdateSSHPublicKey',
    'UpdateServiceSpecificCredential',
    'UpdateSigningCertificate',
    'TagUser',
  ]);
  expect(aws.user('schen')).toMatchObject({
    tags: { employeeId: 'GT-48291', 'muster:closed-at': '2025-11-15T14:30:00.000Z' },
    policies: {
      LeaverDenyAll: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Sid: 'LeaverDenyAll', Effect: 'Deny', Action: '*', Resource: '*' }],
      }),
    },
    accessKeys: [{ status: 'Inactive' }],
    loginProfile: null,
    mfaDevices: [],
    sshKeys: [{ status: 'Inactive' }],
    serviceCredentials: [{ status: 'Inactive' }],
    certificates: [{ status: 'Inactive' }],
  });
  expect(aws.world().unassignedDevices).toEqual([]);
});

test('opening gives back what was open before and takes the deny away last', async () => {
  const target = aws.connect();
  aws.user('schen').sshKeys.push({ id: 'APKAOLD', status: 'Inactive' });
  const before = await account('schen', target);
  await target.accounts.disable(before, context());
  aws.asked();
  expect(await target.accounts.enable(before, context())).toBe('changed');
  expect(aws.changes()).toEqual([
    'UpdateServiceSpecificCredential',
    'UpdateSSHPublicKey',
    'CreateLoginProfile',
    'UpdateAccessKey',
    'UntagUser',
    'DeleteUserPolicy',
  ]);
  expect(aws.user('schen')).toMatchObject({
    tags: { employeeId: 'GT-48291' },
    policies: {},
    accessKeys: [{ status: 'Active' }],
    loginProfile: { passwordResetRequired: true },
    sshKeys: [{ status: 'Active' }, { id: 'APKAOLD', status: 'Inactive' }],
  });
});

test('opening that fails on the way leaves the deny in place', async () => {
  const target = aws.connect();
  const before = await account('schen', target);
  await target.accounts.disable(before, context());
  await aws.fault({ vendor: 'AccessDenied:CreateLoginProfile' });
  await expect(target.accounts.enable(before, context())).rejects.toMatchObject({ code: 'refused' });
  expect(Object.keys(aws.user('schen').policies)).toEqual(['LeaverDenyAll']);
});

test('the new console password is in no answer, and another one each time', async () => {
  const target = aws.connect();
  const before = await account('schen', target);
  const passwords: string[] = [];
  for (let time = 0; time < 2; time += 1) {
    await target.accounts.disable(before, context());
    aws.asked();
    const outcome = await target.accounts.enable(before, context());
    const password = aws.asked().find(({ Action }) => Action === 'CreateLoginProfile')?.['Password'] ?? '';
    passwords.push(password);
    const seen = await target.accounts.read(before.id, context());
    expect(JSON.stringify([outcome, seen])).not.toContain(password);
  }
  expect(new Set(passwords).size).toBe(2);
  expect(Math.min(...passwords.map(({ length }) => length))).toBeGreaterThanOrEqual(40);
});

test('an account without the deny, or with one open way in, reads as enabled', async () => {
  const target = aws.connect();
  const before = await account('schen', target);
  await target.accounts.disable(before, context());
  const status = async () => (await target.accounts.read(before.id, context()))?.status;
  expect(await status()).toBe('disabled');
  const user = aws.user('schen');
  const closed = structuredClone(user);
  user.accessKeys.push({ id: 'AKIANEW', status: 'Active' });
  expect(await status()).toBe('enabled');
  Object.assign(user, structuredClone(closed), { loginProfile: { passwordResetRequired: false } });
  expect(await status()).toBe('enabled');
  Object.assign(user, structuredClone(closed), { policies: {} });
  expect(await status()).toBe('enabled');
  Object.assign(user, structuredClone(closed));
  expect(await status()).toBe('disabled');
});

test('a deny that somebody weakened is written again', async () => {
  const target = aws.connect();
  const before = await account('schen', target);
  await target.accounts.disable(before, context());
  aws.user('schen').policies['LeaverDenyAll'] = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'LeaverDenyAll', Effect: 'Deny', Action: 's3:*', Resource: '*' }],
  });
  expect(await target.accounts.read(before.id, context())).toMatchObject({ status: 'enabled' });
  aws.asked();
  expect(await target.accounts.disable(before, context())).toBe('changed');
  expect(aws.changes()).toEqual(['PutUserPolicy']);
});

test.each([
  ['PutUserPolicy', 8],
  ['UpdateAccessKey', 8],
  ['DeactivateMFADevice', 7],
  ['TagUser', 8],
])('where %s is refused the other steps are done, and the failure is told', async (action, made) => {
  const target = aws.connect();
  const before = await account('schen', target);
  await aws.fault({ vendor: `AccessDenied:${action}` });
  const allowed: string[] = [];
  await expect(
    target.accounts.disable(before, context({ beforeChange: async (operation) => void allowed.push(operation) })),
  ).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining(action), advice: expect.any(String) });
  expect(allowed).toHaveLength(made);
});

test('an operator’s stop in the middle ends it there', async () => {
  const target = aws.connect();
  const before = await account('schen', target);
  let asked = 0;
  const stopping = context({
    beforeChange: async () => {
      asked += 1;
      if (asked === 2) throw new Failure('stopped', 'an operator’s stop is in force');
    },
  });
  await expect(target.accounts.disable(before, stopping)).rejects.toMatchObject({ code: 'stopped' });
  expect(aws.changes()).toEqual(['PutUserPolicy']);
});

test('IAM’s own throttling, a 400, is throttled and stops at once', async () => {
  const target = aws.connect();
  const before = await account('schen', target);
  await aws.fault({ vendor: 'Throttling' });
  await expect(target.accounts.disable(before, context())).rejects.toMatchObject({ code: 'throttled' });
  expect(aws.changes()).toEqual(['PutUserPolicy']);
});

test('the user whose key Muster works with is refused before anything is changed', async () => {
  const target = aws.connect();
  aws.user('schen').accessKeys = [{ id: sandboxCredentials.accessKeyId, status: 'Active' }];
  const before = await account('schen', target);
  await expect(target.accounts.disable(before, context())).rejects.toMatchObject({
    code: 'refused',
    advice: expect.any(String),
  });
  expect(aws.changes()).toEqual([]);
});

test('a user that is gone needs no closing, cannot be opened or given anything, and has nothing to lose', async () => {
  const target = aws.connect();
  const before = await account('schen', target);
  aws.world().users = [];
  expect(await target.accounts.disable(before, context())).toBe('already');
  expect(await target.entitlements.revoke(before, 'group:Everyone', context())).toBe('already');
  await expect(target.accounts.enable(before, context())).rejects.toMatchObject({ code: 'not-found' });
  await expect(target.entitlements.grant(before, 'group:Everyone', context())).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('a user renamed since it was seen is closed under its new name, and its old name’s new bearer is left alone', async () => {
  const target = aws.connect();
  const before = await account('schen', target);
  const stranger = { ...structuredClone(aws.user('adm-schen')), userName: 'schen', userId: 'AIDASTRANGER' };
  aws.user('schen').userName = 'schen-old';
  aws.world().users.push(stranger);
  const strangerBefore = structuredClone(stranger);
  expect(await target.accounts.disable(before, context())).toBe('changed');
  expect(aws.user('schen-old').policies).toHaveProperty('LeaverDenyAll');
  expect(aws.user('schen')).toEqual(strangerBefore);
});

test('a hardware device is deactivated and not deleted; a virtual one whose deletion was lost is deleted later', async () => {
  const target = aws.connect();
  aws.user('schen').mfaDevices = ['GAHT12345678'];
  const hardware = await account('schen', target);
  await target.accounts.disable(hardware, context());
  expect(aws.changes()).not.toContain('DeleteVirtualMFADevice');

  const admin = await account('adm-schen', target);
  await aws.fault({ vendor: 'ServiceFailure:DeleteVirtualMFADevice' });
  await expect(target.accounts.disable(admin, context())).rejects.toMatchObject({ code: 'unavailable' });
  expect(aws.world().unassignedDevices).toEqual(['arn:aws:iam::123456789012:mfa/adm-schen']);
  await aws.fault({ latencyMs: 0 });
  aws.world().unassignedDevices.push('arn:aws:iam::123456789012:mfa/another');
  expect(await target.accounts.disable(admin, context())).toBe('changed');
  expect(aws.world().unassignedDevices).toEqual(['arn:aws:iam::123456789012:mfa/another']);
});

test('service-specific credentials are left out only where the setting says that the endpoint has none', async () => {
  const target = aws.connect({ serviceSpecificCredentials: false });
  await target.accounts.disable(await account('schen', target), context());
  const actions = aws.asked().map(({ Action }) => Action);
  expect(actions.filter((action) => action?.includes('ServiceSpecific'))).toEqual([]);
  expect(actions.filter((action) => !isReading(action ?? ''))).toContain('TagUser');
});

test('a policy that only takes access away is no entitlement, so it stays on the leaver', async () => {
  aws
    .user('schen')
    .attached.push('arn:aws:iam::aws:policy/AWSDenyAll', 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3');
  expect((await account('schen')).entitlements).toEqual([
    'group:Engineering',
    'group:Everyone',
    'policy:arn:aws:iam::aws:policy/IAMUserChangePassword',
  ]);
});

test('an entitlement of another form is misconfigured, and a group that is not there is not found', async () => {
  const target = aws.connect();
  const schen = await account('schen', target);
  await expect(target.entitlements.grant(schen, 'Engineering', context())).rejects.toMatchObject({
    code: 'misconfigured',
  });
  await expect(target.entitlements.grant(schen, 'group:Nowhere', context())).rejects.toMatchObject({
    code: 'not-found',
  });
});
