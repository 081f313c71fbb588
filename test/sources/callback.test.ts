import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  callbackFault,
  openCallback,
  sealCallback,
  sourceCallbacks,
  withCallback,
} from '../../src/sources/callback.ts';

const callback = { url: 'https://globaltech.api.identitynow.com/complete/1', secret: '5ebf40d9-bc33' };
const key = 'a key of some length, made at random';
const secret = async () => key;

describe('where a source is to be answered', () => {
  it('is encrypted, the same each time, and opened with the same key for the same source alone', () => {
    const sealed = sealCallback(callback, 'sailpoint', key);
    expect(sealed).toMatch(/^v1\.[\w-]+$/);
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('identitynow');
    expect(sealCallback(callback, 'sailpoint', key)).toBe(sealed);
    expect(sealCallback({ ...callback, secret: 'other' }, 'sailpoint', key)).not.toBe(sealed);
    expect(openCallback(sealed, 'sailpoint', key)).toEqual(callback);
    for (const wrong of [
      () => openCallback(sealed, 'another', key),
      () => openCallback(sealed, 'sailpoint', `${key}!`),
      () => openCallback(`${sealed.slice(0, -2)}AA`, 'sailpoint', key),
      () => openCallback('v1.', 'sailpoint', key),
    ]) {
      expect(wrong).toThrow(expect.objectContaining({ code: 'credentials' }));
    }
  });

  it('is in an event as that text and not otherwise', async () => {
    const settings = { callbackKey: 'env:KEY', callbackHosts: ['globaltech.api.identitynow.com'] };
    const event = { type: 'access-requested' as const, subject: 'GT-1', data: { request: 'r' } };
    const [sealed] = await withCallback([event], callback, { name: 'sailpoint', settings }, secret);
    expect(sealed).toEqual({ ...event, data: { request: 'r', callback: sealCallback(callback, 'sailpoint', key) } });
  });

  it('must be a host that the settings name, over https', () => {
    const settings = { callbackKey: 'env:KEY', callbackHosts: ['globaltech.api.identitynow.com', '127.0.0.1:8090'] };
    const fault = (url: string) => callbackFault(url, settings);
    expect(fault(callback.url)).toBeUndefined();
    expect(fault('http://127.0.0.1:8090/x')).toBeUndefined();
    expect(fault('http://127.0.0.1:8091/x')).toMatch(/callbackHosts/);
    expect(fault('http://globaltech.api.identitynow.com/x')).toMatch(/https/);
    expect(fault('https://globaltech.api.identitynow.com.evil.example/x')).toMatch(/callbackHosts/);
    expect(fault('https://globaltech.api.identitynow.com@evil.example/x')).toMatch(/callbackHosts/);
    expect(fault('nothing')).toMatch(/https/);
    expect(callbackFault(callback.url, { callbackHosts: [] })).toMatch(/callbackKey/);
  });
});

describe('an answer', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function listening(status: number, body = '{}') {
    const taken: { url: string | undefined; body: unknown }[] = [];
    const own = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => {
        text += part.toString();
      });
      request.on('end', () => {
        taken.push({ url: request.url, body: JSON.parse(text) });
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      });
    });
    server = own;
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
    const address = own.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const callbacks = sourceCallbacks(
      {
        sailpoint: { settings: { callbackKey: 'env:KEY', callbackHosts: [`127.0.0.1:${port}`], callbackMinutes: 30 } },
      },
      secret,
    );
    const sealed = sealCallback(
      { url: `http://127.0.0.1:${port}/complete/1?x=2`, secret: callback.secret },
      'sailpoint',
      key,
    );
    const answer = () =>
      callbacks.answer('sailpoint', sealed, { approved: false, comment: 'no' }, AbortSignal.timeout(5_000));
    return { taken, answer, callbacks };
  }

  it('is posted with the secret of the request', async () => {
    const { taken, answer, callbacks } = await listening(200);
    expect(callbacks.patienceMs('sailpoint')).toBe(30 * 60_000);
    expect(callbacks.patienceMs('workday')).toBeUndefined();
    await answer();
    expect(taken).toEqual([
      {
        url: '/complete/1?x=2',
        body: { secret: callback.secret, output: { approved: false, comment: 'no', approver: 'muster' } },
      },
    ]);
  });

  it('that is refused says so in its class, and never with the secret', async () => {
    const { answer } = await listening(403, `{"you sent":"${callback.secret}"}`);
    const failed = await answer().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'refused' });
    expect(String(failed)).not.toContain(callback.secret);
  });

  it('goes nowhere when the settings do not name the host any more', async () => {
    const { taken } = await listening(200);
    const callbacks = sourceCallbacks({ sailpoint: { settings: { callbackKey: 'env:KEY' } } }, secret);
    const sealed = sealCallback({ url: 'http://127.0.0.1:1/', secret: 's' }, 'sailpoint', key);
    const output = { approved: true, comment: '' };
    await expect(callbacks.answer('sailpoint', sealed, output, AbortSignal.timeout(1_000))).rejects.toMatchObject({
      code: 'refused',
    });
    await expect(callbacks.answer('workday', sealed, output, AbortSignal.timeout(1_000))).rejects.toMatchObject({
      code: 'misconfigured',
    });
    expect(taken).toEqual([]);
  });
});
