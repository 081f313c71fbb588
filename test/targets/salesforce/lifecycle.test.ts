import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makePrivateKey } from '../../../src/sandbox/private-key.ts';
import { definition } from '../../../src/targets/salesforce/index.ts';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/salesforce/sandbox.ts';
import { idOf } from '../../../src/targets/salesforce/sandbox-org.ts';
import type { AccountAttributes, Target } from '../../../src/targets/target.ts';
import { type Bench, openBench, sarahChen } from '../bench.ts';

const { clientId, username } = sandboxCredentials;
const privateKey = makePrivateKey();
const sarah = sarahChen('salesforce');
const keys = { person: sarah.workerId, workerIds: [sarah.workerId], email: sarah.email, knownAccounts: [] };

let bench: Bench;
let more: Record<string, unknown> = {};
beforeAll(async () => {
  const suite = {
    name: 'salesforce',
    definition,
    makeStandIn,
    settings: (baseUrl: string) => ({
      ...{ baseUrl, loginUrl: baseUrl, clientId, username, privateKey: 'env:SALESFORCE_KEY' },
      ...more,
    }),
    secrets: { 'env:SALESFORCE_KEY': privateKey },
  };
  bench = await openBench(suite, [sarah]);
});
afterAll(() => bench?.close());
afterEach(async () => {
  more = {};
  await bench.reset();
});

const update = async (target: Target, wanted: AccountAttributes) => {
  const account = (await target.accounts?.find(keys, bench.context()))?.find(({ kind }) => kind === 'primary');
  if (account === undefined) throw new Error('not found');
  return target.accounts?.update?.(account, wanted, bench.context());
};
const held = async () =>
  (await bench.accounts(sarah.workerId)).find(({ name }) => name.startsWith('schen'))?.['attributes'];

test('what is written is what was asked for; a last name is never emptied', async () => {
  const wanted = {
    firstName: '',
    lastName: 'Chen-Lee',
    department: null,
    jobTitle: 'Staff Engineer',
    location: 'Berlin',
  };
  expect(await update(bench.connect(), wanted)).toBe('changed');
  expect(await held()).toEqual({ firstName: null, lastName: 'Chen-Lee', department: null, title: 'Staff Engineer' });
  expect(await update(bench.connect(), { lastName: '' })).toBe('already');
});

test('what another system writes is left alone', async () => {
  more = { managedAttributes: ['department', 'jobTitle'] };
  expect(await update(bench.connect(), { department: 'Sales', jobTitle: 'Lead' })).toBe('already');
});

test('who holds a privileged permission set is privileged', async () => {
  more = { privilegedPermissionSets: [idOf('0PS', 'Sales_User')] };
  const privileged: boolean[] = [];
  for await (const page of bench.connect().accounts?.list?.(bench.context()) ?? []) {
    privileged.push(...page.map((account) => account.privileged));
  }
  expect(privileged).toEqual([true, true]);
});
