import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import express from 'express';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import type { CallTaken, Fault, MakeStandIn, SeedPerson } from '../../src/sandbox/stand-in.ts';

const person = (workerId: string, targets: string[]): SeedPerson => ({
  workerId,
  firstName: 'Sarah',
  lastName: '<Chen>',
  email: `${workerId}@globaltech.example`,
  login: workerId.toLowerCase(),
  department: 'Engineering',
  jobTitle: 'Engineer',
  location: 'New York',
  workerType: 'employee',
  privileged: false,
  targets,
});

/** A switch for each worker: `POST /off/<worker>` turns it off, `GET /<worker>` shows it. */
const switches: MakeStandIn = (tools) => {
  let on: Record<string, boolean> = {};
  const router = express.Router();
  router.use((_request, response, next) => {
    if (tools.fault()?.vendor === 'closed') return void response.status(418).end();
    next();
  });
  router.post('/off/:worker', express.json(), (request, response) => {
    if (tools.fault()?.lie === true) return void response.json({ ok: true });
    on[request.params.worker] = false;
    tools.called({ operation: 'turn off switch', worker: request.params.worker });
    response.json({ ok: true });
  });
  router.get('/boom', () => {
    throw new Error('boom');
  });
  router.get('/:worker', (request, response) => void response.json({ on: on[request.params.worker] }));
  return {
    state: () => ({
      accounts: Object.entries(on).map(([worker, enabled]) => ({
        id: worker,
        name: `<b>${worker}</b>`,
        worker,
        enabled,
        entitlements: [],
        sessions: [],
      })),
    }),
    seed: (people) => {
      on = Object.fromEntries(people.map((one) => [one.workerId, true]));
    },
    dump: () => on,
    restore: (dumped) => {
      on = dumped as Record<string, boolean>;
    },
    router,
    errorBody: (status) => ({ body: `<vendor>${status}</vendor>`, contentType: 'application/xml' }),
  };
};

let running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.map((sandbox) => sandbox.close()));
  running = [];
});

async function sandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const started = await startSandbox({
    standIns: { switches },
    people: [person('GT-1', ['switches']), person('GT-2', ['switches']), person('GT-3', [])],
    host: '127.0.0.1',
    port: 0,
    ldapsPort: 0,
    ...options,
  });
  running.push(started);
  return started;
}

const put = (url: string, body: unknown) => fetch(url, { method: 'PUT', body: JSON.stringify(body) });
const turnOff = (url: string, worker: string) => fetch(`${url}/switches/off/${worker}`, { method: 'POST' });
const callsOf = async (url: string, query = '') => (await (await fetch(`${url}/calls${query}`)).json()) as CallTaken[];

describe('state and calls', () => {
  test('a stand-in is seeded with the people who have an account there, and a reset brings them back', async () => {
    const { url } = await sandbox();
    await turnOff(url, 'GT-1');
    await put(`${url}/faults/switches`, { status: 500 });
    const before = (await (await fetch(`${url}/state`)).json()) as { switches: { accounts: { enabled: boolean }[] } };
    expect(before.switches.accounts.map((account) => account.enabled)).toEqual([false, true]);
    expect((await fetch(`${url}/reset`, { method: 'POST' })).status).toBe(204);
    const after = (await (await fetch(`${url}/state`)).json()) as typeof before;
    expect(after.switches.accounts.map((account) => account.enabled)).toEqual([true, true]);
    expect(await callsOf(url)).toEqual([]);
    expect(await (await fetch(`${url}/faults`)).json()).toEqual({});
  });

  test('changing calls are listed for one worker, and reads are not', async () => {
    const { url } = await sandbox();
    await fetch(`${url}/switches/GT-1`);
    await turnOff(url, 'GT-1');
    await turnOff(url, 'GT-2');
    const at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await callsOf(url, '?worker=GT-1')).toEqual([
      { target: 'switches', operation: 'turn off switch', worker: 'GT-1', at },
    ]);
    expect(await callsOf(url)).toHaveLength(2);
  });

  test('the page shows accounts and escapes what it shows', async () => {
    const { url } = await sandbox();
    const answer = await fetch(url);
    const page = await answer.text();
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(page).toContain('switches: 2 of 2 accounts enabled');
    expect(page).not.toContain('<b>GT-1');
  });
});

describe('faults', () => {
  test.each([
    [{ status: 200 }, 'status'],
    [{ status: '500' }, 'status'],
    [{ retryAfter: 3 }, 'retryAfter'],
    [{ count: 1 }, 'says nothing to do'],
    [{ latency: 3 }, 'latency'],
    [[], 'object'],
  ])('%j is refused and the answer says why', async (fault, why) => {
    const { url } = await sandbox();
    const answer = await put(`${url}/faults/switches`, fault);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(why);
    expect(await (await fetch(`${url}/faults`)).json()).toEqual({});
  });

  test('a body that is no JSON is a 400, an unknown target a 404 that names the known ones', async () => {
    const { url } = await sandbox();
    expect((await fetch(`${url}/faults/switches`, { method: 'PUT', body: '{' })).status).toBe(400);
    const answer = await put(`${url}/faults/nothing`, { status: 500 });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('switches');
    expect((await fetch(`${url}/faults/nothing`, { method: 'DELETE' })).status).toBe(404);
  });

  test('a status comes in the vendor’s own form with its Retry-After, for as many calls as it counts', async () => {
    const { url } = await sandbox();
    await put(`${url}/faults/switches`, { status: 429, retryAfter: 7, count: 2 });
    for (const left of [1, 0]) {
      const answer = await turnOff(url, 'GT-1');
      expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([
        429,
        '7',
        '<vendor>429</vendor>',
      ]);
      const faults = (await (await fetch(`${url}/faults`)).json()) as Record<string, Fault>;
      expect(faults['switches']?.count).toBe(left === 0 ? undefined : left);
    }
    expect((await turnOff(url, 'GT-1')).status).toBe(200);
  });

  test('a lie is used up by the call that obeyed it and not by a read', async () => {
    const { url } = await sandbox();
    await put(`${url}/faults/switches`, { lie: true, count: 1 });
    await fetch(`${url}/switches/GT-1`);
    expect((await turnOff(url, 'GT-1')).status).toBe(200);
    expect(await (await fetch(`${url}/switches/GT-1`)).json()).toEqual({ on: true });
    await turnOff(url, 'GT-1');
    expect(await (await fetch(`${url}/switches/GT-1`)).json()).toEqual({ on: false });
  });

  test('a vendor’s own fault is used up by the calls in which the stand-in met it', async () => {
    const { url } = await sandbox();
    await put(`${url}/faults/switches`, { vendor: 'closed', count: 2 });
    const statuses = [];
    for (let call = 0; call < 3; call += 1) statuses.push((await fetch(`${url}/switches/GT-1`)).status);
    expect(statuses).toEqual([418, 418, 200]);
  });

  test('calls that come together do not share the last of a count', async () => {
    const { url } = await sandbox();
    await put(`${url}/faults/switches`, { lie: true, count: 1 });
    await Promise.all(['GT-1', 'GT-2'].map((worker) => turnOff(url, worker)));
    expect((await callsOf(url)).length).toBe(1);
  });

  test('a hanging target answers nothing, and its fault can be taken away', async () => {
    const { url } = await sandbox();
    await put(`${url}/faults/switches`, { hang: true, count: 1 });
    const abort = new AbortController();
    const hanging = fetch(`${url}/switches/GT-1`, { signal: abort.signal });
    // The next call is answered while the first still hangs: nothing else is waited for.
    await expect.poll(async () => await (await fetch(`${url}/faults`)).json()).toEqual({});
    expect((await fetch(`${url}/switches/GT-1`)).status).toBe(200);
    abort.abort();
    await expect(hanging).rejects.toThrow();
    await put(`${url}/faults/switches`, { hang: true });
    expect((await fetch(`${url}/faults/switches`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${url}/switches/GT-1`)).status).toBe(200);
  });

  test('a stand-in that throws answers 500 and the others go on', async () => {
    const { url } = await sandbox();
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    expect((await fetch(`${url}/switches/boom`)).status).toBe(500);
    expect(said).toHaveBeenCalledWith(expect.stringContaining('switches'), expect.any(Error));
    said.mockRestore();
    expect((await fetch(`${url}/switches/a/b/c`)).status).toBe(404);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });
});

describe('the state file', () => {
  const path = () => join(mkdtempSync(join(tmpdir(), 'sandbox-')), 'state', 'sandbox.json');

  test('what was changed is there after a restart, the calls too', async () => {
    const stateFile = path();
    const first = await sandbox({ stateFile });
    await turnOff(first.url, 'GT-1');
    const calls = await callsOf(first.url);
    await first.close();
    const second = await sandbox({ stateFile });
    expect(await (await fetch(`${second.url}/switches/GT-1`)).json()).toEqual({ on: false });
    expect(await callsOf(second.url)).toEqual(calls);
  });

  test('a change is on disk without a close, so a kill does not lose it', async () => {
    const stateFile = path();
    const { url } = await sandbox({ stateFile });
    await turnOff(url, 'GT-2');
    await expect
      .poll(() => JSON.parse(readFileSync(stateFile, 'utf8')) as unknown)
      .toMatchObject({ targets: { switches: { 'GT-1': true, 'GT-2': false } } });
  });

  test('a file that is no state is named, and nothing starts', async () => {
    const stateFile = join(mkdtempSync(join(tmpdir(), 'sandbox-')), 'broken.json');
    writeFileSync(stateFile, '{"version":9}');
    await expect(sandbox({ stateFile })).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining('broken.json'),
    });
  });
});

test('a taken port is named', async () => {
  const { port } = await sandbox();
  await expect(sandbox({ port })).rejects.toMatchObject({
    code: 'misconfigured',
    message: expect.stringContaining(String(port)),
  });
});

test('a stand-in that listens by itself gets a certificate for localhost that its authority vouches for', async () => {
  const listening: MakeStandIn = (tools) => ({
    ...switches(tools),
    listen: async ({ host, port, tls }) => {
      const { createServer } = await import('node:tls');
      const server = createServer(tls, (socket) => socket.end('hello'));
      await new Promise<void>((resolve) => server.listen(port, host, resolve));
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no address');
      return { port: address.port, close: () => new Promise((resolve) => server.close(() => resolve())) };
    },
  });
  const { ca, ldapsPort, ldapsUrl } = await sandbox({ standIns: { listening } });
  expect(ldapsUrl).toBe(`ldaps://127.0.0.1:${ldapsPort}`);
  for (const name of ['localhost', '127.0.0.1']) {
    const socket = connect({
      host: '127.0.0.1',
      port: ldapsPort ?? 0,
      servername: name === 'localhost' ? name : '',
      ca: ca ?? '',
    });
    const said = await new Promise<string>((resolve, reject) => {
      socket.once('data', (data) => resolve(data.toString())).once('error', reject);
    });
    expect([said, socket.authorized]).toEqual(['hello', true]);
  }
});
