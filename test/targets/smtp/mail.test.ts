import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { makeCertificates } from '../../../src/sandbox/certificates.ts';
import { definition } from '../../../src/targets/smtp/index.ts';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/smtp/sandbox.ts';
import { settingsSchema } from '../../../src/targets/smtp/settings.ts';
import type { MessageRequest } from '../../../src/targets/target.ts';
import { type Bench, openBench } from '../bench.ts';
import type { TargetSuite } from '../target-suite.ts';
import { secrets, settingsFor } from './post-office.ts';

let settings: Record<string, unknown> = {};
const suite: TargetSuite = {
  name: 'smtp',
  definition,
  makeStandIn,
  settings: (url, made) => ({ ...settingsFor(url, made), ...settings }),
  secrets,
};
let bench: Bench;
beforeAll(async () => {
  bench = await openBench(suite, []);
});
afterAll(() => bench.close());
const servers: Server[] = [];
afterEach(async () => {
  settings = {};
  for (const server of servers.splice(0)) server.close();
  await bench.reset();
});

const message: MessageRequest = {
  correlationId: 'left/GT-48291/2025-11-15/manager',
  to: { email: 'manager@globaltech.example' },
  title: 'Sarah Chen’s access\r\nBcc: all@globaltech.example',
  text: 'GT-48291 has left.\nÄnderungen: keine.',
  actions: [
    { id: 'retry', label: 'Retry', value: 'x1' },
    { id: 'open', label: 'Look at it', value: 'x1', url: 'https://muster.globaltech.example/people/GT-48291' },
  ],
};
const send = (changed: Partial<MessageRequest> = {}) =>
  bench.connect().messages?.send({ ...message, ...changed }, bench.context());
const failed = (work: Promise<unknown> | undefined) =>
  Promise.resolve(work).then(
    () => 'no failure',
    (error: unknown) => error,
  );
const both = [() => send(), () => bench.connect().check(bench.context())];
const ids = async () => (await bench.messages()).map(({ id }) => id);

describe('a mail', () => {
  test('is plain text with its links, says that a machine sent it, and takes no header from a title', async () => {
    await send();
    const [held] = await bench.messages();
    expect(held).toEqual({
      id: expect.stringMatching(/^<muster\.[0-9a-f]{40}@globaltech\.example>$/),
      from: 'muster@globaltech.example',
      to: ['manager@globaltech.example'],
      title: 'Sarah Chen’s access Bcc: all@globaltech.example',
      text: 'GT-48291 has left.\nÄnderungen: keine.\n\nLook at it: https://muster.globaltech.example/people/GT-48291',
      at: expect.any(String),
      headers: expect.objectContaining({
        from: 'Muster <muster@globaltech.example>',
        to: 'manager@globaltech.example',
        'auto-submitted': 'auto-generated',
        'x-auto-response-suppress': 'All',
        date: 'Sat, 15 Nov 2025 14:30:00 +0000',
      }),
    });
    expect(held?.['headers']).not.toHaveProperty('bcc');
  });

  test('to a list goes to each of its addresses; one that the settings do not name gets nothing', async () => {
    settings = { lists: { security: ['soc@globaltech.example', 'night@globaltech.example'] } };
    await send({ to: { channel: 'security' } });
    expect(await bench.messages()).toMatchObject([{ to: ['soc@globaltech.example', 'night@globaltech.example'] }]);
    expect(await failed(send({ to: { channel: 'nobody' } }))).toMatchObject({
      code: 'misconfigured',
      advice: expect.stringContaining('security'),
    });
    expect(bench.announced()).toHaveLength(1);
  });

  test('an address is one address, whatever stands in it', async () => {
    expect(await failed(send({ to: { email: 'a@globaltech.example, b@globaltech.example' } }))).toMatchObject({
      message: expect.not.stringContaining('globaltech.example'),
    });
    expect(await bench.messages()).toEqual([]);
  });

  test('has the same Message-ID at each repeat, so that a mailbox can drop it, and another for somebody else', async () => {
    await send();
    await send();
    await send({ to: { email: 'other@globaltech.example' } });
    await send({ correlationId: 'another' });
    const [first, repeat, ...others] = await ids();
    expect(repeat).toBe(first);
    expect(new Set([first, ...others]).size).toBe(3);
  });

  test('whose answer is lost was sent, and comes again under its Message-ID', async () => {
    await bench.fault({ vendor: 'cutAfterData', count: 1 });
    expect(await failed(send())).toMatchObject({ code: 'unavailable' });
    expect(await send()).toBe('changed');
    const [first, again] = await ids();
    expect(again).toBe(first);
  });
});

describe('refusals', () => {
  test('an address that is not known is not-found, and no failure names it', async () => {
    await bench.fault({ vendor: 'refuseRecipient' });
    const error = await failed(send());
    expect(error).toMatchObject({
      code: 'not-found',
      message: 'E-mail: send was answered 550 5.1.1',
    });
    expect(error).not.toHaveProperty('cause');
    expect(await bench.messages()).toEqual([]);
  });

  test('one of a list that is refused is a failure, though the others have the mail', async () => {
    settings = { lists: { security: ['gone@globaltech.example', 'night@globaltech.example'] } };
    await bench.fault({ vendor: 'refuseRecipient' });
    expect(await failed(send({ to: { channel: 'security' } }))).toMatchObject({
      code: 'not-found',
      message: 'E-mail: send was answered 550 5.1.1, for 1 of 2 recipients',
      advice: expect.stringContaining('out of the list'),
    });
    expect(await bench.messages()).toMatchObject([{ to: ['night@globaltech.example'] }]);
  });

  test('a wrong password is credentials, without being shown', async () => {
    settings = { login: { username: 'other', password: 'env:SMTP_PASSWORD' } };
    for (const work of both) {
      const error = await failed(work());
      expect(error).toMatchObject({ code: 'credentials', message: expect.stringContaining('535 5.7.8') });
      expect(String(error)).not.toContain(sandboxCredentials.password);
    }
  });

  test.each([
    ['421 4.7.28 Mail flood detected', 'throttled'],
    ['421 4.3.2 Too many connections', 'throttled'],
    ['450 4.2.0 Come again', 'unavailable'],
    ['554 5.7.1 Your address is blocked', 'refused'],
  ])('a greeting of "%s" is %s', async (greeting, code) => {
    settings = { port: await listen((socket) => void socket.end(`${greeting}\r\n`)) };
    const error = await failed(send());
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toMatch(/flood|connections|again|blocked/);
  });
});

describe('the connection', () => {
  test('without TLS carries nothing: neither mail nor password', async () => {
    const heard: string[] = [];
    settings = {
      port: await listen((socket) => {
        socket.write('220 mail.globaltech.example\r\n');
        socket.on('data', (data) => {
          heard.push(...String(data).trim().split('\r\n'));
          socket.write(String(data).startsWith('EHLO') ? '250-mail\r\n250 AUTH PLAIN LOGIN\r\n' : '502 5.5.1 No\r\n');
        });
      }),
    };
    for (const work of both) {
      expect(await failed(work())).toMatchObject({
        code: 'misconfigured',
        advice: expect.stringContaining('STARTTLS'),
      });
    }
    expect(heard.filter((line) => !/^(EHLO|STARTTLS|QUIT)/.test(line))).toEqual([]);
    expect(heard).toContain('STARTTLS');
  });

  test('to a server with a certificate of somebody else is misconfigured, with advice', async () => {
    settings = { ca: (await makeCertificates()).ca };
    for (const work of both) {
      expect(await failed(work())).toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining('certificate'),
        advice: expect.stringContaining('"ca"'),
      });
    }
    expect(await bench.messages()).toEqual([]);
  });

  test('takes the authority by reference as well', async () => {
    const whole = settingsFor('smtp://127.0.0.1:1', { ca: '' });
    const asked: string[] = [];
    const target = definition.connect(
      { ...whole, port: await listen((socket) => void socket.end('421 4.3.0 later\r\n')), ca: 'file:ca.pem' },
      {
        secret: async (reference) => {
          asked.push(reference);
          return '';
        },
        clock: () => 0,
      },
    );
    await failed(target.check(bench.context()));
    expect(asked.sort()).toEqual(['env:SMTP_PASSWORD', 'file:ca.pem']);
  });

  test('to a server that never greets is a timeout', async () => {
    settings = { port: await listen(() => undefined), timeoutMs: 30 };
    for (const work of both) {
      expect(await failed(work())).toMatchObject({ code: 'timeout' });
    }
  });

  test('that nobody takes is unavailable', async () => {
    const port = await listen(() => undefined);
    servers.pop()?.close();
    settings = { port };
    expect(await failed(send())).toMatchObject({
      code: 'unavailable',
      message: 'E-mail: send failed (ECONNREFUSED)',
    });
  });

  test('that is aborted while a mail is being sent ends, as a timeout', async () => {
    await bench.fault({ hang: true });
    const abort = new AbortController();
    const asked = bench.relay.nextRequest();
    const sending = failed(bench.connect().messages?.send(message, bench.context({ signal: abort.signal })));
    await asked;
    abort.abort();
    expect(await sending).toMatchObject({ code: 'timeout' });
  });
});

describe('settings', () => {
  const usual = { host: 'smtp.globaltech.example', from: 'muster@globaltech.example' };
  test('submission with STARTTLS unless told otherwise', () => {
    expect(settingsSchema.parse(usual)).toEqual({
      ...usual,
      port: 587,
      tls: 'starttls',
      fromName: 'Muster',
      lists: {},
      timeoutMs: 10_000,
    });
  });

  test.each([
    ['no TLS to another machine', { tls: 'none' }, 'tls'],
    ['a password itself', { login: { username: 'muster', password: 'hunter2' } }, 'login.password'],
    ['an address that is none', { lists: { security: ['soc'] } }, 'lists.security.0'],
    ['a list of nobody', { lists: { security: [] } }, 'lists.security'],
    ['a port within the host', { host: 'smtp.globaltech.example/' }, 'host'],
  ])('%s is refused', (_what, changed, path) => {
    const issues = settingsSchema.safeParse({ ...usual, ...changed }).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  test('no TLS to this machine is taken', () => {
    expect(settingsSchema.safeParse({ ...usual, host: '127.0.0.1', tls: 'none' }).success).toBe(true);
  });
});

async function listen(greet: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    greet?.(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return z.object({ port: z.number() }).parse(server.address()).port;
}
