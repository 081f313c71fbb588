import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { writeReady } from '../../src/home/ready.ts';

const id = 'person:GT-48291/workday:42/close:salesforce/step-failed';
const resolvedAt = '2025-11-15T12:00:00.000Z';

let folder: string;
let running: ChildProcess;
let server: Server;
let asked: { method?: string; url?: string; token?: string; body: unknown }[];
let answer: { status: number; body: unknown };
let out: string[];
let err: string[];

beforeEach(async () => {
  asked = [];
  out = [];
  err = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    asked.push({
      ...(method === undefined ? {} : { method }),
      ...(url === undefined ? {} : { url }),
      token: headers.authorization ?? '',
      body,
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const operator = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  folder = await mkdtemp(join(tmpdir(), 'muster-cli-'));
  const home = join(folder, '.muster');
  await mkdir(join(home, 'secrets'), { recursive: true });
  await writeFile(join(home, 'secrets', 'operator-1'), 'a-token\n');
  // Stands in for a running Muster, which holds its home's lock.
  running = spawn('sleep', ['605']);
  await writeFile(join(home, 'lock'), JSON.stringify({ pid: running.pid, command: 'sleep 605' }));
  await writeReady(home, { receiver: operator, operator, temporal: { address: '127.0.0.1:1' } });
});
afterEach(async () => {
  running.kill();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const resolve = (...options: string[]) =>
  run(['exceptions', 'resolve', id, ...options], {
    ...{ env: {}, folder, terminal: false, stopped: () => new Promise(() => undefined) },
    ...{ out: (text) => void out.push(text), err: (text) => void err.push(text) },
  });

describe('muster exceptions resolve', () => {
  it('posts the decision to the operator API, and says what the workflow said and how the exception is', async () => {
    answer = { status: 200, body: { said: `${id}: drop by operator-1`, exception: { id, resolvedAt } } };
    expect(await resolve('--action', 'drop', '--reason', 'a test worker')).toBe(0);
    expect(asked).toEqual([
      {
        method: 'POST',
        url: `/api/exceptions/${encodeURIComponent(id)}`,
        token: 'Bearer a-token',
        body: { action: 'drop', reason: 'a test worker' },
      },
    ]);
    expect([out, err]).toEqual([[`${id}: drop by operator-1`, `Resolved at ${resolvedAt}.`], []]);
  });

  it('says that what was tried again is still open', async () => {
    answer = { status: 200, body: { said: `retrying ${id}`, exception: { id } } };
    expect(await resolve('--action', 'retry')).toBe(0);
    expect(asked[0]?.body).toEqual({ action: 'retry' });
    expect(out).toEqual([`retrying ${id}`, 'It is still open.']);
  });

  it('names the person to attach to, and prints the whole answer with --json', async () => {
    answer = { status: 200, body: { said: 'workday:43 goes to GT-48291', exception: { id, resolvedAt } } };
    expect(await resolve('--action', 'attach', '--reason', 'an old number', '--person', 'GT-48291', '--json')).toBe(0);
    expect(asked[0]?.body).toEqual({ action: 'attach', reason: 'an old number', person: 'GT-48291' });
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([answer.body]);
  });

  it.each([
    [409, 1, 'it was resolved already'],
    [404, 1, 'no exception has that id'],
    [403, 1, 'you caused the event that this is about'],
    [503, 3, 'person:GT-48291 did not answer within 5 s'],
  ])('a %i ends with %i, in the words of the problem', async (status, code, detail) => {
    answer = { status, body: { title: 'Problem', status, detail } };
    expect(await resolve('--action', 'done', '--reason', 'seen to')).toBe(code);
    expect(err.join('\n')).toContain(`(${status}): ${detail}`);
    expect(out).toEqual([]);
  });
});
