import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliver } from '../../src/cli/delivery.ts';
import { type Config, configSchema } from '../../src/config.ts';
import { isSigned } from '../../src/receiver/standard-webhooks.ts';

const key = `whsec_${Buffer.from('a key for tests, of enough bytes').toString('base64')}`;
const env = { KEY: key, PASSWORD: 'p', TOKEN: 't', PUBLIC: 'whpk_x' };

let taken: { path: string | undefined; headers: IncomingHttpHeaders; body: Buffer }[];
let answer: { status: number; body: unknown };
let server: Server;
let receiver: string;

beforeEach(async () => {
  taken = [];
  answer = { status: 202, body: { status: 'accepted', eventId: 'e', workflowId: 'event:x:e' } };
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    taken.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  receiver = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const config: Config = {
  ...configSchema.parse({
    sources: {
      signing: { kind: 'workday', authentication: [{ type: 'standard-webhooks', secrets: ['env:PUBLIC', 'env:KEY'] }] },
      asking: { kind: 'workday', authentication: [{ type: 'basic', username: 'u', password: 'env:PASSWORD' }] },
      bearing: { kind: 'workday', authentication: [{ type: 'bearer', tokens: ['env:TOKEN'] }] },
      foreign: { kind: 'workday', authentication: [{ type: 'standard-webhooks', secrets: ['env:PUBLIC'] }] },
      cloudevents: { kind: 'cloudevents', authentication: [{ type: 'bearer', tokens: ['env:TOKEN'] }] },
    },
  }),
  folder: '/',
};

const send = (source: string, text = '{"event":"Worker_Terminated"}', id?: string) =>
  deliver({ config, source, body: Buffer.from(text), id, receiver, env });

describe('an event sent as its source would', () => {
  it('is signed over its very bytes, where the source signs', async () => {
    expect(await send('signing', '{ "event": 1 }', 'one')).toEqual({ status: 202, json: answer.body });
    const [request] = taken;
    expect(request?.path).toBe('/events/signing');
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'one' });
    const header = (name: string) => String(request?.headers[name]);
    const signed = { id: 'one', timestamp: header('webhook-timestamp'), signature: header('webhook-signature') };
    expect(isSigned(signed, Buffer.from('{ "event": 1 }'), [key], Date.now())).toBe(true);
  });

  it('carries the password or the token, where the source does', async () => {
    await send('asking');
    await send('bearing');
    expect(taken.map((request) => request.headers.authorization)).toEqual([
      `Basic ${Buffer.from('u:p').toString('base64')}`,
      'Bearer t',
    ]);
  });

  it('without an id, the same bytes have the same id and others another', async () => {
    for (const text of ['{"a":1}', '{"a":1}', '{"a":2}']) await send('signing', text);
    const [first, second, third] = taken.map((request) => request.headers['webhook-id']);
    expect(first).toMatch(/^sent-[0-9a-f]{64}$/);
    expect([second === first, third === first]).toEqual([true, false]);
  });

  it('has the media type of what it is', async () => {
    await send('bearing', ' <worker/>');
    await send('cloudevents', '{"specversion":"1.0"}');
    await send('cloudevents', '\n[{"specversion":"1.0"}]');
    expect(taken.map((request) => request.headers['content-type'])).toEqual([
      'application/xml',
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
    ]);
  });

  it('refused, it says so in the words of the problem, every fault by its path', async () => {
    answer = {
      status: 400,
      body: { title: 'Bad Request', detail: 'the body breaks the schema', errors: [{ path: '/a', problem: 'is odd' }] },
    };
    await expect(send('bearing')).rejects.toMatchObject({
      code: 'refused',
      message: 'the receiver says (400): the body breaks the schema\n  - /a: is odd',
    });
    answer = { status: 503, body: { title: 'Service Unavailable', detail: 'not now: send it again' } };
    await expect(send('bearing')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is not sent for a source nobody knows, or with a key that only checks', async () => {
    await expect(send('nobody')).rejects.toMatchObject({
      code: 'misconfigured',
      advice: 'It has signing, asking, bearing, foreign, cloudevents.',
    });
    await expect(send('foreign')).rejects.toMatchObject({ code: 'misconfigured' });
    expect(taken).toEqual([]);
  });
});
