import { describe, expect, test } from 'vitest';
import { definition } from '../../../src/targets/entra-id/index.ts';
import { guidOf, skus } from '../../../src/targets/entra-id/sandbox-tenant.ts';
import type { ListedAccount } from '../../../src/targets/target.ts';
import { decoyOf } from '../bench.ts';
import { allowing, listening, sarah, settings, tenantOfTests } from './tenant.ts';

const { bench, one, connect } = tenantOfTests();

/** What the tenant itself holds of Sarah's primary user. */
const held = async () => (await bench().accounts(sarah.workerId)).find(({ name }) => name === sarah.email);

describe('attributes', () => {
  test('what is written is what was asked for, and a display name made of the names follows them', async () => {
    const target = bench().connect();
    const wanted = { lastName: 'Chen-Lee', jobTitle: null, location: 'Berlin', managerId: decoyOf(sarah).workerId };
    expect(await target.accounts?.update?.(await one(target), wanted, bench().context())).toBe('changed');
    expect(await held()).toMatchObject({
      attributes: {
        displayName: 'Sarah Chen-Lee',
        department: sarah.department,
        jobTitle: null,
        officeLocation: 'Berlin',
        managerId: guidOf(`user ${decoyOf(sarah).login}`),
      },
    });
    expect(bench().announced()).toEqual(['update user', 'set manager']);
  });

  test('what another system writes, an unknown manager and a user from Active Directory are left alone', async () => {
    const target = connect({ managedAttributes: ['department'] });
    const account = await one(target);
    const update = (wanted: { department?: string; managerId?: string }) =>
      target.accounts?.update?.(account, wanted, bench().context());
    expect(await update({ department: 'Sales', managerId: 'GT-99999' })).toBe('already');
    await bench().fault({ vendor: 'synchronised' });
    expect(await update({ managerId: decoyOf(sarah).workerId })).toBe('already');
    await target.close?.();
  });
});

test('a user who comes from Active Directory is deleted there', async () => {
  const target = bench().connect();
  const account = await one(target);
  await bench().fault({ vendor: 'onPremisesMastered' });
  await expect(target.accounts?.remove?.(account, bench().context())).rejects.toMatchObject({
    code: 'refused',
    advice: expect.stringContaining('Delete it there'),
  });
});

test('who holds a directory role is privileged, whatever they are called', async () => {
  const target = connect({ adminPrefixes: ['root-'] });
  const listed: ListedAccount[] = [];
  for await (const page of target.accounts?.list?.(bench().context()) ?? []) listed.push(...page);
  expect(listed.filter(({ privileged }) => privileged).map(({ name, kind }) => [name, kind])).toEqual([
    [`adm-${decoyOf(sarah).email}`, 'primary'],
    [`adm-${sarah.email}`, 'primary'],
  ]);
  await target.close?.();
});

describe('temporary access passes', () => {
  const request = { validFrom: '2025-11-20T08:00:00.000Z', lifetimeMinutes: 60 };
  const issue = async (answer: { status?: number; text: string }) => {
    const server = await listening(({ path }) =>
      path.endsWith('/token')
        ? { json: { access_token: 't', expires_in: 3599 } }
        : { status: answer.status ?? 201, json: answer.text },
    );
    const target = definition.connect(settings(server.base), { secret: async () => 's', clock: () => 0 });
    const account = await one(bench().connect());
    const issued = target.credentials?.issue(account, request, allowing());
    const result = await Promise.resolve(issued).catch((error: unknown) => error);
    await target.close?.();
    server.close();
    return { result, taken: server.taken };
  };

  test('one that begins in the past begins now; one that begins later says so', async () => {
    const target = bench().connect();
    const account = await one(target);
    await target.credentials?.issue(account, request, bench().context());
    expect(await held()).toMatchObject({
      temporaryAccessPass: { startsAt: request.validFrom, endsAt: '2025-11-20T09:00:00.000Z' },
    });
    const before = Date.now();
    const past = { ...request, validFrom: '2025-11-01T08:00:00.000Z' };
    const { expiresAt } = (await target.credentials?.issue(account, past, bench().context())) ?? { expiresAt: '' };
    expect(Date.parse(expiresAt)).toBeGreaterThanOrEqual(before + 3_600_000);
  });

  test('an answer of another form fails without telling what is in it', async () => {
    const { result } = await issue({ text: 'S3cretPass' });
    expect(result).toMatchObject({ code: 'protocol', message: expect.not.stringContaining('S3cretPass') });
    expect(JSON.stringify(result)).not.toContain('S3cretPass');
  });

  test('a tenant that allows none is refused in Graph’s words', async () => {
    const target = bench().connect();
    const account = await one(target);
    await bench().fault({ vendor: 'noPasses' });
    await expect(target.credentials?.issue(account, request, bench().context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('not enabled'),
    });
  });
});

describe('mailboxes', () => {
  const to = { email: 'rowan.patel@globaltech.example' };

  test('everything is forwarded, and whoever writes is told once', async () => {
    const target = bench().connect();
    const account = await one(target);
    expect(await target.mailbox?.handOver(account, to, bench().context())).toBe('changed');
    const text = 'This address is no longer read by its owner. Your message has been passed on to a colleague.';
    expect(await held()).toMatchObject({
      mailbox: {
        rules: [
          {
            displayName: 'Muster: handed over',
            isEnabled: true,
            actions: { forwardTo: [{ emailAddress: { address: to.email } }] },
          },
        ],
        automaticReply: { status: 'alwaysEnabled', internal: text, external: text },
      },
    });
    expect(bench().announced()).toEqual(['forward mailbox', 'set automatic reply']);
  });

  test('the licence that it needs is told, and without one named there is no such ability', async () => {
    const target = bench().connect();
    expect(target.mailbox?.neededBy(await one(target))).toEqual([`licence:${skus.office}`]);
    const without = connect({ mailboxLicences: [] });
    expect(without.mailbox).toBeUndefined();
    const silent = connect({ automaticReply: '' });
    await silent.mailbox?.handOver(await one(silent), to, bench().context());
    expect(bench().announced()).toEqual(['forward mailbox']);
    await Promise.all([without.close?.(), silent.close?.()]);
  });

  test('a mailbox that Graph does not reach is not taken for one that was handed over', async () => {
    const target = bench().connect();
    await expect(target.mailbox?.handOver(await one(target, 'admin'), to, bench().context())).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('no mailbox'),
    });
    await bench().fault({ vendor: 'mailboxElsewhere' });
    await expect(target.mailbox?.handOver(await one(target), to, bench().context())).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(await bench().operations()).toEqual([]);
  });
});
