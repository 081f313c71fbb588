import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { configSchema, loadConfig } from '../../src/config.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { demoConfig, demoSecrets } from '../../src/sandbox/demo-config.ts';
import { globalTechPeople } from '../../src/sandbox/globaltech.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { standIns } from '../../src/sandbox/stand-ins.ts';
import { secretResolver } from '../../src/secrets.ts';
import { type ConnectedTargets, connectTargets } from '../../src/targets/connect.ts';
import { sandboxMailboxLicences } from '../../src/targets/entra-id/sandbox.ts';
import { guidOf } from '../../src/targets/entra-id/sandbox-tenant.ts';
import { idOf } from '../../src/targets/scim/sandbox-directory.ts';
import type { CallContext, Target } from '../../src/targets/target.ts';

const home = mkdtempSync(join(tmpdir(), 'globaltech-'));
let sandbox: Sandbox;
let targets: ConnectedTargets;
const secrets = demoSecrets();

const context = (): CallContext => ({
  signal: AbortSignal.timeout(20_000),
  beforeChange: async () => {},
  now: '2025-11-15T17:00:00Z',
  key: 'event/target',
});
const target = (name: string): Target => {
  const found = targets.get(name);
  if (found === undefined) throw new Error(`${name} is not connected`);
  return found.target;
};
const sarah = { person: 'GT-48291', workerIds: ['GT-48291'], email: 'schen@globaltech.example', knownAccounts: [] };

beforeAll(async () => {
  sandbox = await startSandbox({ standIns, people: globalTechPeople, host: '127.0.0.1', port: 0, ldapsPort: 0 });
  mkdirSync(join(home, 'secrets'));
  for (const [name, content] of Object.entries(secrets)) writeFileSync(join(home, 'secrets', name), content);
  writeFileSync(join(home, 'ca.pem'), sandbox.ca ?? '');
  const { url: sandboxUrl, ldapsUrl = '', smtpUrl = '' } = sandbox;
  const config = demoConfig({ sandboxUrl, ldapsUrl, smtpUrl, caPath: 'ca.pem' });
  writeFileSync(join(home, 'muster.yaml'), stringify(config));
  targets = connectTargets(loadConfig(join(home, 'muster.yaml')), secretResolver(home));
});

afterAll(async () => {
  await Promise.all([...(targets?.values() ?? [])].map((each) => each.target.close?.()));
  await sandbox?.close();
  rmSync(home, { recursive: true });
});

describe("GlobalTech's configuration", () => {
  it('connects every target of it, and each may do what it needs', async () => {
    const names = [
      'active-directory',
      'aws-iam',
      'cyberark',
      'entra-id',
      'github',
      'jira',
      'portal',
      'salesforce',
      'servicenow',
      'slack',
      'smtp',
    ];
    expect([...targets.keys()].sort()).toEqual(names);
    for (const name of names) await expect(target(name).check(context()), name).resolves.toEqual(expect.any(String));
  });

  it('keeps secrets out of muster.yaml: every one is a reference to a file that is made', () => {
    const own = ['workday', 'cloudevents', 'operator-1', 'operator-2', 'proof-key', 'birth-date-key'];
    const made = new Set([...Object.keys(secrets), ...own]);
    const text = stringify(
      demoConfig({
        sandboxUrl: 'http://127.0.0.1:1',
        ldapsUrl: 'ldaps://127.0.0.1:2',
        smtpUrl: 'smtp://127.0.0.1:3',
        caPath: 'ca.pem',
      }),
    );
    const referred = [...text.matchAll(/file:secrets\/([\w-]+)/g)].map(([, name]) => name);
    expect(referred.filter((name) => name === undefined || !made.has(name))).toEqual([]);
    expect(Object.entries(secrets).filter(([, value]) => text.includes(value))).toEqual([]);
    expect(configSchema.safeParse(parse(text)).success).toBe(true);
  });

  it("finds Sarah Chen's one account in every target, open, and a live session in the vault", async () => {
    const found = await Promise.all(
      ['active-directory', 'aws-iam', 'cyberark', 'github', 'salesforce'].map(async (name) => {
        const accounts = (await target(name).accounts?.find(sarah, context())) ?? [];
        return [name, accounts.map(({ kind, status }) => `${kind} ${status}`)];
      }),
    );
    expect(found).toEqual([
      ['active-directory', ['primary enabled']],
      ['aws-iam', ['primary enabled']],
      ['cyberark', ['primary enabled']],
      ['github', ['primary enabled']],
      ['salesforce', ['primary enabled']],
    ]);
    const [vaultUser] = (await target('cyberark').accounts?.find(sarah, context())) ?? [];
    if (vaultUser === undefined) throw new Error('Sarah has no vault user');
    expect(await target('cyberark').sessions?.list(vaultUser, context())).toHaveLength(1);
  });

  it('takes in somebody new, with a mailbox, a first credential and the portal’s first week', async () => {
    const hire = {
      ...{ person: 'GT-60001', workerId: 'GT-60001', login: 'nmoreau', email: 'nmoreau@globaltech.example' },
      ...{ firstName: 'Noemi', lastName: 'Moreau', enabled: true, attributes: { department: 'Sales' } },
    };
    const [entra, portal] = [target('entra-id'), target('portal')];
    const made = await entra.accounts?.create?.(hire, context());
    const licence = `licence:${sandboxMailboxLicences[0]}`;
    if (made === undefined) throw new Error('not made');
    for (const id of [licence, `group:${guidOf('group All Staff')}`]) {
      expect(await entra.entitlements?.grant(made.account, id, context())).toBe('changed');
    }
    const account = await entra.accounts?.read(made.account.id, context());
    if (account === undefined) throw new Error('not there');
    expect(account.before).toMatchObject({ mail: hire.email });
    expect(entra.mailbox?.neededBy(account)).toEqual([licence]);
    const request = { validFrom: '2025-11-15T18:00:00Z', lifetimeMinutes: 60 };
    const pass = await entra.credentials?.issue(account, request, context());
    expect(pass).toMatchObject({ kind: 'temporaryPass', expiresAt: '2025-11-15T19:00:00.000Z' });
    expect(await (await fetch(`${sandbox.url}/state`)).text()).not.toContain(pass?.secret);

    const user = await portal.accounts?.create?.(hire, context());
    if (user === undefined) throw new Error('not made');
    expect(await portal.accounts?.update?.(user.account, { startDate: '2026-01-12' }, context())).toBe('changed');
    expect(await portal.entitlements?.grant(user.account, idOf('group First week'), context())).toBe('changed');
    expect(await portal.accounts?.remove?.(user.account, context())).toBe('changed');
  });

  it('takes in somebody new who sells: a user of Salesforce, and an invitation to GitHub with its team', async () => {
    const hire = {
      ...{ person: 'GT-60002', workerId: 'GT-60002', login: 'ofaure', email: 'ofaure@globaltech.example' },
      ...{ firstName: 'Odile', lastName: 'Faure', enabled: true, attributes: {}, entitlements: ['engineering'] },
    };
    const user = await target('salesforce').accounts?.create?.(hire, context());
    expect(user).toMatchObject({ outcome: 'changed', account: { status: 'enabled', kind: 'primary' } });
    const invited = await target('github').accounts?.create?.(hire, context());
    expect(invited).toMatchObject({ outcome: 'changed', account: { entitlements: ['engineering'] } });
  });

  it('reaches people and the security team, in Slack and by e-mail', async () => {
    const said = { correlationId: 'GT-48291/left/2025-11-15', title: 'GT-48291 leaves', text: 'Hand over.' };
    for (const to of [{ channel: '#identity-security' }, { email: 'schen@globaltech.example' }]) {
      expect(await target('slack').messages?.send({ ...said, to }, context())).toBe('changed');
      expect(await target('smtp').messages?.send({ ...said, to }, context())).toBe('changed');
    }
    const page = await (await fetch(sandbox.url)).text();
    expect(page).toContain('<td>#identity-security</td><td>GT-48291 leaves</td>');
    expect(await (await fetch(`${sandbox.url}/state`)).json()).toMatchObject({
      slack: { messages: [{ to: '#identity-security' }, { to: 'schen@globaltech.example' }] },
      smtp: { messages: [{ to: ['identity-security@globaltech.example'] }, { to: ['schen@globaltech.example'] }] },
    });
  });

  it('has the entitlements that its policy names, with their ids', async () => {
    const state = z
      .record(z.string(), z.object({ accounts: z.array(z.object({ entitlements: z.array(z.string()).default([]) })) }))
      .parse(await (await fetch(`${sandbox.url}/state`)).json());
    const held = (name: string) => new Set(state[name]?.accounts.flatMap(({ entitlements }) => entitlements));
    const missing = loadPolicy('policy.yaml').rules.flatMap(({ give }) =>
      give.flatMap(({ target: name, entitlements }) =>
        entitlements.filter((id) => !held(name).has(id)).map((id) => `${name} ${id}`),
      ),
    );
    expect(missing).toEqual([]);
  });
});
