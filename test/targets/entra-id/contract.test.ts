import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { definition } from '../../../src/targets/entra-id/index.ts';
import { guidOf } from '../../../src/targets/entra-id/sandbox-tenant.ts';
import type { AccountSeen } from '../../../src/targets/target.ts';
import { abilities, allowing, hire, listening, settings, type Taken } from './tenant.ts';

/** Microsoft's own description of Graph, trimmed to what Muster calls. */
const contract = z
  .object({
    operations: z.array(
      z.object({
        method: z.string(),
        path: z.string(),
        query: z.array(z.string()).default([]),
        body: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
    $defs: z.looseObject({ user: z.looseObject({ properties: z.record(z.string(), z.unknown()) }) }),
  })
  .parse(JSON.parse(readFileSync(new URL('graph-contract.json', import.meta.url), 'utf8')));
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

/** What is wrong with a request by that description; nothing where it fits. */
function faultsOf(taken: Pick<Taken, 'method' | 'path' | 'body'>): string[] {
  const url = new URL(taken.path, 'https://graph.microsoft.com');
  const operation = contract.operations.find(
    ({ method, path }) => method === taken.method && patternOf(path).test(url.pathname.replace('/v1.0', '')),
  );
  if (operation === undefined) return [`no operation ${taken.method} ${url.pathname}`];
  const unknown = [...url.searchParams.keys()].filter((name) => !operation.query.includes(name));
  const selected = url.searchParams.get('$select')?.split(',') ?? [];
  const faults = [
    ...unknown.map((name) => `no parameter ${name}`),
    ...selected.filter((name) => !(name in contract.$defs.user.properties)).map((name) => `no property ${name}`),
  ];
  if (operation.body === undefined) return taken.body === '' ? faults : [...faults, 'no body is due'];
  const fits = ajv.compile({ ...operation.body, $defs: contract.$defs });
  return fits(JSON.parse(taken.body)) ? faults : [...faults, ajv.errorsText(fits.errors)];
}

/** Actions may be called without the namespace that the description puts before them. */
const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replace('microsoft.graph.', '')
      .replaceAll('$', '\\$')
      .replace(/\{[^}]+\}/g, '[^/]+')}$`,
  );

describe('Microsoft’s description of Graph', () => {
  const [user, group, sku] = [guidOf('user'), guidOf('group'), guidOf('sku')];
  let server: Awaited<ReturnType<typeof listening>>;
  let enabled = true;
  let licensed = false;
  let managed = false;
  let member = false;
  let rules: unknown[] = [];
  beforeAll(async () => {
    server = await listening(({ method, path }) => {
      const shown = {
        id: user,
        userPrincipalName: hire.email,
        accountEnabled: enabled,
        ...(managed ? { manager: { id: group } } : {}),
        licenseAssignmentStates: licensed ? [{ skuId: sku, disabledPlans: [], assignedByGroup: null }] : [],
      };
      if (path.endsWith('/token')) return { json: { access_token: 't', expires_in: 3599 } };
      if (path.includes('/messageRules') && method === 'GET') return { json: { value: rules } };
      if (path.includes('/mailboxSettings') && method === 'GET') return { json: { automaticRepliesSetting: {} } };
      if (path.includes('employeeId%20eq%20') && path.includes('GT-10007')) {
        return { json: { value: [{ ...shown, id: group, employeeId: 'GT-10007' }] } };
      }
      if (path.endsWith('/temporaryAccessPassMethods')) {
        const pass = { temporaryAccessPass: 'p', startDateTime: '2025-11-20T08:00:00Z', lifetimeInMinutes: 60 };
        return { status: 201, json: pass };
      }
      if (path.includes('/memberOf')) {
        return { json: { value: member ? [{ '@odata.type': '#microsoft.graph.group', id: group }] : [] } };
      }
      if (path.endsWith('/revokeSignInSessions')) return { json: { value: true } };
      if (path.endsWith('/assignLicense')) return { json: shown };
      if (path.startsWith('/v1.0/users?')) return { json: { value: [] } };
      if (method === 'POST' && path === '/v1.0/users') return { status: 201, json: { id: user } };
      return method === 'GET' ? { json: shown } : { status: 204 };
    });
  });
  afterAll(() => server.close());

  test('every request that Muster makes fits it', async () => {
    const target = definition.connect(
      { ...settings(server.base), licences: [sku], mailboxLicences: [sku], usageLocation: 'US' },
      { secret: async () => 's', clock: () => Date.now() },
    );
    const { accounts, create, entitlements } = abilities(target);
    const account: AccountSeen = {
      id: user,
      name: '',
      kind: 'primary',
      status: 'enabled',
      entitlements: [],
      before: {},
    };
    const at = allowing();
    await target.check(at);
    await accounts.find({ person: 'p', workerIds: ["O'Neill"], knownAccounts: [user] }, at);
    await create({ ...hire, attributes: { department: 'Engineering', jobTitle: 'Engineer' } }, at);
    await accounts.disable(account, at);
    enabled = false;
    await accounts.enable(account, at);
    await entitlements.grant(account, `group:${group}`, at);
    await entitlements.grant(account, `licence:${sku}`, at);
    [member, licensed] = [true, true];
    await entitlements.revoke(account, `group:${group}`, at);
    await entitlements.revoke(account, `licence:${sku}`, at);
    for await (const page of accounts.list?.(at) ?? []) expect(page).toEqual([]);
    const wanted = {
      firstName: 'S',
      lastName: 'C',
      department: 'D',
      jobTitle: 'J',
      location: 'B',
      managerId: 'GT-10007',
    };
    await accounts.update?.(account, wanted, at);
    managed = true;
    await accounts.update?.(account, { managerId: null }, at);
    await target.credentials?.issue(account, { validFrom: '2025-11-20T08:00:00Z', lifetimeMinutes: 60 }, at);
    await target.mailbox?.handOver(account, { email: hire.email }, at);
    rules = [{ id: 'rule', displayName: 'Muster: handed over' }];
    await target.mailbox?.handOver(account, { email: hire.email }, at);
    await accounts.remove?.(account, at);
    const calls = server.taken.filter(({ path }) => path.startsWith('/v1.0/'));
    expect(calls.map((call) => [call.method, call.path, ...faultsOf(call)]).filter((one) => one.length > 2)).toEqual(
      [],
    );
    // Every operation of the description was called, so nothing in it is there for show.
    const called = new Set(
      calls.map((call) => {
        const path = new URL(call.path, server.base).pathname.replace('/v1.0', '');
        return contract.operations.findIndex((one) => one.method === call.method && patternOf(one.path).test(path));
      }),
    );
    expect(called.size).toBe(contract.operations.length);
    await target.close?.();
  });

  test.each([
    [{ method: 'DELETE', path: `/v1.0/groups/${group}/members/${user}`, body: '' }, /no operation/],
    [{ method: 'GET', path: '/v1.0/users?$select=id,enabled', body: '' }, /no property enabled/],
    [{ method: 'PATCH', path: `/v1.0/users/${user}`, body: '{"accountEnabled":"no"}' }, /must be boolean/],
    [{ method: 'PATCH', path: `/v1.0/users/${user}`, body: '{"accountenabled":false}' }, /additional properties/],
  ])('and would find a request that does not: %j', (taken, fault) => {
    expect(faultsOf(taken).join('; ')).toMatch(fault);
  });
});
