import { createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import { schema as githubSchema } from '@octokit/graphql-schema';
import { buildSchema, parse, validate } from 'graphql';
import { decodeJwt, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makePrivateKey } from '../../../src/sandbox/private-key.ts';
import { definition } from '../../../src/targets/github/index.ts';
import { accessQuery, identitiesQuery } from '../../../src/targets/github/queries.ts';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/github/sandbox.ts';
import type { AccountSeen, NewAccount, PersonKeys, Target } from '../../../src/targets/target.ts';
import { type Bench, decoyOf, openBench, sarahChen } from '../bench.ts';
import { type TargetSuite, targetSuite } from '../target-suite.ts';

const privateKey = makePrivateKey();
const settings = (baseUrl: string) => ({ baseUrl, ...sandboxCredentials, privateKey: 'env:GITHUB_KEY' });

const suite: TargetSuite = {
  name: 'github',
  definition,
  makeStandIn,
  settings,
  secrets: { 'env:GITHUB_KEY': privateKey },
  unknownId: '999999999999',
  listed: { workerId: [] },
};

targetSuite(suite);

describe('GitHub alone', () => {
  const sarah = sarahChen('github');
  const keys: PersonKeys = {
    person: sarah.workerId,
    workerIds: [sarah.workerId],
    email: sarah.email,
    knownAccounts: [],
  };
  const hire: NewAccount = {
    person: 'GT-50001',
    workerId: 'GT-50001',
    login: 'lfischer',
    email: 'lena.fischer@globaltech.example',
    firstName: 'Lena',
    lastName: 'Fischer',
    enabled: true,
    attributes: {},
  };
  let bench: Bench;
  beforeAll(async () => {
    // Sarah last, so that she is on the second page of identities that resemble hers.
    bench = await openBench(suite, [decoyOf(decoyOf(sarah)), decoyOf(sarah), sarah]);
  });
  afterAll(() => bench.close());
  afterEach(() => bench.reset());

  const accounts = (target: Target) => {
    if (target.accounts === undefined) throw new Error('no accounts');
    return target.accounts;
  };
  const find = (target: Target, other: Partial<PersonKeys> = {}) =>
    accounts(target).find({ ...keys, ...other }, bench.context());
  const one = async (target: Target, kind: AccountSeen['kind']): Promise<AccountSeen> => {
    const found = (await find(target)).find((account) => account.kind === kind);
    if (found === undefined) throw new Error('not found');
    return found;
  };

  test('the kind comes from the identity, the role from the membership, and every team from every page', async () => {
    const found = await find(bench.connect());
    expect(found.map(({ name, kind, entitlements, before }) => ({ name, kind, entitlements, before }))).toEqual([
      {
        name: 'schen-gt',
        kind: 'primary',
        entitlements: ['all-staff', 'code-search', 'engineering'],
        before: { role: 'member', state: 'active' },
      },
      {
        name: 'adm-schen-gt',
        kind: 'admin',
        entitlements: ['administrators'],
        before: { role: 'admin', state: 'active' },
      },
    ]);
  });

  test('without single sign-on the accounts that the directory knows are found, by id or login, each once', async () => {
    const target = bench.connect();
    const { id, name } = await one(target, 'primary');
    await bench.fault({ vendor: 'noSaml' });
    expect(await find(target)).toEqual([]);
    const found = await find(target, { knownAccounts: [id, name, '999999999999'] });
    expect(found.map((account) => account.id)).toEqual([id]);
  });

  test('who is out of the organisation reads as disabled, and the login is still found', async () => {
    const target = bench.connect();
    const account = await one(target, 'primary');
    await accounts(target).disable(account, bench.context());
    const now = await one(target, 'primary');
    expect(now).toEqual({
      ...account,
      status: 'disabled',
      entitlements: [],
      before: { role: 'member', state: 'none' },
    });
  });

  test('an owner comes back as an owner, and pending until the invitation is taken', async () => {
    const target = bench.connect();
    const account = await one(target, 'admin');
    await accounts(target).disable(account, bench.context());
    await accounts(target).enable(account, bench.context());
    expect(await accounts(target).read(account.id, bench.context())).toMatchObject({
      status: 'enabled',
      before: { role: 'admin', state: 'pending' },
    });
    expect(await accounts(target).disable(account, bench.context())).toBe('changed');
    expect((await accounts(target).read(account.id, bench.context()))?.status).toBe('disabled');
  });

  test('an invitation that nobody took is an open way in: it is found and cancelled, once', async () => {
    const target = bench.connect();
    const made = await accounts(target).create?.(hire, bench.context());
    if (made === undefined) throw new Error('no create');
    expect(made.account).toMatchObject({ id: expect.stringMatching(/^invitation:\d+$/), name: hire.email });
    await expect(accounts(target).disable(made.account, bench.refusing())).rejects.toMatchObject({ code: 'stopped' });
    expect(await accounts(target).disable(made.account, bench.context())).toBe('changed');
    expect(await accounts(target).disable(made.account, bench.context())).toBe('already');
    expect(await accounts(target).read(made.account.id, bench.context())).toBeUndefined();
    await expect(accounts(target).enable(made.account, bench.context())).rejects.toMatchObject({ code: 'not-found' });
    expect(await target.sessions?.list(made.account, bench.context())).toEqual([]);
    expect(await bench.operations()).toEqual([`invite member ${hire.email}`, `cancel invitation ${hire.email}`]);
  });

  test('an invitation names the teams that are given with it, because nobody is put into one before they take it', async () => {
    const target = bench.connect();
    const made = await accounts(target).create?.({ ...hire, entitlements: ['engineering'] }, bench.context());
    if (made === undefined) throw new Error('no create');
    expect(made.account.entitlements).toEqual(['engineering']);
    await expect(target.entitlements?.grant(made.account, 'all-staff', bench.context())).rejects.toMatchObject({
      code: 'conflict',
    });
    const unknown = { ...hire, email: 'other@globaltech.example', entitlements: ['no-such-team'] };
    await expect(accounts(target).create?.(unknown, bench.context())).rejects.toMatchObject({ code: 'not-found' });
    expect(await bench.operations()).toEqual([`invite member ${hire.email}`]);
  });

  test('a known invitation is found without the address', async () => {
    const target = bench.connect();
    const made = await accounts(target).create?.(hire, bench.context());
    const known = { person: 'p', workerIds: [], knownAccounts: [made?.account.id ?? ''] };
    expect(await accounts(target).find(known, bench.context())).toEqual([made?.account]);
  });

  test('an invitation by address that names its user is that user, pending, and found by the address alone', async () => {
    const target = bench.connect();
    const account = await one(target, 'primary');
    await accounts(target).disable(account, bench.context());
    await bench.fault({ vendor: 'noSaml' });
    const made = await accounts(target).create?.({ ...hire, email: sarah.email }, bench.context());
    expect(made?.account).toMatchObject({ id: account.id, status: 'enabled', before: { state: 'pending' } });
    expect(await find(target)).toEqual([made?.account]);
    expect(await find(target, { knownAccounts: [account.id] })).toEqual([made?.account]);
    expect(await accounts(target).disable(account, bench.context())).toBe('changed');
    expect(await find(target)).toEqual([]);
  });

  test('nobody is invited to wait disabled', async () => {
    const target = bench.connect();
    const waiting = accounts(target).create?.({ ...hire, enabled: false }, bench.context());
    await expect(waiting).rejects.toMatchObject({ code: 'misconfigured' });
    expect(await bench.operations()).toEqual([]);
  });

  test('a team is not given to somebody outside, because that would invite them', async () => {
    const target = bench.connect();
    const account = await one(target, 'primary');
    await accounts(target).disable(account, bench.context());
    await expect(target.entitlements?.grant(account, 'engineering', bench.context())).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await bench.operations()).toEqual(['remove member schen-gt']);
  });

  test('who keeps single repositories after the removal is an outside collaborator, and removed as one', async () => {
    const target = bench.connect();
    const account = await one(target, 'primary');
    await bench.fault({ vendor: 'keepsCollaborator' });
    await accounts(target).disable(account, bench.context());
    const live = (await target.sessions?.list(account, bench.context())) ?? [];
    expect(live.map((session) => session.kind)).toEqual(['ssoCredential', 'ssoCredential', 'outsideCollaborator']);
    const session = { id: account.id, kind: 'outsideCollaborator' };
    expect(await target.sessions?.end(account, session, bench.context())).toBe('changed');
    expect(await target.sessions?.end(account, session, bench.context())).toBe('already');
  });

  test.each([
    ['secondaryLimit', { code: 'throttled', retryAfterMs: 30_000 }],
    ['silentLimit', { code: 'throttled', retryAfterMs: 60_000 }],
    ['graphqlForbidden', { code: 'refused' }],
    ['graphqlTrouble', { code: 'unavailable' }],
    ['expiredToken', { code: 'credentials' }],
  ])('%s is told apart', async (vendor, expected) => {
    await bench.fault({ vendor });
    await expect(find(bench.connect())).rejects.toMatchObject(expected);
  });

  test('the hour’s limit waits until GitHub says that it is over', async () => {
    await bench.fault({ vendor: 'primaryLimit' });
    const error: unknown = await find(bench.connect()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'throttled' });
    const { retryAfterMs = 0 } = error as { retryAfterMs?: number };
    expect(retryAfterMs).toBeGreaterThan(500_000);
    expect(retryAfterMs).toBeLessThanOrEqual(601_000);
  });

  test('a token that is forgotten once is renewed and the call goes through', async () => {
    const target = bench.connect();
    await target.check(bench.context());
    await bench.fault({ vendor: 'expiredToken', count: 1 });
    expect(await find(target)).toHaveLength(2);
  });

  test.each([
    ['lastOwner', 'last owner'],
    ['enterpriseTeam', 'without a membership'],
  ])('a removal that GitHub does not make is refused: %s', async (vendor, words) => {
    const target = bench.connect();
    const account = await one(target, 'admin');
    await bench.fault({ vendor });
    await expect(accounts(target).disable(account, bench.context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(words),
    });
    expect((await accounts(target).read(account.id, bench.context()))?.status).toBe('enabled');
  });

  test('a team that an identity provider keeps is refused', async () => {
    const target = bench.connect();
    const account = await one(target, 'primary');
    await bench.fault({ vendor: 'syncedTeam' });
    await expect(target.entitlements?.revoke(account, 'engineering', bench.context())).rejects.toMatchObject({
      code: 'refused',
    });
  });

  test('check says which permission is missing', async () => {
    await bench.fault({ vendor: 'readOnlyApp' });
    await expect(bench.connect().check(bench.context())).rejects.toMatchObject({
      code: 'refused',
      advice: expect.stringContaining('Members: read and write'),
    });
  });

  test('an organisation without single sign-on is told how to say so', async () => {
    const target = bench.connect();
    const account = await one(target, 'primary');
    await bench.fault({ vendor: 'noSaml' });
    await expect(target.sessions?.list(account, bench.context())).rejects.toMatchObject({
      code: 'misconfigured',
      advice: expect.stringContaining('ssoCredentials'),
    });
    const without = definition.connect(
      { ...settings(`http://127.0.0.1:${bench.relay.port}/github`), ssoCredentials: false },
      { secret: async () => privateKey, clock: () => Date.now() },
    );
    expect(await without.sessions?.list(account, bench.context())).toEqual([]);
    await without.close?.();
  });

  test('another installation is a fault of our credentials', async () => {
    const target = definition.connect(
      { ...settings(`http://127.0.0.1:${bench.relay.port}/github`), installationId: '1' },
      { secret: async () => privateKey, clock: () => Date.now() },
    );
    await expect(target.check(bench.context())).rejects.toMatchObject({ code: 'credentials' });
    await target.close?.();
  });
});

test('identities by worker id are as good as by address', async () => {
  const parsed = definition.settings.safeParse({
    ...settings('https://api.github.com'),
    identities: [{ nameId: 'globaltech/{workerId}', kind: 'primary' }],
  });
  expect(parsed.success).toBe(true);
  const without = { ...settings('https://api.github.com'), identities: [{ nameId: 'everybody', kind: 'primary' }] };
  expect(definition.settings.safeParse(without).success).toBe(false);
});

test('the queries are valid in GitHub’s published schema', () => {
  // The published file defines two fields twice, which is no matter of ours.
  const schema = buildSchema(githubSchema.idl, { assumeValidSDL: true, assumeValid: true });
  const faults = (query: string) => validate(schema, parse(query)).map((error) => error.message);
  for (const query of [identitiesQuery, accessQuery]) expect(faults(query)).toEqual([]);
  expect(faults(identitiesQuery.replace('endCursor', 'nextCursor'))).toEqual([expect.stringContaining('nextCursor')]);
});

test('the app proves itself by a JWT that its public key vouches for, and never follows an address in an answer', async () => {
  const asked: { path: string; authorization: string }[] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization ?? '' });
    response.setHeader('content-type', 'application/json');
    if (request.url?.endsWith('/access_tokens') === true) {
      const expires = new Date(Date.now() + 3_600_000).toISOString();
      return response.end(
        JSON.stringify({ token: 'the-token', expires_at: expires, permissions: { members: 'write' } }),
      );
    }
    if (request.url?.startsWith('/user/') === true) return response.end(JSON.stringify({ id: 1, login: 'a/../b' }));
    if (asked.filter(({ path }) => path.includes('/outside_collaborators')).length === 1) {
      response.setHeader('link', '<https://evil.example/elsewhere?page=2&per_page=100>; rel="next"');
    }
    return response.end('[]');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  const target = definition.connect(settings(`http://127.0.0.1:${address.port}`), {
    secret: async () => privateKey,
    clock: () => Date.now(),
  });
  const context = { signal: new AbortController().signal, beforeChange: async () => {}, now: '', key: '' };
  const account = { id: '1', name: '', kind: 'primary', status: 'enabled', entitlements: [], before: {} } as const;
  expect(await target.sessions?.list({ ...account, entitlements: [] }, context)).toEqual([]);
  const paths = asked.map(({ path }) => path);
  expect(paths).toHaveLength(5);
  expect(paths).toEqual(
    expect.arrayContaining([
      '/app/installations/48291/access_tokens',
      '/user/1',
      '/orgs/globaltech/credential-authorizations?login=a%2F..%2Fb&per_page=100',
      '/orgs/globaltech/outside_collaborators?per_page=100',
      '/orgs/globaltech/outside_collaborators?page=2&per_page=100',
    ]),
  );
  const jwt = asked[0]?.authorization.replace('Bearer ', '') ?? '';
  await jwtVerify(jwt, createPublicKey(privateKey), { algorithms: ['RS256'], issuer: '424242' });
  const { iat = 0, exp = 0 } = decodeJwt(jwt);
  expect(exp - iat).toBe(600);
  expect(new Set(asked.slice(1).map(({ authorization }) => authorization))).toEqual(new Set(['Bearer the-token']));
  await target.close?.();
  server.closeAllConnections();
  server.close();
});
