import { Attribute, Change, Client } from 'ldapts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { firstPassword } from '../../../src/targets/active-directory/sandbox-people.ts';
import type { AccountSeen } from '../../../src/targets/target.ts';
import { decoyOf, sarahChen } from '../bench.ts';
import { accountNamed, base, type Connected, context, type Domain, keysOf, openDomain } from './domain.ts';

const sarah = sarahChen('active-directory');
const decoy = decoyOf(sarah);
const replace = (type: string, ...values: string[]) =>
  new Change({ operation: 'replace', modification: new Attribute({ type, values }) });
const sarahsDn = `CN=schen,OU=People,${base}`;
const adminsDn = `CN=adm-schen,OU=Admins,${base}`;

let domain: Domain;
let target: Connected;
let other: Client;
beforeAll(async () => {
  domain = await openDomain([sarah, decoy]);
  target = domain.connect();
  other = await domain.administrator();
});
afterAll(() => domain.close());
beforeEach(() => domain.seed([sarah, decoy]));

const logsOn = async (login: string, password: string): Promise<string> => {
  const client = new Client({ url: domain.url, tlsOptions: { ca: domain.certificates.ca } });
  try {
    await client.bind(`${login}@corp.globaltech.example`, password);
    return 'yes';
  } catch (error) {
    return /data (\w+)/.exec(String(error))?.[1] ?? String(error);
  } finally {
    await client.unbind();
  }
};
const read = async (account: AccountSeen) => target.accounts.read(account.id, context());

describe('find', () => {
  const logins = async (known: string[] = []) =>
    (await target.accounts.find(keysOf(sarah, known), context())).map(({ name, kind }) => `${name}: ${kind}`);

  test('admin accounts come first, because they are closed first', async () => {
    expect(await logins()).toEqual(['adm-schen: admin', 'schen: primary']);
  });

  test('an admin account without a worker id is told by its name', async () => {
    await other.modify(adminsDn, replace('employeeID'));
    expect(await logins()).toEqual(['adm-schen: admin', 'schen: primary']);
  });

  test('an admin account of that name with somebody else’s worker id is left out', async () => {
    await other.modify(adminsDn, replace('employeeID', 'GT-7'));
    expect(await logins()).toEqual(['schen: primary']);
  });

  test('kinds are told by organisational unit as well as by prefix', async () => {
    const byUnit = domain.connect({
      adminAccounts: { ou: `OU=Admins,${base}` },
      serviceAccounts: { loginPrefix: 'sch' },
    });
    const found = await byUnit.accounts.find(keysOf(sarah), context());
    expect(found.map(({ name, kind }) => `${name}: ${kind}`)).toEqual(['adm-schen: admin', 'schen: service']);
  });

  test('a known account that carries somebody else’s worker id is ambiguous, and none is given', async () => {
    const { id } = await accountNamed(target, sarah, 'schen');
    await other.modify(sarahsDn, replace('employeeID', 'GT-7'));
    await expect(logins([id])).rejects.toMatchObject({ code: 'ambiguous', message: expect.stringContaining(id) });
  });

  test('a known account is found without its worker id, outside the base, and in either case of its id', async () => {
    const { id } = await accountNamed(target, sarah, 'schen');
    await other.modify(sarahsDn, replace('employeeID'));
    const narrow = domain.connect({ baseDn: `OU=Admins,${base}`, adminAccounts: { loginPrefix: 'adm-' } });
    const found = await narrow.accounts.find(keysOf(sarah, [id.toUpperCase()]), context());
    expect(found.map(({ name }) => name)).toEqual(['adm-schen', 'schen']);
  });

  test('a known account that is gone, or never can have been, is absent', async () => {
    const { id } = await accountNamed(target, sarah, 'schen');
    await other.del(sarahsDn);
    await other.del(adminsDn);
    const gone = { kind: 'primary', status: 'absent', entitlements: [], before: {} };
    expect(await target.accounts.find(keysOf(sarah, [id, 'schen']), context())).toEqual([
      { ...gone, id, name: id },
      { ...gone, id: 'schen', name: 'schen' },
    ]);
  });

  test('a worker id cannot break out of the filter', async () => {
    for (const workerId of ['*', 'GT-48291)(objectClass=*', 'GT-4829*', '\\2a']) {
      const keys = { person: 'x', workerIds: [workerId], knownAccounts: [] };
      expect(await target.accounts.find(keys, context())).toEqual([]);
    }
    expect(await target.accounts.read(`x><GUID=${'0'.repeat(8)}`, context())).toBeUndefined();
  });

  test('without any key nothing is asked and nobody is found', async () => {
    expect(await target.accounts.find({ person: 'x', workerIds: [], knownAccounts: [] }, context())).toEqual([]);
  });

  test('memberships beyond what a directory sends at once are read to their end', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    const { objects } = domain.standIn.dump() as { objects: object[] };
    const groups = Array.from({ length: 3_100 }, (_, index) => ({
      guid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      dn: `CN=Team ${index},OU=Groups,${base}`,
      attributes: { objectclass: { name: 'objectClass', values: ['group'] } },
      members: [account.id],
      resets: 0,
    }));
    domain.standIn.restore({ objects: [...objects, ...groups] });
    const now = await read(account);
    expect(now?.entitlements).toHaveLength(3_100 + account.entitlements.length);
    expect(new Set(now?.entitlements)).toEqual(new Set([...account.entitlements, ...groups.map(({ dn }) => dn)]));
  });
});

describe('disable', () => {
  test('disables, sets two passwords nobody knows, and moves; the old password is worth nothing', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    expect(await logsOn('schen', firstPassword('schen'))).toBe('yes');
    const announced: string[] = [];
    const noting = context({ beforeChange: async (operation) => void announced.push(operation) });
    expect(await target.accounts.disable(account, noting)).toBe('changed');
    expect(announced).toEqual(['disable account', 'reset password', 'reset password', 'move account']);
    expect(domain.calls).toEqual(announced.map((operation) => `${operation} schen`));
    expect(await logsOn('schen', firstPassword('schen'))).toBe('52e');
    expect(await read(account)).toEqual({
      ...account,
      status: 'disabled',
      before: {
        ...account.before,
        dn: `CN=schen,OU=Leavers,${base}`,
        parent: `OU=Leavers,${base}`,
        userAccountControl: 514,
        description: 'Closed by Muster on 2025-11-15 (workday:transaction-1/active-directory)',
      },
    });
  });

  test('no other flag is touched, and one that somebody sets meanwhile is kept', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    let asked = 0;
    const meddling = context({
      beforeChange: async () => {
        asked += 1;
        if (asked === 1) await other.modify(sarahsDn, replace('userAccountControl', '66048'));
      },
    });
    expect(await target.accounts.disable(account, meddling)).toBe('changed');
    expect(await read(account)).toMatchObject({ status: 'disabled', before: { userAccountControl: 66050 } });
  });

  test('flags that change each time they are read are a conflict', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    let flags = 65536 + 512;
    const meddling = context({
      beforeChange: async () => {
        flags ^= 65536;
        await other.modify(sarahsDn, replace('userAccountControl', String(flags)));
      },
    });
    await other.modify(sarahsDn, replace('userAccountControl', String(flags)));
    await expect(target.accounts.disable(account, meddling)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('an account that somebody else disabled is closed properly all the same', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    await other.modify(sarahsDn, replace('userAccountControl', '514'));
    domain.calls.length = 0;
    expect(await target.accounts.disable(account, context())).toBe('changed');
    expect(domain.calls).toEqual(['reset password schen', 'reset password schen', 'move account schen']);
    expect(await target.accounts.disable(account, context())).toBe('already');
    expect(domain.calls).toHaveLength(3);
  });

  test('an account that somebody opened again is closed again, with two new passwords', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    await target.accounts.disable(account, context());
    await other.modify(`CN=schen,OU=Leavers,${base}`, replace('userAccountControl', '512'));
    domain.calls.length = 0;
    let asked = 0;
    const dying = context({
      beforeChange: async () => {
        asked += 1;
        if (asked === 2) throw new Error('the worker died');
      },
    });
    await expect(target.accounts.disable(account, dying)).rejects.toThrow('the worker died');
    expect(await target.accounts.disable(account, context())).toBe('changed');
    expect(domain.calls).toEqual(['disable account schen', 'reset password schen', 'reset password schen']);
  });

  test('a leaver of the same name in the leavers’ unit is in nobody’s way, and the way back is found', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    await other.add(`CN=schen,OU=Leavers,${base}`, { objectClass: ['top', 'organizationalUnit'] });
    await target.accounts.disable(account, context());
    const dn = `CN=schen ${account.id.slice(0, 8)},OU=Leavers,${base}`;
    expect(await read(account)).toMatchObject({ status: 'disabled', before: { dn } });
    await target.accounts.enable(account, context());
    expect(await read(account)).toEqual(account);
  });

  test('without a leavers’ unit accounts stay where they are', async () => {
    const staying = domain.connect({ leaversOu: undefined });
    const account = await accountNamed(staying, sarah, 'schen');
    await staying.accounts.disable(account, context());
    expect(await read(account)).toMatchObject({ status: 'disabled', before: { dn: sarahsDn } });
  });

  test('an account that is gone is closed already', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    await other.del(sarahsDn);
    domain.calls.length = 0;
    expect(await target.accounts.disable(account, context())).toBe('already');
    expect(await target.accounts.disable({ ...account, id: 'schen', status: 'absent' }, context())).toBe('already');
    expect(domain.calls).toEqual([]);
  });
});

describe('enable', () => {
  test('brings back place, description and all flags, whoever closed it', async () => {
    await other.modify(sarahsDn, [
      replace('userAccountControl', '66048'),
      replace('description', 'On the fourth floor'),
    ]);
    const account = await accountNamed(target, sarah, 'schen');
    await target.accounts.disable(account, context());
    expect(await target.accounts.enable(account, context())).toBe('changed');
    expect(await read(account)).toEqual(account);
  });

  test('a description that somebody wrote since stays', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    await target.accounts.disable(account, context());
    await other.modify(`CN=schen,OU=Leavers,${base}`, replace('description', 'Legal hold 17'));
    await target.accounts.enable(account, context());
    expect(await read(account)).toMatchObject({ status: 'enabled', before: { description: 'Legal hold 17' } });
  });

  test('without a record of before it opens in place and takes the mark away', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    await target.accounts.disable(account, context());
    await target.accounts.enable({ ...account, before: {} }, context());
    expect(await read(account)).toMatchObject({
      status: 'enabled',
      before: { parent: `OU=Leavers,${base}`, description: null },
    });
  });

  test('an account that is gone is not found', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    await other.del(sarahsDn);
    await expect(target.accounts.enable(account, context())).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(account.id),
    });
  });
});

describe('create', () => {
  const hire = {
    person: 'GT-50001',
    workerId: 'GT-50001',
    login: 'lfischer',
    email: 'lena.fischer@globaltech.example',
    firstName: 'Lena',
    lastName: 'Fischer, Jr.',
    enabled: false,
    attributes: { department: 'Finance', title: '' },
  };
  const create = (given: Partial<typeof hire> = {}, at = target) =>
    at.accounts.create?.({ ...hire, ...given }, context()) ?? Promise.reject(new Error('it cannot create'));

  test('one add makes it whole: disabled unless asked otherwise, with names, worker id and a password', async () => {
    const { account, outcome } = await create();
    expect({ outcome, ...account }).toMatchObject({
      outcome: 'changed',
      name: 'lfischer',
      kind: 'primary',
      status: 'disabled',
      entitlements: [],
      before: { dn: `CN=lfischer,OU=People,${base}`, userAccountControl: 514 },
    });
    expect(domain.calls).toEqual(['create account lfischer']);
    const { searchEntries } = await other.search(`<GUID=${account.id}>`, { scope: 'base' });
    expect(searchEntries[0]).toMatchObject({
      userPrincipalName: 'lfischer@corp.globaltech.example',
      employeeID: 'GT-50001',
      displayName: 'Lena Fischer, Jr.',
      mail: 'lena.fischer@globaltech.example',
      department: 'Finance',
    });
    // Only an account with a password may be opened.
    expect(await target.accounts.enable(account, context())).toBe('changed');
  });

  test('a leaver’s account that is there is given back as it is, not opened and not made twice', async () => {
    const account = await accountNamed(target, sarah, 'schen');
    await target.accounts.disable(account, context());
    domain.calls.length = 0;
    const again = await create({ workerId: sarah.workerId, login: 'sarah.chen', enabled: true });
    expect(again).toMatchObject({ outcome: 'already', account: { id: account.id, status: 'disabled' } });
    expect(domain.calls).toEqual([]);
  });

  test('an admin account is not in the way of a primary one, and is told by the login', async () => {
    await other.del(sarahsDn);
    const { account } = await create({ workerId: sarah.workerId, login: 'schen' });
    expect(account.kind).toBe('primary');
    const admin = await create({ login: 'adm-lfischer' });
    expect(admin).toMatchObject({ outcome: 'changed', account: { kind: 'admin' } });
  });

  test('a login or a name that is somebody else’s is refused', async () => {
    await expect(create({ login: 'schen' })).rejects.toMatchObject({ code: 'refused' });
    await other.add(`CN=lfischer,OU=People,${base}`, { objectClass: ['top', 'organizationalUnit'] });
    await expect(create()).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('GT-50001') });
    expect(domain.calls).toEqual([`create entry CN=lfischer,OU=People,${base}`]);
  });

  test('several accounts of the worker, none with that login, are ambiguous', async () => {
    await create({ login: 'one' });
    await other.modify(sarahsDn, replace('employeeID', 'GT-50001'));
    await expect(create({ login: 'two' })).rejects.toMatchObject({ code: 'ambiguous' });
  });

  test('policy cannot set what Muster sets', async () => {
    const attributes = { department: 'x', userAccountControl: '512' } as unknown as typeof hire.attributes;
    await expect(create({ attributes })).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining('userAccountControl'),
    });
  });

  test('a directory that says yes and makes none is found out', async () => {
    domain.fault = { lie: true };
    await expect(create()).rejects.toMatchObject({ code: 'not-confirmed' });
  });

  test('a unit that is not there is not found', async () => {
    const elsewhere = domain.connect({ usersOu: `OU=Nowhere,${base}` });
    await expect(create({}, elsewhere)).rejects.toMatchObject({ code: 'not-found' });
  });
});

test('a Kerberos ticket is said to live on for ten hours, or what the domain has', async () => {
  expect(target.sessions.residualMs).toBe(36_000_000);
  expect(domain.connect({ kerberosTicketHours: 4 }).sessions.residualMs).toBe(14_400_000);
  expect(await target.sessions.list(await accountNamed(target, sarah, 'schen'), context())).toEqual([]);
});
