import { afterEach, beforeEach, expect, test } from 'vitest';
import { newUser } from '../../../src/targets/aws-iam/sandbox-world.ts';
import type { NewAccount } from '../../../src/targets/target.ts';
import { sarahChen } from '../bench.ts';
import { context, openAccount, type SandboxAccount } from './account.ts';

let aws: SandboxAccount;
beforeEach(async () => {
  aws = await openAccount([sarahChen('aws-iam')]);
});
afterEach(() => aws.close());

const lena: NewAccount = {
  person: 'GT-50001',
  workerId: 'GT-50001',
  login: 'lfischer',
  email: 'lena.fischer@globaltech.example',
  firstName: 'Lena',
  lastName: 'Fischer',
  enabled: false,
  attributes: { costCenter: '4711' },
};

const create = (account: NewAccount, over = {}) => aws.connect().accounts.create?.(account, context(over));

test('a new user has its tags and no credential, and is denied until it is enabled', async () => {
  expect(await create(lena)).toMatchObject({ outcome: 'changed', account: { name: 'lfischer', status: 'disabled' } });
  expect(aws.user('lfischer')).toMatchObject({
    tags: {
      employeeId: 'GT-50001',
      costCenter: '4711',
      'muster:created-by': 'workday:transaction-1/close:aws-iam',
    },
    policies: { LeaverDenyAll: expect.any(String) },
    accessKeys: [],
    loginProfile: null,
  });
});

test('a user that was made and not yet denied when the answer was lost is denied by the retry', async () => {
  await aws.fault({ vendor: 'ServiceFailure:PutUserPolicy' });
  await expect(create(lena)).rejects.toMatchObject({ code: 'unavailable' });
  await aws.fault({ latencyMs: 0 });
  expect(await create(lena)).toMatchObject({ outcome: 'changed', account: { status: 'disabled' } });
  aws.asked();
  expect(await create(lena)).toMatchObject({ outcome: 'already', account: { status: 'disabled' } });
  expect(aws.changes()).toEqual([]);
});

test('a working user of the same person is taken as it is and not closed', async () => {
  aws.world().users.push(newUser('lena.f', { employeeId: 'GT-50001' }));
  expect(await create(lena)).toMatchObject({
    outcome: 'already',
    account: { name: 'lena.f', kind: 'primary', status: 'enabled' },
  });
  expect(await create({ ...lena, login: 'adm-lfischer' })).toMatchObject({
    outcome: 'changed',
    account: { name: 'adm-lfischer', kind: 'admin' },
  });
});

test('a name that is somebody else’s, or nobody’s by tag, is refused', async () => {
  await expect(create({ ...lena, login: 'schen' })).rejects.toMatchObject({ code: 'refused' });
  aws.world().users.push(newUser('lfischer', {}));
  await expect(create(lena)).rejects.toMatchObject({ code: 'refused', advice: expect.stringContaining('GT-50001') });
  expect(aws.changes()).toEqual([]);
});

test('two users of that kind already are ambiguous', async () => {
  aws.world().users.push(newUser('lena1', { employeeId: 'GT-50001' }), newUser('lena2', { employeeId: 'GT-50001' }));
  await expect(create(lena)).rejects.toMatchObject({ code: 'ambiguous' });
});
