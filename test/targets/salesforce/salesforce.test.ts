import { createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import { jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makePrivateKey } from '../../../src/sandbox/private-key.ts';
import { definition } from '../../../src/targets/salesforce/index.ts';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/salesforce/sandbox.ts';
import type { AccountSeen, Target } from '../../../src/targets/target.ts';
import { type Bench, openBench, sarahChen } from '../bench.ts';
import { type TargetSuite, targetSuite } from '../target-suite.ts';

const { clientId, username, profileId } = sandboxCredentials;
const privateKey = makePrivateKey();

const withoutNewUsers = (baseUrl: string) => ({
  baseUrl,
  loginUrl: baseUrl,
  clientId,
  username,
  privateKey: 'env:SALESFORCE_KEY',
});

const suite: TargetSuite = {
  name: 'salesforce',
  definition,
  makeStandIn,
  settings: (baseUrl) => ({ ...withoutNewUsers(baseUrl), newUsers: { profileId } }),
  secrets: { 'env:SALESFORCE_KEY': privateKey },
  unknownId: '005000000000000AAA',
};

targetSuite(suite);

describe('Salesforce alone', () => {
  const sarah = sarahChen('salesforce');
  const keys = { person: sarah.workerId, workerIds: [sarah.workerId], email: sarah.email, knownAccounts: [] };
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(suite, [sarah]);
  });
  afterAll(() => bench.close());
  afterEach(() => bench.reset());

  const accounts = (target: Target) => {
    if (target.accounts === undefined) throw new Error('no accounts');
    return target.accounts;
  };
  const primary = async (target: Target): Promise<AccountSeen> => {
    const found = (await accounts(target).find(keys, bench.context())).find((account) => account.kind === 'primary');
    if (found === undefined) throw new Error('not found');
    return found;
  };

  test('a refused deactivation leaves the user frozen, says so, and is finished once it is allowed', async () => {
    const target = bench.connect();
    const account = await primary(target);
    await bench.fault({ vendor: 'refuseDeactivation' });
    const refused = accounts(target).disable(account, bench.context());
    await expect(refused).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(new RegExp(`user ${account.id} is frozen out .*hierarchy field`)),
      advice: expect.stringContaining('Hand over'),
    });
    expect(await bench.accounts(sarah.workerId)).toContainEqual(
      expect.objectContaining({ id: account.id, enabled: true, frozen: true }),
    );
    await bench.fault(undefined);
    expect(await accounts(target).disable(account, bench.context())).toBe('changed');
    expect(await bench.operations()).toEqual([`freeze user ${account.name}`, `deactivate user ${account.name}`]);
  });

  test('without a licence a user is not opened again and stays frozen', async () => {
    const target = bench.connect();
    const account = await primary(target);
    await accounts(target).disable(account, bench.context());
    await bench.fault({ vendor: 'noLicenses' });
    await expect(accounts(target).enable(account, bench.context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('LICENSE_LIMIT_EXCEEDED'),
    });
    expect(await bench.accounts(sarah.workerId)).toContainEqual(
      expect.objectContaining({ id: account.id, enabled: false, frozen: true }),
    );
  });

  test('a user who was frozen before stays frozen when the account is enabled', async () => {
    const target = bench.connect();
    const account = await primary(target);
    await accounts(target).disable(account, bench.context());
    await accounts(target).enable({ ...account, before: { frozen: true } }, bench.context());
    expect(await accounts(target).read(account.id, bench.context())).toMatchObject({
      status: 'enabled',
      before: { frozen: true },
    });
  });

  test.each([
    ['requestLimit', { code: 'throttled', retryAfterMs: 900_000 }],
    ['expiredSession', { code: 'credentials' }],
    ['notAuthorised', { code: 'credentials', advice: expect.stringContaining('pre-authorised') }],
    ['loginPage', { code: 'protocol' }],
  ])('%s is told apart', async (vendor, expected) => {
    const target = bench.connect();
    await bench.fault({ vendor });
    await expect(accounts(target).find(keys, bench.context())).rejects.toMatchObject(expected);
  });

  test('a row that somebody else has locked is a conflict', async () => {
    const target = bench.connect();
    const account = await primary(target);
    await bench.fault({ vendor: 'lockRow' });
    await expect(accounts(target).disable(account, bench.context())).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a session that ran out is renewed once and the call goes through', async () => {
    const target = bench.connect();
    await target.check(bench.context());
    await bench.fault({ vendor: 'expiredSession', count: 1 });
    expect(await accounts(target).find(keys, bench.context())).toHaveLength(2);
  });

  test('what a profile owns is no entitlement, and all pages are read', async () => {
    const found = await accounts(bench.connect()).find(keys, bench.context());
    expect(found.map((account) => [account.kind, account.entitlements.length])).toEqual(
      expect.arrayContaining([
        ['primary', 2],
        ['admin', 1],
      ]),
    );
  });

  test('a worker id cannot break out of the query', async () => {
    const target = bench.connect();
    for (const id of ["x' OR IsActive = true OR Id = '", "GT-48291\\' OR IsActive = true OR Id = '"]) {
      expect(await accounts(target).find({ ...keys, workerIds: [id] }, bench.context())).toEqual([]);
    }
    expect(await accounts(target).read("005' OR IsActive = true", bench.context())).toBeUndefined();
    expect(
      await accounts(target).find({ ...keys, workerIds: [], knownAccounts: ['not an id'] }, bench.context()),
    ).toEqual([]);
  });

  test('an entitlement that is no permission set is refused before anything is called', async () => {
    const target = bench.connect();
    await expect(target.entitlements?.grant(await primary(target), 'Sales', bench.context())).rejects.toMatchObject({
      code: 'misconfigured',
    });
  });

  test('no user is made without a profile', async () => {
    const target = definition.connect(withoutNewUsers(`http://127.0.0.1:${bench.relay.port}/salesforce`), {
      secret: async () => privateKey,
      clock: () => Date.now(),
    });
    const hire = {
      person: 'p',
      workerId: 'w',
      login: 'l',
      email: 'l@globaltech.example',
      firstName: 'L',
      lastName: 'L',
    };
    await expect(
      accounts(target).create?.({ ...hire, enabled: true, attributes: {} }, bench.context()),
    ).rejects.toMatchObject({ code: 'misconfigured' });
    await target.close?.();
  });
});

test('the token is asked for once, with an assertion that the public key vouches for', async () => {
  const assertions: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      if (request.url?.startsWith('/services/oauth2') === true) {
        assertions.push(new URLSearchParams(body).get('assertion') ?? '');
        return response.end(JSON.stringify({ access_token: 'the-token' }));
      }
      response.statusCode = request.headers.authorization === 'Bearer the-token' ? 200 : 401;
      return response.end(JSON.stringify({ done: true, records: [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  const target = definition.connect(
    {
      ...withoutNewUsers(`http://127.0.0.1:${address.port}`),
      audience: 'https://login.salesforce.com',
    },
    { secret: async () => privateKey, clock: () => Date.now() },
  );
  const context = { signal: new AbortController().signal, beforeChange: async () => {}, now: '', key: '' };
  await Promise.all([target.check(context), target.check(context), target.check(context)]);
  await target.check(context);
  expect(assertions).toHaveLength(1);
  const { payload } = await jwtVerify(assertions[0] ?? '', createPublicKey(privateKey), { algorithms: ['RS256'] });
  expect(payload).toMatchObject({ iss: clientId, sub: username, aud: 'https://login.salesforce.com' });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(180);
  await target.close?.();
  server.closeAllConnections();
  server.close();
});
