import { createServer, type RequestListener, type Server } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { saysNoSuchEntity, toFailure } from '../../../src/targets/aws-iam/failure.ts';
import { definition } from '../../../src/targets/aws-iam/index.ts';
import type { Target } from '../../../src/targets/target.ts';
import { context } from './account.ts';

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) server.close().closeAllConnections();
  servers = [];
});

/** A server on a free port. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens nowhere');
  return `http://127.0.0.1:${address.port}`;
}

interface Case {
  headers?: Record<string, string>;
  settings?: Record<string, unknown>;
  secret?: () => Promise<string>;
  ask?: (target: Target) => Promise<unknown> | undefined;
}

/** The failure that `check`, or another call, comes to at this address. */
async function failureAt(baseUrl: string, { settings, secret, ask }: Case = {}): Promise<Failure> {
  const keys = { accessKeyId: 'env:AWS_KEY_ID', secretAccessKey: 'env:AWS_SECRET' };
  const target = definition.connect(
    { baseUrl, ...keys, ...settings },
    { secret: secret ?? (async () => 'example'), clock: () => 0 },
  );
  const asked = ask?.(target) ?? target.check(context());
  const error: unknown = await asked.catch((reason: unknown) => reason);
  await target.close?.();
  if (!(error instanceof Failure)) throw new Error(`no failure: ${String(error)}`);
  return error;
}

/** The same, where AWS answers this. */
async function failureOf(status: number, body: string, details: Case = {}): Promise<Failure> {
  return failureAt(
    await serve((_request, response) => void response.writeHead(status, details.headers).end(body)),
    details,
  );
}

const xml = (code: string, words = 'words') =>
  `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${words}</Message></Error><RequestId>r</RequestId></ErrorResponse>`;

test.each([
  [400, 'Throttling', 'throttled'],
  [400, 'ValidationError', 'refused'],
  [400, 'RequestExpired', 'credentials'],
  [403, 'AccessDenied', 'refused'],
  [403, 'InvalidClientTokenId', 'credentials'],
  [403, 'SignatureDoesNotMatch', 'credentials'],
  [403, 'ExpiredToken', 'credentials'],
  [404, 'NoSuchEntity', 'not-found'],
  [409, 'EntityTemporarilyUnmodifiable', 'conflict'],
  [409, 'ConcurrentModification', 'conflict'],
  [409, 'EntityAlreadyExists', 'conflict'],
  [409, 'LimitExceeded', 'refused'],
  [409, 'DeleteConflict', 'refused'],
  [500, 'ServiceFailure', 'unavailable'],
  [503, 'ServiceUnavailable', 'unavailable'],
])('%i %s is %s', async (status, code, expected) => {
  expect(await failureOf(status, xml(code))).toMatchObject({
    code: expected,
    message: expect.stringMatching(new RegExp(`^AWS IAM: GetAccountAuthorizationDetails answered ${status} ${code}`)),
  });
});

test('a page instead of an answer is unavailable with a 5xx, and a protocol failure with a 200', async () => {
  const page = '<!doctype html><html><title>500</title><body>oops</body></html>';
  expect(await failureOf(500, page)).toMatchObject({ code: 'unavailable' });
  expect(await failureOf(502, '')).toMatchObject({ code: 'unavailable' });
  expect(await failureOf(200, '{"not": "xml"')).toMatchObject({ code: 'protocol' });
  const login = '<html><body>Log in</body></html>';
  expect(await failureOf(200, login)).toMatchObject({ code: 'protocol' });
  const sarah = { person: 'GT-48291', workerIds: ['GT-48291'], knownAccounts: [] };
  const ask = (target: Target) => target.accounts?.find(sarah, context());
  expect(await failureOf(200, login, { ask })).toMatchObject({ code: 'protocol' });
});

test('a 404 that IAM did not give is not taken for "there is no such thing"', async () => {
  const bare = await failureOf(404, 'not here');
  expect([bare.code, saysNoSuchEntity(bare)]).toEqual(['not-found', false]);
  const said = await failureOf(404, xml('NoSuchEntity'));
  expect([said.code, saysNoSuchEntity(said)]).toEqual(['not-found', true]);
});

test('a failure leads to no header of the request: no signature, no session token', async () => {
  const canonical = `It does not match.\n\nThe Canonical String for this request should have been\n'POST\nx-amz-security-token:x`;
  const body = xml('SignatureDoesNotMatch', canonical);
  const failure = await failureOf(403, body, { settings: { sessionToken: 'env:AWS_TOKEN' } });
  expect(inspect(failure, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toMatch(
    /Signature=|security-token|TOKEN/i,
  );
});

test('the vendor’s own word on when to come back is passed on, in seconds', async () => {
  expect(await failureOf(503, xml('ServiceUnavailable'), { headers: { 'retry-after': '3' } })).toMatchObject({
    retryAfterMs: 3000,
  });
});

test('nobody there is unavailable', async () => {
  expect(await failureAt('http://127.0.0.1:1')).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('an answer that does not come within the setting’s time is a timeout', async () => {
  const silent = await serve(() => {});
  expect(await failureAt(silent, { settings: { timeoutMs: 50 } })).toMatchObject({ code: 'timeout' });
});

test('a secret that cannot be read is what the failure says', async () => {
  const missing = new Failure('misconfigured', 'the environment variable AWS_SECRET is not set');
  expect(
    await failureAt('http://127.0.0.1:1', {
      secret: async () => {
        throw missing;
      },
    }),
  ).toMatchObject({ code: 'misconfigured', message: missing.message });
});

test('a certificate that is not trusted is misconfigured', () => {
  const error = Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  expect(toFailure('AWS IAM: GetUser', error, new AbortController().signal)).toMatchObject({ code: 'misconfigured' });
});

test('secrets are resolved at each use, so that a rotation needs no restart', async () => {
  const used: string[] = [];
  const baseUrl = await serve((request, response) => {
    used.push(/Credential=(\w+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    response.writeHead(403).end(xml('ExpiredToken'));
  });
  let key = 'AKIAFIRST';
  const target = definition.connect(
    { baseUrl, accessKeyId: 'env:A', secretAccessKey: 'env:B' },
    { secret: async () => key, clock: () => 0 },
  );
  await target.check(context()).catch(() => {});
  key = 'AKIASECOND';
  await target.check(context()).catch(() => {});
  await target.close?.();
  expect(used).toEqual(['AKIAFIRST', 'AKIASECOND']);
});
