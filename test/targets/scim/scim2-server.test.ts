import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { definition } from '../../../src/targets/scim/index.ts';
import type { CallContext, Target } from '../../../src/targets/target.ts';
import { type ScimServer, scimAvailable, startScimServer } from '../../helpers/scim.ts';
import { abilities, hire, only } from './portal.ts';

const user = 'urn:ietf:params:scim:schemas:core:2.0:User';
const group = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const keys = { person: 'GT-48291', workerIds: ['GT-48291'], email: 'sarah.chen@globaltech.example', knownAccounts: [] };

/** The way each kind of change goes, against a server that others wrote from the RFCs. */
describe.skipIf(!scimAvailable())('SCIM against scim2-server', () => {
  let server: ScimServer;
  let base = '';
  let connected: Target[] = [];
  let sarah = '';
  let changes: string[] = [];

  const at = (): CallContext => ({
    signal: AbortSignal.timeout(20_000),
    beforeChange: async (operation) => void changes.push(operation),
    now: '2025-11-15T14:30:00.000Z',
    key: 'event/scim',
  });
  const connect = (other: Record<string, unknown> = {}, token = server.token) => {
    const target = definition.connect(
      { baseUrl: base, title: 'Peer', login: { type: 'bearer', token: 'env:TOKEN' }, ...other },
      { secret: async () => token, clock: () => Date.now() },
    );
    connected.push(target);
    return target;
  };
  const ask = async (path: string, method = 'GET', body?: unknown) => {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/scim+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`scim2-server answered ${answer.status}: ${await answer.text()}`);
    return z.looseObject({ id: z.string() }).parse(await answer.json());
  };
  const makeUser = async (userName: string, other: Record<string, unknown> = {}) =>
    (await ask('/Users', 'POST', { schemas: [user], userName, active: true, ...other })).id;
  const makeGroup = async (displayName: string, members: string[]) =>
    (await ask('/Groups', 'POST', { schemas: [group], displayName, members: members.map((value) => ({ value })) })).id;
  const membersOf = async (id: string) =>
    z
      .looseObject({ members: z.array(z.object({ value: z.string() })).default([]) })
      .parse(await ask(`/Groups/${id}`))
      .members.map((member) => member.value);

  beforeAll(async () => {
    server = await startScimServer();
  });
  afterAll(() => server?.close());
  beforeEach(async () => {
    base = server.tenant(`t${randomUUID()}`);
    changes = [];
    sarah = await makeUser(keys.email, {
      schemas: [user, enterprise],
      externalId: 'GT-48291',
      name: { givenName: 'Sarah', familyName: 'Chen' },
      phoneNumbers: [{ value: 'tel:+1-555-0100', type: 'work' }],
      [enterprise]: { department: 'Engineering', costCenter: '4711' },
    });
    await makeUser('sarah.chen2@globaltech.example', { externalId: 'GT-482910' });
  });
  afterEach(async () => {
    await Promise.all(connected.map((target) => target.close?.()));
    connected = [];
  });

  test.each(['patch', 'put'] as const)('attributes are written and emptied by %s, once', async (update) => {
    const startDate = `${enterprise}:costCenter`;
    const department = `${enterprise}:department`;
    const target = connect({ update, attributes: { jobTitle: 'title', department, startDate } });
    const manager = await makeUser('rowan.patel@globaltech.example', { externalId: 'GT-10007' });
    const account = only(await abilities(target).accounts.find(keys, at()));
    const wanted = {
      lastName: 'Lee',
      jobTitle: 'Lead',
      department: 'Platform',
      managerId: 'GT-10007',
      startDate: '2026',
    };
    expect(await target.accounts?.update?.(account, wanted, at())).toBe('changed');
    expect(await target.accounts?.update?.(account, wanted, at())).toBe('already');
    expect(await ask(`/Users/${sarah}`)).toMatchObject({
      name: { givenName: 'Sarah', familyName: 'Lee' },
      title: 'Lead',
      active: true,
      phoneNumbers: [{ value: 'tel:+1-555-0100' }],
      [enterprise]: { department: 'Platform', manager: { value: manager }, costCenter: '2026' },
    });
    const none = { jobTitle: null, department: null, managerId: null };
    expect(await target.accounts?.update?.(account, none, at())).toBe('changed');
    expect(await target.accounts?.update?.(account, none, at())).toBe('already');
    const now = await ask(`/Users/${sarah}`);
    expect(now).not.toHaveProperty('title');
    expect(now).toMatchObject({ [enterprise]: { costCenter: '2026' } });
    expect(changes).toEqual(['update user', 'update user']);
  });

  test('all users are listed, and one is deleted once', async () => {
    for (let at = 0; at < 120; at += 1) await makeUser(`user${at}@globaltech.example`, { externalId: `GT-7${at}` });
    const target = connect({ groups: 'walk' });
    const pages: number[] = [];
    for await (const page of target.accounts?.list?.(at()) ?? []) pages.push(page.length);
    expect([pages.length > 1, pages.reduce((sum, size) => sum + size, 0)]).toEqual([true, 122]);
    const account = only(await abilities(target).accounts.find(keys, at()));
    expect(await target.accounts?.remove?.(account, at())).toBe('changed');
    expect(await target.accounts?.remove?.(account, at())).toBe('already');
    expect(await target.accounts?.read(account.id, at())).toBeUndefined();
    expect(changes).toEqual(['delete user']);
  });

  test('check counts what is there', async () => {
    expect(await connect().check(at())).toMatch(/^Peer at .*: 2 users and 0 groups, changed by PATCH$/);
    await expect(connect({}, 'another').check(at())).rejects.toMatchObject({ code: 'credentials' });
  });

  test('a user is found by externalId and by name, however many there are, and nobody else', async () => {
    const admin = await makeUser(`adm-${keys.email}`);
    await makeUser(`x"y@globaltech.example`, { externalId: 'a"b\\c' });
    const found = await abilities(connect()).accounts.find(keys, at());
    expect(found.map((account) => [account.id, account.kind]).sort()).toEqual(
      [
        [sarah, 'primary'],
        [admin, 'admin'],
      ].sort(),
    );
    const odd = await abilities(connect()).accounts.find(
      { person: 'p', workerIds: ['a"b\\c'], knownAccounts: ['gone'] },
      at(),
    );
    expect(odd.map(({ name, status }) => [name, status])).toEqual([
      ['x"y@globaltech.example', 'enabled'],
      ['gone', 'absent'],
    ]);
    const walked = await abilities(connect({ searchBy: [], groups: 'walk' })).accounts.find(keys, at());
    expect(walked.map(({ id }) => id).sort()).toEqual([sarah, admin].sort());
  });

  test.each([
    ['by a PATCH', {}],
    ['by a PATCH without a path', { dialect: { patch: 'pathless' } }],
    ['in words, with capitals', { dialect: { booleans: 'string', operations: 'capital' } }],
    ['by a PUT', { update: 'put' }],
  ])('%s: each change is made once, is read back, and leaves all else as it was', async (_what, other) => {
    const colleague = await makeUser('colleague@globaltech.example');
    const [team, staff] = [await makeGroup('Team', [sarah, colleague]), await makeGroup('Staff', [colleague, sarah])];
    const before = await ask(`/Users/${sarah}`);
    const target = connect(other);
    const { accounts, entitlements } = abilities(target);
    const account = only(await accounts.find(keys, at()));
    expect(account.entitlements).toEqual([team, staff].sort());
    for (const outcome of ['changed', 'already']) expect(await accounts.disable(account, at())).toBe(outcome);
    expect(await ask(`/Users/${sarah}`)).toMatchObject({ active: false });
    for (const outcome of ['changed', 'already']) expect(await entitlements.revoke(account, team, at())).toBe(outcome);
    expect([await membersOf(team), (await membersOf(staff)).sort()]).toEqual([[colleague], [colleague, sarah].sort()]);
    expect(await accounts.read(sarah, at())).toMatchObject({ status: 'disabled', entitlements: [staff] });
    for (const outcome of ['changed', 'already']) expect(await entitlements.grant(account, team, at())).toBe(outcome);
    for (const outcome of ['changed', 'already']) expect(await accounts.enable(account, at())).toBe(outcome);
    expect(await accounts.read(sarah, at())).toEqual(account);
    const { meta: _before, ...kept } = before;
    const { meta: _after, ...now } = await ask(`/Users/${sarah}`);
    expect(now).toEqual(kept);
    expect(changes).toEqual(['deactivate user', 'remove from group', 'add to group', 'activate user']);
  });

  test('a PUT over a change that came in between is a conflict, and undoes nothing', async () => {
    const target = connect({ update: 'put' });
    const account = only(await abilities(target).accounts.find(keys, at()));
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'title', value: 'Principal Engineer' }],
    };
    const overtaken = {
      ...at(),
      beforeChange: async () => {
        const answer = await fetch(`${base}/Users/${sarah}`, {
          method: 'PATCH',
          headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/scim+json' },
          body: JSON.stringify(patch),
        });
        if (!answer.ok) throw new Error(await answer.text());
      },
    };
    await expect(abilities(target).accounts.disable(account, overtaken)).rejects.toMatchObject({ code: 'conflict' });
    expect(await abilities(target).accounts.disable(account, at())).toBe('changed');
    expect(await ask(`/Users/${sarah}`)).toMatchObject({ active: false, title: 'Principal Engineer' });
  });

  test('creating twice makes one user, and a taken name is a conflict', async () => {
    const target = connect();
    const attributes = { jobTitle: 'Engineer', department: 'Engineering' };
    const made = await abilities(target).create({ ...hire, enabled: false, attributes }, at());
    expect(made).toMatchObject({ outcome: 'changed', account: { status: 'disabled', name: hire.email } });
    expect(await ask(`/Users/${made.account.id}`)).toMatchObject({
      externalId: hire.workerId,
      title: 'Engineer',
      [enterprise]: { department: 'Engineering' },
    });
    expect(await abilities(target).create(hire, at())).toMatchObject({ outcome: 'already', account: made.account });
    await expect(
      abilities(target).create({ ...hire, workerId: 'GT-50009', email: keys.email }, at()),
    ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('GT-50009') });
  });

  test('what is not there is not there', async () => {
    const target = connect();
    expect(await abilities(target).accounts.read('no-such-user', at())).toBeUndefined();
    const account = only(await abilities(target).accounts.find(keys, at()));
    await expect(abilities(target).entitlements.grant(account, 'no-such-group', at())).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(await abilities(target).entitlements.revoke(account, 'no-such-group', at())).toBe('already');
  });
});
