import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { makeCertificates } from '../../../src/sandbox/certificates.ts';
import { definition } from '../../../src/targets/entra-id/index.ts';
import { sandboxCredentials } from '../../../src/targets/entra-id/sandbox.ts';
import { allowing, listening, sarah, settings, tenantOfTests } from './tenant.ts';

const { bench, find, connect } = tenantOfTests();
const { tenant, clientId } = sandboxCredentials;
const certificates = makeCertificates();
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('the token', () => {
  test('is asked for once, by an assertion that the certificate vouches for', async () => {
    const { key, cert } = await certificates;
    const server = await listening(({ path }) =>
      path.endsWith('/token') ? { json: { access_token: 'the-token', expires_in: 3599 } } : { json: { value: [] } },
    );
    const target = definition.connect(
      {
        ...settings(server.base),
        credential: { type: 'certificate', privateKey: 'env:KEY', certificate: 'env:CERTIFICATE' },
      },
      { secret: async (name) => (name === 'env:KEY' ? key : cert), clock: () => Date.now() },
    );
    await Promise.all([target.check(allowing()), target.check(allowing())]);
    const [asked, ...calls] = server.taken;
    expect([asked?.path, calls.length]).toEqual([`/${tenant}/oauth2/v2.0/token`, 2]);
    expect(new Set(calls.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer the-token']));
    const form = new URLSearchParams(asked?.body);
    expect([form.get('grant_type'), form.get('client_id'), form.get('scope'), form.get('client_secret')]).toEqual([
      ...['client_credentials', clientId, `${server.base}/.default`, null],
    ]);
    const assertion = form.get('client_assertion') ?? '';
    const { payload } = await jwtVerify(assertion, createPublicKey(createPrivateKey(key)), { algorithms: ['PS256'] });
    expect(payload).toMatchObject({
      iss: clientId,
      sub: clientId,
      aud: `${server.base}/${tenant}/oauth2/v2.0/token`,
      jti: expect.stringMatching(uuid),
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    const fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
    const named = String(decodeProtectedHeader(assertion)['x5t#S256']);
    expect(Buffer.from(named, 'base64url').toString('hex')).toBe(fingerprint);
    await target.close?.();
    server.close();
  });

  test('is given by the stand-in for an assertion as well as for a secret', async () => {
    const { key, cert } = await certificates;
    const target = definition.connect(
      {
        ...settings(`http://127.0.0.1:${bench().relay.port}/entra-id`),
        credential: { type: 'certificate', privateKey: 'env:KEY', certificate: 'env:CERTIFICATE' },
      },
      { secret: async (name) => (name === 'env:KEY' ? key : cert), clock: () => Date.now() },
    );
    expect(await target.check(bench().context())).toContain(clientId);
    await target.close?.();
  });

  test.each([
    ['another tenant', { tenant: 'other.example' }, 'AADSTS90002'],
    ['another app', { clientId: '11111111-2222-4333-8444-555555555555' }, 'AADSTS700016'],
  ])('%s is refused as credentials, with Microsoft’s number', async (_what, other, number) => {
    const target = connect(other);
    await expect(target.check(bench().context())).rejects.toMatchObject({
      code: 'credentials',
      message: expect.stringMatching(new RegExp(`${number}$`)),
    });
    await target.close?.();
  });

  test.each([
    ['a certificate that ended', { clock: Date.parse('2099-01-01') }, 'credentials', /ended on/],
    ['something that is no certificate', { certificate: 'nonsense' }, 'misconfigured', /not the PEM of a certificate/],
  ])('%s is found before anything is asked', async (_what, given, code, message) => {
    const { key, cert } = await certificates;
    const secrets: Record<string, string> = {
      'env:KEY': key,
      'env:CERTIFICATE': cert,
      ...('certificate' in given ? { 'env:CERTIFICATE': given.certificate } : {}),
    };
    const target = definition.connect(
      {
        ...settings('https://127.0.0.1:1'),
        credential: { type: 'certificate', privateKey: 'env:KEY', certificate: 'env:CERTIFICATE' },
      },
      { secret: async (name) => secrets[name] ?? '', clock: () => ('clock' in given ? given.clock : Date.now()) },
    );
    await expect(target.check(allowing())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await target.close?.();
  });

  test('that ran out is renewed once and the call goes through', async () => {
    const target = bench().connect();
    await target.check(bench().context());
    await bench().fault({ vendor: 'expiredToken', count: 1 });
    expect(await find(target)).toHaveLength(2);
  });
});

describe('check', () => {
  test('names the permissions that the app has not, and those that it has', async () => {
    await bench().fault({ vendor: 'readOnlyApp' });
    await expect(bench().connect().check(bench().context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(
        /User\.EnableDisableAccount\.All, User\.RevokeSessions\.All, GroupMember\.ReadWrite\.All, LicenseAssignment\.ReadWrite\.All, MailboxSettings\.ReadWrite$/,
      ),
      advice: expect.stringContaining('admin consent'),
    });
    await bench().fault(undefined);
    expect(await bench().connect().check(bench().context())).toContain('User.RevokeSessions.All');
  });

  test('takes a token that it cannot read', async () => {
    await bench().fault({ vendor: 'opaqueToken' });
    expect(await bench().connect().check(bench().context())).toContain('not told');
  });
});

describe('requests', () => {
  test('each has an id of its own, and a failure names both it and Microsoft’s', async () => {
    const server = await listening(({ path }) => {
      if (path.endsWith('/token')) return { json: { access_token: 'the-token', expires_in: 3599 } };
      return {
        status: 504,
        json: { error: { code: 'GatewayTimeout', message: 'too slow', innerError: { 'request-id': 'theirs' } } },
      };
    });
    const target = definition.connect(settings(server.base), { secret: async () => 's', clock: () => Date.now() });
    const failure: unknown = await target.check(allowing()).catch((error: unknown) => error);
    const sent = server.taken.map(({ headers }) => String(headers['client-request-id']));
    for (const id of sent) expect(id).toMatch(uuid);
    expect(new Set(sent).size).toBe(2);
    expect(failure).toMatchObject({
      code: 'unavailable',
      message: `Microsoft Entra ID: list users answered 504 GatewayTimeout: too slow (request-id theirs, client-request-id ${sent[1]})`,
    });
    await target.close?.();
    server.close();
  });

  test.each([429, 503, 504])('%i says when to come back', async (status) => {
    const target = bench().connect();
    await bench().fault({ status, retryAfter: 7 });
    await expect(find(target)).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });

  test('every page is read, and a page at another address is never followed with our token', async () => {
    const target = bench().connect();
    expect((await find(target)).map((account) => account.entitlements.length).sort()).toEqual([1, 5]);
    await bench().fault({ vendor: 'foreignNextLink' });
    await expect(find(target)).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('outside of'),
    });
  });

  test.each([
    ['that leads back to itself', (base: string, path: string) => base + path, /leads back/],
    ['at a host whose name begins like ours', (base: string) => `${base}.evil.example/v1.0/users`, /outside of/],
    ['outside of our base', (base: string) => `${base}/beta/users`, /outside of/],
  ])('a page %s is a protocol failure', async (_what, next, message) => {
    const server = await listening(({ path }, base) =>
      path.endsWith('/token')
        ? { json: { access_token: 'the-token', expires_in: 3599 } }
        : { json: { value: [], '@odata.nextLink': next(base, path) } },
    );
    const target = definition.connect(settings(server.base), { secret: async () => 's', clock: () => Date.now() });
    await expect(
      target.accounts?.find({ person: 'p', workerIds: [sarah.workerId], knownAccounts: [] }, allowing()),
    ).rejects.toMatchObject({ code: 'protocol', message: expect.stringMatching(message) });
    // The token, the page, and at most one more that only its spelling tells from the first.
    expect(server.taken.length).toBeLessThanOrEqual(3);
    await target.close?.();
    server.close();
  });

  test('a 404 that is not Graph’s own does not make a user gone', async () => {
    const server = await listening(({ path }) =>
      path.endsWith('/token')
        ? { json: { access_token: 't', expires_in: 3599 } }
        : { status: 404, json: { oops: 'proxy' } },
    );
    const target = definition.connect(settings(server.base), { secret: async () => 's', clock: () => Date.now() });
    await expect(target.accounts?.read('00000000-1111-4222-8333-444444444444', allowing())).rejects.toMatchObject({
      code: 'not-found',
    });
    await target.close?.();
    server.close();
  });
});
