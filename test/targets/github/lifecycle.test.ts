import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makePrivateKey } from '../../../src/sandbox/private-key.ts';
import { definition } from '../../../src/targets/github/index.ts';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/github/sandbox.ts';
import type { ListedAccount, Target } from '../../../src/targets/target.ts';
import { type Bench, decoyOf, openBench, sarahChen } from '../bench.ts';

const privateKey = makePrivateKey();
const sarah = sarahChen('github');
const keys = { person: sarah.workerId, workerIds: [sarah.workerId], email: sarah.email, knownAccounts: [] };

let bench: Bench;
let identities: unknown[] | undefined;
beforeAll(async () => {
  const suite = {
    name: 'github',
    definition,
    makeStandIn,
    settings: (baseUrl: string) => ({
      baseUrl,
      ...sandboxCredentials,
      privateKey: 'env:GITHUB_KEY',
      ...(identities === undefined ? {} : { identities }),
    }),
    secrets: { 'env:GITHUB_KEY': privateKey },
  };
  bench = await openBench(suite, [sarah, decoyOf(sarah)]);
});
afterAll(() => bench?.close());
afterEach(async () => {
  identities = undefined;
  await bench.reset();
});

const listAll = async (target: Target) => {
  const listed: ListedAccount[] = [];
  for await (const page of target.accounts?.list?.(bench.context()) ?? []) listed.push(...page);
  return listed;
};

test('whose an account is stands in its identity: the address, or the worker id where that is sent', async () => {
  const byAddress = await listAll(bench.connect());
  expect(byAddress.map(({ name, email, privileged }) => [name, email, privileged])).toEqual([
    ['schen-gt', sarah.email, false],
    ['adm-schen-gt', sarah.email, true],
    ['schen2-gt', decoyOf(sarah).email, false],
    ['adm-schen2-gt', decoyOf(sarah).email, true],
  ]);
  identities = [{ nameId: '{workerId}@globaltech.example', kind: 'primary' }];
  const byWorker = await listAll(bench.connect());
  expect(byWorker.map(({ workerId }) => workerId)).toContain('sarah.chen');
});

test('who has single repositories, and who is invited, are listed behind the members', async () => {
  const target = bench.connect();
  const account = (await target.accounts?.find(keys, bench.context()))?.find(({ kind }) => kind === 'primary');
  if (account === undefined) throw new Error('not found');
  await bench.fault({ vendor: 'keepsCollaborator' });
  await target.accounts?.disable(account, bench.context());
  await bench.fault(undefined);
  const hire = { ...sarah, person: 'GT-50001', workerId: 'GT-50001', email: 'lena.fischer@globaltech.example' };
  await target.accounts?.create?.({ ...hire, enabled: true, attributes: {} }, bench.context());
  const [outsider, invited] = (await listAll(target)).slice(3);
  expect(outsider).toMatchObject({ id: account.id, status: 'disabled', entitlements: [], privileged: false });
  expect(await target.accounts?.read(account.id, bench.context())).toMatchObject({
    status: 'disabled',
    entitlements: [],
  });
  expect(invited).toMatchObject({
    id: expect.stringMatching(/^invitation:/),
    status: 'enabled',
    email: hire.email,
    privileged: false,
  });
});
