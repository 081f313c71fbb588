import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signWebhook } from '../../src/receiver/standard-webhooks.ts';
import { FakeTemporal } from './fake-temporal.ts';
import { type Answer, basic, end, noon, type Receiving, receiving, secrets } from './receiving.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const rawPublicKey = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');

const env = { ...secrets, HR_PUBLIC_KEY: `whpk_${rawPublicKey}`, HR_SHORT: 'whsec_YWJj' };
const config = `
sources:
  hr:
    kind: workday
    authentication:
      - { type: standard-webhooks, secrets: [env:HR_SECRET, env:HR_NEXT_SECRET, env:HR_PUBLIC_KEY] }
      - { type: basic, username: workday, password: env:HR_PASSWORD }
      - { type: bearer, tokens: [env:HR_TOKEN] }
  half-rotated:
    kind: workday
    authentication: [{ type: bearer, tokens: [env:GONE, env:HR_TOKEN] }]
  unreadable:
    kind: workday
    authentication: [{ type: standard-webhooks, secrets: [env:HR_SHORT] }]
`;

let receiver: Receiving;
beforeAll(async () => {
  receiver = await receiving({ client: new FakeTemporal().client, config, env });
});
afterAll(() => receiver.close());

const body = JSON.stringify(end);
const seconds = noon / 1_000;

const send = (headers: Record<string, string>, text: string | Uint8Array<ArrayBuffer> = body, source = 'hr') =>
  receiver.raw(`/events/${source}`, { headers: { 'content-type': 'application/json', ...headers }, body: text });

function signed(more: { id?: string; timestamp?: number; secret?: string; body?: string } = {}) {
  const { id, timestamp, signature } = signWebhook({
    id: more.id ?? 'msg_1',
    timestamp: more.timestamp ?? seconds,
    body: Buffer.from(more.body ?? body),
    secret: more.secret ?? secrets.HR_SECRET,
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

function signedByKey(content = `msg_1.${seconds}.${body}`) {
  const signature = `v1a,${sign(null, Buffer.from(content), privateKey).toString('base64')}`;
  return { 'webhook-id': 'msg_1', 'webhook-timestamp': String(seconds), 'webhook-signature': signature };
}

describe('is let in', () => {
  it.each<[string, Record<string, string>]>([
    ['an HMAC over id, timestamp and body', signed()],
    ['the second of two secrets, for a rotation', signed({ secret: secrets.HR_NEXT_SECRET })],
    ['an ed25519 signature', signedByKey()],
    ['a signature nearly five minutes old', signed({ timestamp: seconds - 300 })],
    ['a signature of a clock nearly five minutes ahead', signed({ timestamp: seconds + 300 })],
    [
      'one good signature among others',
      { ...signed(), 'webhook-signature': `v2,xyz v1,${'A'.repeat(44)} ${signed()['webhook-signature']}` },
    ],
    ['a name and a password, with colons', basic()],
    ['a token', { authorization: `bearer  ${secrets.HR_TOKEN}` }],
    ['a password beside a bad signature', { ...signed({ body: 'other' }), ...basic() }],
  ])('%s', async (_what, headers) => {
    expect([200, 202]).toContain((await send(headers)).status);
  });

  it('a vector made by nothing of ours', async () => {
    const key = Buffer.from(secrets.HR_SECRET.slice('whsec_'.length), 'base64');
    const mac = createHmac('sha256', key).update(`msg_9.${seconds}.`).update(body).digest('base64');
    const headers = { 'webhook-id': 'msg_9', 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${mac}` };
    expect(await send(headers)).toMatchObject({ status: 202, body: { eventId: 'msg_9' } });
  });
});

describe('is refused', () => {
  const refused: [string, Record<string, string>, string?][] = [
    ['no proof at all', {}],
    ['a signature over another body', signed(), JSON.stringify({ ...end, workerId: 'GT-1' })],
    ['a signature over the same body, spaced otherwise', signed(), JSON.stringify(end, null, 1)],
    ['a signature by another secret', signed({ secret: `whsec_${Buffer.alloc(32).toString('base64')}` })],
    ['a signature for another id', { ...signed(), 'webhook-id': 'msg_2' }],
    ['a signature for another time', { ...signed(), 'webhook-timestamp': String(seconds + 1) }],
    ['a signature more than five minutes old', signed({ timestamp: seconds - 301 })],
    ['a signature from the future', signed({ timestamp: seconds + 301 })],
    ['a timestamp that is no number', { ...signed(), 'webhook-timestamp': `${seconds}.0` }],
    ['a signature of no version', { ...signed(), 'webhook-signature': signed()['webhook-signature'].slice(3) }],
    ['an empty signature', { ...signed(), 'webhook-signature': 'v1,' }],
    [
      'an HMAC offered as ed25519',
      { ...signed(), 'webhook-signature': signed()['webhook-signature'].replace('v1,', 'v1a,') },
    ],
    ['an ed25519 signature over another body', signedByKey(`msg_1.${seconds}.{}`)],
    ['a wrong password', basic('workday', 'correct')],
    ['a wrong name', basic('workdays')],
    ['a password without a name', { authorization: `Basic ${Buffer.from('nothing').toString('base64')}` }],
    ['a wrong token', { authorization: 'Bearer a-bearer-tokem' }],
    ['a token in another scheme', { authorization: `Token ${secrets.HR_TOKEN}` }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['nonsense that is no JSON', {}, 'x'],
  ];

  it.each(refused)('%s, with the same answer as every other', async (_what, headers, text) => {
    const answer = await send(headers, text);
    expect(pick(answer)).toEqual({
      status: 401,
      type: 'application/problem+json',
      challenge: 'Basic realm="muster", charset="UTF-8", Bearer realm="muster"',
      body: { type: 'urn:muster:problem:unauthorized', title: 'Unauthorized', status: 401 },
    });
  });

  const pick = ({ status, type, headers, body: said }: Answer) => ({
    status,
    type,
    challenge: headers.get('www-authenticate'),
    body: said,
  });
});

describe('a secret that cannot be read', () => {
  it('refuses nobody who has another', async () => {
    expect([200, 202]).toContain(
      (await send({ authorization: `Bearer ${secrets.HR_TOKEN}` }, body, 'half-rotated')).status,
    );
  });

  it('is our fault and not the sender’s: send it again', async () => {
    const answers = [
      await send({ authorization: 'Bearer other' }, body, 'half-rotated'),
      await send(signed(), body, 'unreadable'),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      expect(JSON.stringify(answer.body)).not.toContain('GONE');
    }
    expect(JSON.stringify(receiver.log)).toContain('GONE');
    expect(JSON.stringify(receiver.log)).not.toContain('YWJj');
  });
});
