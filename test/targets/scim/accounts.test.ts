import { describe, expect, test } from 'vitest';
import { idOf } from '../../../src/targets/scim/sandbox-directory.ts';
import { decoyOf } from '../bench.ts';
import { abilities, hire, oauth, only, portalOfTests, sarah } from './portal.ts';

const { bench, base, connect, find, one } = portalOfTests();

describe('finding', () => {
  test('by the worker id as externalId, and by the names that a person has', async () => {
    const found = await find(connect());
    expect(found.map(({ name, kind, before }) => ({ name, kind, before }))).toEqual([
      { name: sarah.email, kind: 'primary', before: { active: true, externalId: sarah.workerId } },
      { name: `adm-${sarah.email}`, kind: 'admin', before: { active: true } },
    ]);
  });

  test('a name that somebody else’s externalId has taken over is somebody else’s', async () => {
    const target = connect();
    const found = await find(target, { workerIds: ['GT-1'] });
    expect(found.map(({ name }) => name)).toEqual([`adm-${sarah.email}`]);
    const named = connect({ userNames: [{ pattern: '{workerId}', kind: 'primary' }] });
    expect((await find(named)).map(({ name }) => name)).toEqual([sarah.email]);
  });

  test('a server that leaves a filter out shows everybody, and nobody else’s user is taken', async () => {
    const target = connect();
    await bench().fault({ vendor: 'ignoresFilter' });
    const found = await find(target);
    expect(found.map(({ name }) => name)).toEqual([sarah.email, `adm-${sarah.email}`]);
    // Nor a group that she is not in.
    expect(found.map(({ entitlements }) => entitlements.length)).toEqual([3, 1]);
  });

  test('a server without filters is read page by page, when muster.yaml says so', async () => {
    await bench().fault({ vendor: 'noFilter' });
    await expect(connect().check(bench().context())).rejects.toMatchObject({
      code: 'misconfigured',
      advice: expect.stringContaining('searchBy'),
    });
    await expect(find(connect())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('invalidFilter'),
      advice: expect.stringContaining('searchBy'),
    });
    const target = connect({ searchBy: [], groups: 'walk' });
    expect(await target.check(bench().context())).toContain('4 users and 4 groups');
    expect((await find(target)).map(({ name, entitlements }) => [name, entitlements.length])).toEqual([
      [sarah.email, 3],
      [`adm-${sarah.email}`, 1],
    ]);
  });

  test('a server that searches names alone finds the worker by it', async () => {
    await bench().fault({ vendor: 'userNameOnly' });
    await expect(find(connect())).rejects.toMatchObject({ code: 'refused' });
    expect(await find(connect({ searchBy: ['userName'] }))).toHaveLength(2);
  });

  test('a server that answers the same page again is a protocol failure and no endless loop', async () => {
    await bench().fault({ vendor: 'samePage' });
    await expect(find(connect({ searchBy: [] }))).rejects.toMatchObject({ code: 'protocol' });
  });

  test('an account that the directory knows is found once without any key, and is absent once it is gone', async () => {
    const target = connect();
    const { id } = await one(target);
    const found = await find(target, { workerIds: [], email: 'x@globaltech.example', knownAccounts: [id, id, 'gone'] });
    expect(found.map((account) => [account.id, account.status])).toEqual([
      [id, 'enabled'],
      ['gone', 'absent'],
    ]);
  });

  test('a key cannot break out of the filter or the path', async () => {
    const target = connect();
    for (const id of ['x" or active eq "true', 'GT-48291\\', '"']) {
      expect(await find(target, { workerIds: [id], email: `${id}@globaltech.example` })).toEqual([]);
    }
    for (const id of ['../Groups', `${idOf('user x')}?filter=`, '..%2F']) {
      expect(await abilities(target).accounts.read(id, bench().context())).toBeUndefined();
    }
  });

  test('who is not said to be inactive is open', async () => {
    await bench().fault({ vendor: 'noActive' });
    expect((await one(connect())).status).toBe('enabled');
  });
});

describe('closing', () => {
  test.each([
    ['with an answer', {}, undefined],
    ['without an answer (204)', {}, 'noContent'],
    ['in words for booleans', { dialect: { booleans: 'string' } }, 'stringBooleans'],
    ['without a path', { dialect: { patch: 'pathless' } }, 'pathlessOnly'],
    ['with capital operations', { dialect: { operations: 'capital' } }, 'capitalOperations'],
    ['by a PUT, as the server says it must', {}, 'noPatch'],
    ['by a PUT, as muster.yaml says', { update: 'put' }, undefined],
    ['by a PUT in words', { update: 'put', dialect: { booleans: 'string' } }, 'stringBooleans'],
    ['where the server says nothing of itself', {}, 'silentConfig'],
  ])('%s: off and on, and into groups and out, as it was before', async (_what, other, vendor) => {
    const target = connect(other);
    const held = await bench().accounts(sarah.workerId);
    if (vendor !== undefined) await bench().fault({ vendor });
    await target.check(bench().context());
    const account = await one(target);
    const { accounts, entitlements } = abilities(target);
    const group = account.entitlements[0] ?? '';
    expect(await accounts.disable(account, bench().context())).toBe('changed');
    expect(await accounts.disable(account, bench().context())).toBe('already');
    expect(await entitlements.revoke(account, group, bench().context())).toBe('changed');
    const closed = await one(target);
    expect([closed.status, closed.entitlements]).toEqual(['disabled', account.entitlements.slice(1)]);
    expect(await entitlements.grant(account, group, bench().context())).toBe('changed');
    expect(await accounts.enable(account, bench().context())).toBe('changed');
    // Not one attribute of the user is lost, and nobody else has left a group.
    expect(await bench().accounts(sarah.workerId)).toEqual(held);
    expect((await bench().accounts(decoyOf(sarah).workerId)).map((one) => one['entitlements'])).toMatchObject([
      expect.objectContaining({ length: 3 }),
      expect.objectContaining({ length: 1 }),
    ]);
    expect((await bench().operations()).map((operation) => operation.split(' ').slice(0, -1).join(' '))).toEqual([
      ...['deactivate user', 'remove from group', 'add to group', 'activate user'],
    ]);
  });

  test.each([
    ['pathlessOnly', { code: 'refused', advice: expect.stringContaining('pathless') }],
    ['capitalOperations', { code: 'refused', advice: expect.stringContaining('dialect') }],
    ['stringBooleans', { code: 'refused', advice: expect.stringContaining('dialect') }],
  ])('a dialect that muster.yaml does not name is refused with what to set: %s', async (vendor, expected) => {
    const target = connect();
    const account = await one(target);
    await bench().fault({ vendor });
    await expect(abilities(target).accounts.disable(account, bench().context())).rejects.toMatchObject(expected);
  });

  test('a server that has no PATCH although it is told to says which setting is wrong', async () => {
    const target = connect({ update: 'patch' });
    const account = await one(target);
    await bench().fault({ vendor: 'noPatch' });
    await expect(abilities(target).accounts.disable(account, bench().context())).rejects.toMatchObject({
      code: 'misconfigured',
      advice: 'Set "update" to "put".',
    });
  });

  test('a PUT over somebody else’s change is a conflict, to be tried again', async () => {
    const target = connect({ update: 'put' });
    const account = await one(target);
    await bench().fault({ vendor: 'staleVersion' });
    await expect(abilities(target).accounts.disable(account, bench().context())).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('a server that deletes whom it deactivates: closed all the same, and opened again only by making', async () => {
    const target = connect();
    const account = await one(target);
    await bench().fault({ vendor: 'deletesInactive' });
    await abilities(target).accounts.disable(account, bench().context());
    expect(await abilities(target).accounts.read(account.id, bench().context())).toBeUndefined();
    expect(await abilities(target).accounts.disable(account, bench().context())).toBe('already');
    await expect(abilities(target).accounts.enable(account, bench().context())).rejects.toMatchObject({
      code: 'not-found',
      advice: expect.stringContaining('anew'),
    });
  });
});

describe('making', () => {
  const create = (account = hire, target = connect()) => abilities(target).create(account, bench().context());
  const resourceOf = async () => only(await bench().accounts(hire.workerId))['resource'];

  test('a new user has the worker id as externalId, and policy’s attributes where muster.yaml puts them', async () => {
    const portal = 'urn:globaltech:params:scim:schemas:portal:2.0:User';
    const target = connect({
      attributes: { startDate: `${portal}:startDate`, jobTitle: 'title', middleName: 'name.middleName' },
    });
    const attributes = {
      startDate: '2026-02-02',
      jobTitle: 'Engineer',
      middleName: 'M',
      elsewhere: 'x',
      constructor: 'y',
    };
    const { account, outcome } = await create({ ...hire, enabled: false, attributes }, target);
    expect({ ...account, id: '', outcome }).toEqual({
      id: '',
      name: hire.email,
      kind: 'primary',
      status: 'disabled',
      entitlements: [],
      before: { active: false, externalId: hire.workerId },
      outcome: 'changed',
    });
    expect(await resourceOf()).toEqual({
      userName: hire.email,
      externalId: hire.workerId,
      active: false,
      name: { givenName: 'Lena', familyName: 'Fischer', middleName: 'M' },
      displayName: 'Lena Fischer',
      emails: [{ value: hire.email, type: 'work', primary: true }],
      title: 'Engineer',
      [portal]: { startDate: '2026-02-02' },
    });
  });

  test('the department goes into the enterprise extension', async () => {
    await create({ ...hire, attributes: { department: 'Sales' } });
    expect(await resourceOf()).toMatchObject({
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Sales' },
    });
  });

  test('where the answer is empty, what was made is found', async () => {
    await bench().fault({ vendor: 'silentCreate' });
    expect(await create()).toMatchObject({ outcome: 'changed', account: { name: hire.email } });
  });

  test('an admin account is another one than the primary', async () => {
    const primary = await create();
    const admin = await create({ ...hire, email: `adm-${hire.email}` });
    expect([admin.outcome, admin.account.kind, admin.account.id === primary.account.id]).toEqual([
      ...['changed', 'admin', false],
    ]);
    await expect(create(hire, connect({ userNames: [{ pattern: '{email}', kind: 'primary' }] }))).rejects.toMatchObject(
      {
        code: 'ambiguous',
      },
    );
  });

  test('a user made by somebody else in the meantime is the worker’s own, or a conflict in words', async () => {
    const overtaken = (email: string, workerId: string) =>
      bench().context({
        beforeChange: async () => void (await create({ ...hire, email, workerId })),
      });
    const target = connect();
    const own = await abilities(target).create(hire, overtaken(hire.email, hire.workerId));
    expect([own.outcome, own.account.name]).toEqual(['already', hire.email]);
    const other = { ...hire, workerId: 'GT-50002', email: 'lena.fischer2@globaltech.example' };
    await expect(abilities(target).create(other, overtaken(other.email, 'GT-50003'))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('GT-50002'),
    });
  });
});

describe('logging on', () => {
  test('by client credentials, and once more when the token ran out', async () => {
    const target = connect({ login: oauth(base()) });
    await target.check(bench().context());
    await bench().fault({ vendor: 'expiredToken', count: 1 });
    expect(await find(target)).toHaveLength(2);
    const wrong = connect({ login: { ...oauth(base()), clientId: 'somebody' } });
    await expect(wrong.check(bench().context())).rejects.toMatchObject({
      code: 'credentials',
      advice: expect.stringContaining('clientId'),
    });
  });

  test('check says what is there, and messages bear the system’s own name', async () => {
    expect(await connect().check(bench().context())).toMatch(
      /^Onboarding portal at 127\.0\.0\.1:\d+: 4 users and 4 groups, changed by PATCH$/,
    );
    await expect(
      abilities(connect()).accounts.enable(
        { id: 'gone', name: '', kind: 'primary', status: 'disabled', entitlements: [], before: {} },
        bench().context(),
      ),
    ).rejects.toMatchObject({ message: expect.stringMatching(/^Onboarding portal /) });
  });
});
