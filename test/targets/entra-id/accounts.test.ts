import { describe, expect, test } from 'vitest';
import { skus } from '../../../src/targets/entra-id/sandbox-tenant.ts';
import { abilities, hire, sarah, tenantOfTests } from './tenant.ts';

const { bench, find, one, connect } = tenantOfTests();

describe('finding', () => {
  test('an account shows what Graph may take away, and notes the rest with the reason', async () => {
    const [primary, admin] = [await one(bench().connect()), await one(bench().connect(), 'admin')];
    expect(primary).toMatchObject({ name: sarah.email, kind: 'primary', status: 'enabled' });
    expect(primary.entitlements.map((id) => id.split(':')[0])).toEqual([
      ...['group', 'group', 'group'],
      ...['licence', 'licence'],
    ]);
    expect(primary.before).toEqual({
      synchronised: false,
      licences: { [skus.office]: [expect.any(String)], [skus.powerBi]: [] },
      memberOfOthers: expect.any(Object),
      usageLocation: 'US',
      mail: sarah.email,
    });
    expect(Object.values(primary.before['memberOfOthers'] ?? {}).sort()).toEqual([
      'Exchange list',
      'dynamic group',
      'synchronised group',
    ]);
    expect(admin).toMatchObject({ name: `adm-${sarah.email}`, entitlements: [expect.stringMatching(/^group:/)] });
    expect(Object.values(admin.before['memberOfOthers'] ?? {})).toEqual(['directoryRole']);
    expect(admin.before).not.toHaveProperty('mail');
  });

  test('a licence that muster.yaml does not list is nobody’s to take', async () => {
    const target = connect({ licences: [skus.powerBi] });
    const licences = (await one(target)).entitlements.filter((id) => id.startsWith('licence:'));
    expect(licences).toEqual([`licence:${skus.powerBi}`]);
    await target.close?.();
  });

  test('an account that the directory knows is found once without the worker id, and is absent once it is gone', async () => {
    const target = bench().connect();
    const { id } = await one(target);
    const gone = '00000000-1111-4222-8333-444444444444';
    const found = await find(target, { workerIds: [], knownAccounts: [id, id, gone, 'not an id'] });
    expect(found.map((account) => [account.id, account.status])).toEqual([
      [id, 'enabled'],
      [gone, 'absent'],
      ['not an id', 'absent'],
    ]);
    const absent = found.find((account) => account.id === gone);
    if (absent === undefined) throw new Error('not found');
    expect(await abilities(target).accounts.disable(absent, bench().context())).toBe('already');
    expect(await bench().operations()).toEqual([]);
  });

  test('a worker id cannot break out of the filter', async () => {
    const target = bench().connect();
    for (const id of ["x' or accountEnabled eq true or employeeId eq '", "GT-48291'"]) {
      expect(await find(target, { workerIds: [id] })).toEqual([]);
    }
  });

  test('an app that may not see who is enabled is told so, and nobody is taken for disabled', async () => {
    const target = bench().connect();
    await bench().fault({ vendor: 'basicProfile' });
    await expect(find(target)).rejects.toMatchObject({
      code: 'refused',
      advice: expect.stringContaining('User.Read.All'),
    });
    await expect(target.check(bench().context())).rejects.toMatchObject({ code: 'refused' });
  });
});

describe('disabling', () => {
  test('disables first and revokes every session after', async () => {
    const target = bench().connect();
    const account = await one(target);
    await abilities(target).accounts.disable(account, bench().context());
    expect(await bench().operations()).toEqual([
      `disable user ${account.name}`,
      `revoke sign-in sessions ${account.name}`,
    ]);
    expect(await bench().accounts(sarah.workerId)).toContainEqual(
      expect.objectContaining({ id: account.id, enabled: false, sessions: [] }),
    );
  });

  test('a try that ended between the two calls is finished by the next', async () => {
    const target = bench().connect();
    const account = await one(target);
    const dying = bench().context({
      beforeChange: async (operation) => {
        if (operation === 'revoke sign-in sessions') throw new Error('the worker died');
      },
    });
    await expect(abilities(target).accounts.disable(account, dying)).rejects.toThrow('died');
    expect(await abilities(target).accounts.disable(account, bench().context())).toBe('changed');
    expect(await abilities(target).accounts.disable(account, bench().context())).toBe('already');
    expect(await bench().operations()).toEqual([
      `disable user ${account.name}`,
      `revoke sign-in sessions ${account.name}`,
    ]);
  });

  test('a user from Active Directory is disabled here as well, where Graph lets it', async () => {
    const target = bench().connect();
    await bench().fault({ vendor: 'synchronised' });
    const account = await one(target);
    expect(account.before).toMatchObject({ synchronised: true });
    expect(await abilities(target).accounts.disable(account, bench().context())).toBe('changed');
    expect(await abilities(target).accounts.read(account.id, bench().context())).toMatchObject({ status: 'disabled' });
  });

  test('where only Active Directory may disable, sessions are revoked, and it is done once the synchronisation has come', async () => {
    const target = bench().connect();
    await bench().fault({ vendor: 'onPremisesMastered' });
    const account = await one(target);
    const disable = () => abilities(target).accounts.disable(account, bench().context());
    await expect(disable()).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/sessions .* are revoked, and it is still enabled, .* Active Directory/),
      advice: expect.stringContaining('next synchronisation'),
    });
    // Still enabled, so somebody may have signed in since: each try revokes again.
    await expect(disable()).rejects.toMatchObject({ code: 'refused' });
    const revoked = `revoke sign-in sessions ${account.name}`;
    expect(await bench().operations()).toEqual([revoked, revoked]);
    expect(await abilities(target).accounts.read(account.id, bench().context())).toMatchObject({ status: 'enabled' });
    await bench().fault(undefined);
    expect(await disable()).toBe('changed');
    await bench().fault({ vendor: 'onPremisesMastered' });
    expect(await disable()).toBe('already');
    await expect(abilities(target).accounts.enable(account, bench().context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('not enabled'),
    });
  });

  test('a user who outranks the app keeps no session, and the refusal says which role is missing', async () => {
    const target = bench().connect();
    const account = await one(target, 'admin');
    await bench().fault({ vendor: 'privilegedUser' });
    await expect(abilities(target).accounts.disable(account, bench().context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/Authorization_RequestDenied.*sessions are revoked/),
      advice: expect.stringMatching(/User\.EnableDisableAccount\.All.*directory role/),
    });
    expect(await bench().operations()).toEqual([`revoke sign-in sessions ${account.name}`]);
  });

  test('sessions cannot be listed, and what lives on is said', async () => {
    const target = connect({ accessTokenMinutes: 15 });
    const { sessions } = abilities(target);
    const account = await one(target);
    expect([await sessions.list(account, bench().context()), sessions.residualMs]).toEqual([[], 900_000]);
    await target.close?.();
  });
});

describe('making', () => {
  const create = (account = hire, target = bench().connect()) => abilities(target).create(account, bench().context());

  test('a new user has the worker id, no mailbox yet, and a password that is not told', async () => {
    const { account, outcome } = await create({ ...hire, enabled: false, attributes: { usageLocation: 'DE' } });
    expect({ ...account, id: '', outcome }).toEqual({
      id: '',
      name: hire.email,
      kind: 'primary',
      status: 'disabled',
      entitlements: [],
      before: { synchronised: false, licences: {}, memberOfOthers: {}, usageLocation: 'DE' },
      outcome: 'changed',
    });
    expect((await create()).outcome).toBe('already');
  });

  test('an admin account is another one than the primary', async () => {
    const primary = await create();
    const admin = await create({ ...hire, email: `adm-${hire.email}` });
    expect([admin.outcome, admin.account.kind, admin.account.id === primary.account.id]).toEqual([
      'changed',
      'admin',
      false,
    ]);
  });

  test('where the copies lag, the refused user name finds the user that was made', async () => {
    const { account } = await create();
    await bench().fault({ vendor: 'laggingReads' });
    const again = await create();
    expect([again.outcome, again.account.id]).toEqual(['already', account.id]);
    expect(await bench().operations()).toEqual([`create user ${hire.email}`]);
  });

  test('a user name that is somebody else’s is a conflict, in words', async () => {
    await expect(create({ ...hire, email: sarah.email })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/userPrincipalName wanted for GT-50001 belongs to user [\w-]{36}$/),
      advice: expect.stringContaining('Reserve another name'),
    });
  });

  test('two users of one worker are never chosen between', async () => {
    await create();
    const target = connect({ adminPrefixes: ['none-'] });
    await create({ ...hire, email: `adm-${hire.email}` });
    await expect(create(hire, target)).rejects.toMatchObject({ code: 'ambiguous' });
    await target.close?.();
  });

  test.each([
    ['a worker id longer than employeeId holds', { workerId: 'GT-4829100000000000' }],
    ['an attribute that is Muster’s own', { attributes: { AccountEnabled: 'true' } }],
  ])('%s is misconfigured, and nothing is made', async (_what, other) => {
    await expect(create({ ...hire, ...other })).rejects.toMatchObject({ code: 'misconfigured' });
    expect(await bench().operations()).toEqual([]);
  });

  test('the user name can be the login at another domain', async () => {
    const target = connect({ upnDomain: 'cloud.globaltech.example' });
    expect((await create(hire, target)).account.name).toBe('lfischer@cloud.globaltech.example');
    await target.close?.();
  });
});
