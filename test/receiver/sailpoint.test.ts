import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCallback } from '../../src/sources/callback.ts';
import { FakeTemporal } from './fake-temporal.ts';
import { type Receiving, receiving } from './receiving.ts';

const config = `
sources:
  sailpoint:
    kind: sailpoint
    authentication: [{ type: bearer, tokens: [env:SAILPOINT_TOKEN] }]
    settings: { callbackKey: env:CALLBACK_KEY, callbackHosts: [globaltech.api.identitynow.com] }
`;
const env = { SAILPOINT_TOKEN: 'a-bearer-token', CALLBACK_KEY: 'a key of some length, made at random' };

let temporal: FakeTemporal;
let receiver: Receiving;
beforeEach(async () => {
  temporal = new FakeTemporal();
  receiver = await receiving({ client: async () => temporal.client, config, env });
});
afterEach(() => receiver.close());

const fixture = (name: string) => readFileSync(`test/fixtures/sources/sailpoint/${name}.json`, 'utf8');
const post = (body: string, query = '') =>
  receiver.raw(`/events/sailpoint${query}`, {
    headers: { 'content-type': 'application/json', authorization: `Bearer ${env.SAILPOINT_TOKEN}` },
    body,
  });
const started = () =>
  [...temporal.started.values()].map(({ options }) => options.args?.[0] as { event: Record<string, unknown> });

describe('an access request', () => {
  it('is answered 200 {} at once, and its secret and its address are in nothing that is kept', async () => {
    const { status, body } = await post(fixture('access-requested'));
    expect({ status, body }).toEqual({ status: 200, body: {} });
    const kept = JSON.stringify([...temporal.started.values()]);
    expect(kept).not.toContain('5ebf40d9');
    expect(kept).not.toContain('identitynow');
    expect(JSON.stringify(receiver.log)).not.toContain('5ebf40d9');
    const [{ event } = { event: {} }] = started();
    const { callback } = event['data'] as { callback: string };
    expect(openCallback(callback, 'sailpoint', env.CALLBACK_KEY)).toEqual({
      url: 'https://globaltech.api.identitynow.com/beta/trigger-invocations/e9103ca9/complete',
      secret: '5ebf40d9-bc33-4f4e-9cf5-1b4b6f6c0000',
    });
  });

  it('that is sent again is the same one', async () => {
    await post(fixture('access-requested'));
    expect((await post(fixture('access-requested'))).status).toBe(200);
    expect(temporal.started.size).toBe(1);
  });

  it('that asks to be answered elsewhere is refused', async () => {
    const { status, body } = await post(fixture('access-requested-elsewhere'));
    expect({ status, body }).toMatchObject({ status: 400, body: { errors: [{ path: '/_metadata/callbackURL' }] } });
    expect(temporal.started.size).toBe(0);
  });
});

it('a mover and leaver in one trigger is two events, told apart by what they say', async () => {
  const { status, body } = await post(fixture('attributes-changed'));
  expect(status).toBe(202);
  expect(body).toMatchObject({ items: [{ status: 'accepted' }, { status: 'accepted' }] });
  expect(
    started()
      .map(({ event }) => event['type'])
      .sort(),
  ).toEqual(['terminated', 'transferred']);
});

it('a deleted identity is told from a created one by the address of its subscription', async () => {
  await post(fixture('identity-deleted'), '?trigger=idn:identity-deleted');
  await post(fixture('identity-deleted'));
  expect(
    started()
      .map(({ event }) => event['type'])
      .sort(),
  ).toEqual(['attributes-changed', 'identity-deleted']);
});
