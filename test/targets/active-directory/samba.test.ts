import { Client } from 'ldapts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificates } from '../../../src/sandbox/certificates.ts';
import { alteration } from '../../../src/targets/active-directory/client.ts';
import { definition } from '../../../src/targets/active-directory/index.ts';
import { encodedPassword } from '../../../src/targets/active-directory/password.ts';
import { firstPassword } from '../../../src/targets/active-directory/sandbox-people.ts';
import type { AccountSeen } from '../../../src/targets/target.ts';
import { type Samba, sambaAvailable, startSamba } from '../../helpers/samba.ts';
import { sarahChen } from '../bench.ts';
import { targetSuite } from '../target-suite.ts';
import { accountNamed, base, type Connected, context, keysOf } from './domain.ts';
import { sambaStandIn, seedSamba } from './samba-stand-in.ts';

const sarah = sarahChen('active-directory');

const settings = (url: string, ca: string) => ({
  url,
  bindDn: 'svc-muster@corp.globaltech.example',
  password: 'env:AD_PASSWORD',
  ...(ca === '' ? {} : { ca }),
  baseDn: base,
  usersOu: `OU=People,${base}`,
  leaversOu: `OU=Leavers,${base}`,
  pageSize: 2,
});

/** The service account has the rights that the README asks for and no others. */
describe.skipIf(!sambaAvailable())('against a real Samba domain controller', () => {
  let samba: Samba;
  beforeAll(async () => {
    samba = await startSamba();
    // Another run may hold the ports for a while.
  }, 600_000);
  afterAll(async () => {
    await samba?.close();
  });

  targetSuite({
    name: 'active-directory',
    definition,
    makeStandIn: (tools) => sambaStandIn(samba)(tools),
    settings: (baseUrl, { ca }) => settings(baseUrl.replace(/^https:/, 'ldaps:'), ca),
    secrets: { 'env:AD_PASSWORD': 'Muster-tests-2' },
    unknownId: '00000000-1111-4222-8333-444444444444',
    cannot: {
      'retry-after': 'LDAP has no word for when to come back',
      sessions: 'a domain controller can neither list nor end Kerberos tickets; they run out',
    },
  });

  describe('with nothing in between', () => {
    const sarahsDn = `CN=schen,OU=People,${base}`;
    let administrator: Client;
    let target: Connected;
    const open: Connected[] = [];
    const connect = (more: Record<string, unknown> = {}, password = samba.service.password): Connected => {
      const made = definition.connect(
        { ...settings(samba.url, samba.ca), ...more },
        { secret: async () => password, clock: () => Date.now() },
      ) as Connected;
      open.push(made);
      return made;
    };
    beforeAll(async () => {
      administrator = new Client({ url: samba.url, tlsOptions: { ca: samba.ca } });
      await administrator.bind(samba.administrator.bindDn, samba.administrator.password);
      target = connect();
    });
    afterAll(async () => {
      for (const made of open) await made.close();
      await administrator?.unbind();
    });
    beforeEach(() => seedSamba(administrator, samba, [sarah]));

    const logsOn = async (login: string, password: string): Promise<string> => {
      const client = new Client({ url: samba.url, tlsOptions: { ca: samba.ca } });
      const failed = await client.bind(`${login}@corp.globaltech.example`, password).catch(String);
      await client.unbind();
      return typeof failed === 'string' ? (/data (\w+)/.exec(failed)?.[1] ?? failed) : 'yes';
    };
    const read = (account: AccountSeen) => target.accounts.read(account.id, context());

    test('the password that a leaver knew is worth nothing, even if somebody enables the account again', async () => {
      const account = await accountNamed(target, sarah, 'schen');
      expect(await logsOn('schen', firstPassword('schen'))).toBe('yes');
      await target.accounts.disable(account, context());
      expect(await logsOn('schen', firstPassword('schen'))).not.toBe('yes');
      await target.accounts.enable(account, context());
      expect(await logsOn('schen', firstPassword('schen'))).toBe('52e');
      expect(await read(account)).toEqual(account);
    });

    test('flags that somebody sets between the look and the change are kept', async () => {
      const account = await accountNamed(target, sarah, 'schen');
      let asked = 0;
      const meddling = context({
        beforeChange: async () => {
          asked += 1;
          if (asked === 1) await administrator.modify(sarahsDn, alteration('replace', 'userAccountControl', '66048'));
        },
      });
      await target.accounts.disable(account, meddling);
      expect(await read(account)).toMatchObject({ status: 'disabled', before: { userAccountControl: 66050 } });
    });

    test('a leaver of the same name in the leavers’ unit is in nobody’s way', async () => {
      const account = await accountNamed(target, sarah, 'schen');
      await administrator.add(`CN=schen,OU=Leavers,${base}`, { objectClass: 'container' });
      await target.accounts.disable(account, context());
      const dn = `CN=schen ${account.id.slice(0, 8)},OU=Leavers,${base}`;
      expect(await read(account)).toMatchObject({ status: 'disabled', before: { dn } });
      await target.accounts.enable(account, context());
      expect(await read(account)).toEqual(account);
    });

    test('an admin account without a worker id is found by its name; filters cannot be broken out of', async () => {
      await administrator.modify(`CN=adm-schen,OU=Admins,${base}`, alteration('replace', 'employeeID'));
      const found = await target.accounts.find(keysOf(sarah), context());
      expect(found.map(({ name, kind }) => [name, kind])).toEqual([
        ['adm-schen', 'admin'],
        ['schen', 'primary'],
      ]);
      const keys = { person: 'x', workerIds: ['*', 'GT-48291)(objectClass=*'], knownAccounts: [] };
      expect(await target.accounts.find(keys, context())).toEqual([]);
    });

    test('an account with something below it is deleted together with that', async () => {
      const account = await accountNamed(target, sarah, 'schen');
      await administrator.add(`CN=Phone,${sarahsDn}`, { objectClass: 'classStore' });
      expect(await target.accounts.remove?.(account, context())).toBe('changed');
      expect(await read(account)).toBeUndefined();
      expect(await target.accounts.remove?.(account, context())).toBe('already');
    });

    test('a group or an account that is gone, and the primary group', async () => {
      const account = await accountNamed(target, sarah, 'schen');
      const gone = `CN=Gone,OU=Groups,${base}`;
      const engineering = `CN=Engineering,OU=Groups,${base}`;
      expect(await target.entitlements.revoke(account, gone, context())).toBe('already');
      await expect(target.entitlements.grant(account, gone, context())).rejects.toMatchObject({ code: 'not-found' });
      const powerful = connect({ bindDn: samba.administrator.bindDn }, samba.administrator.password);
      await expect(
        powerful.entitlements.revoke(account, `CN=Domain Users,CN=Users,${base}`, context()),
      ).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('primary group') });
      await administrator.del(sarahsDn);
      expect(await target.entitlements.revoke(account, engineering, context())).toBe('already');
      await expect(target.entitlements.grant(account, engineering, context())).rejects.toMatchObject({
        code: 'not-found',
      });
      expect(await target.accounts.disable(account, context())).toBe('already');
      await expect(target.accounts.enable(account, context())).rejects.toMatchObject({ code: 'not-found' });
    });

    test('a new account has a password nobody knows and is disabled unless asked otherwise', async () => {
      const hire = {
        ...sarah,
        person: 'GT-50001',
        workerId: 'GT-50001',
        login: 'lfischer',
        attributes: { title: 'Clerk' },
      };
      const made = await target.accounts.create?.({ ...hire, enabled: false }, context());
      expect(made).toMatchObject({ outcome: 'changed', account: { status: 'disabled', kind: 'primary' } });
      await expect(
        target.accounts.create?.({ ...hire, workerId: 'GT-50002', enabled: true }, context()),
      ).rejects.toMatchObject({ code: 'refused' });
      const other = {
        ...hire,
        workerId: 'GT-50003',
        login: 'other',
        attributes: { nosuchattribute: 'x' },
        enabled: true,
      };
      await expect(target.accounts.create?.(other, context())).rejects.toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining('nosuchattribute'),
      });
    });

    test('an account that may only read is refused, and check says what it lacks', async () => {
      const powerless = connect({ bindDn: samba.powerless.bindDn });
      const account = await accountNamed(powerless, sarah, 'schen');
      await expect(powerless.accounts.disable(account, context())).rejects.toMatchObject({ code: 'refused' });
      await expect(
        powerless.entitlements.revoke(account, `CN=Engineering,OU=Groups,${base}`, context()),
      ).rejects.toMatchObject({ code: 'refused' });
      await expect(powerless.check(context())).rejects.toMatchObject({
        code: 'refused',
        message: 'Active Directory: the service account may not write userAccountControl and description',
      });
      expect(await read(account)).toEqual(account);
    });

    test('logons are refused for the directory’s own reasons', async () => {
      const check = (more: Record<string, unknown>, password: string) => connect(more, password).check(context());
      await expect(check({}, 'wrong')).rejects.toMatchObject({
        code: 'credentials',
        message: expect.stringMatching('password is wrong'),
      });
      await administrator.modify(sarahsDn, [
        alteration('replace', 'unicodePwd', encodedPassword('Known-to-all-1')),
        alteration('replace', 'userAccountControl', '514'),
      ]);
      await expect(check({ bindDn: 'schen@corp.globaltech.example' }, 'Known-to-all-1')).rejects.toMatchObject({
        code: 'credentials',
        message: expect.stringMatching('it is disabled'),
      });
      const { ca } = await makeCertificates();
      await expect(check({ ca }, samba.service.password)).rejects.toMatchObject({ code: 'misconfigured' });
      await expect(check({ leaversOu: `OU=Nowhere,${base}` }, samba.service.password)).rejects.toMatchObject({
        code: 'misconfigured',
      });
    });

    test('a password that breaks the domain’s rules is refused', async () => {
      const refusal = administrator.modify(sarahsDn, alteration('replace', 'unicodePwd', encodedPassword('short')));
      await expect(refusal).rejects.toMatchObject({ code: 19 });
    });
  });
});
