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
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
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

const muster = (...args: string[]) =>
  run(args, {
    ...{ env: {}, folder, terminal: false, stopped: () => new Promise(() => undefined) },
    ...{ out: (text) => void out.push(text), err: (text) => void err.push(text) },
  });

const resolve = (...options: string[]) => muster('exceptions', 'resolve', id, ...options);

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

  it('skips until a day, and says that a second person is needed', async () => {
    const said = 'operator-1 wants to skip it until 2026-01-31T00:00:00.000Z: a second person must want the same';
    answer = { status: 200, body: { said, exception: { id } } };
    expect(await resolve('--action', 'skip', '--reason', 'their outage', '--until', '2026-01-31')).toBe(0);
    expect(asked[0]?.body).toEqual({ action: 'skip', reason: 'their outage', until: '2026-01-31' });
    expect(out).toEqual([said, 'It is still open.']);
  });

  it.each([
    [['--action', 'skip', '--reason', 'so'], 'skip needs --until'],
    [['--action', 'done', '--reason', 'so', '--until', '2026-01-31'], '--until is for skip alone'],
    [['--action', 'skip', '--until', '2026-01-31'], 'skip needs --reason'],
  ])('%j is refused before anybody is asked', async (options, fault) => {
    expect(await resolve(...options)).not.toBe(0);
    expect([err.join('\n').includes(fault), asked]).toEqual([true, []]);
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

describe('muster exceptions take', () => {
  it('says to the operator API who sees to it', async () => {
    answer = { status: 200, body: { said: 'operator-1 has it', exception: { id, takenBy: 'operator-1' } } };
    expect(await muster('exceptions', 'take', id)).toBe(0);
    expect(asked).toEqual([
      { method: 'POST', url: `/api/exceptions/${encodeURIComponent(id)}/take`, token: 'Bearer a-token', body: {} },
    ]);
    expect([out, err]).toEqual([['operator-1 has it'], []]);
  });
});

describe('muster exceptions', () => {
  it('shows who has one, and who wants to skip it', async () => {
    const row = {
      kind: 'step-failed',
      target: 'salesforce',
      reason: 'no',
      owner: 'ops',
      openedAt: resolvedAt,
      dueAt: resolvedAt,
    };
    const asks = { skipAskedBy: 'operator-2', until: '2026-01-31T00:00:00.000Z' };
    answer = { status: 200, body: { items: [{ ...row, id, takenBy: 'operator-1', alert: 'Slack #x', ...asks }] } };
    expect(await muster('exceptions')).toBe(0);
    expect(out).toEqual([
      [
        `step-failed: salesforce  (${id})`,
        '  no',
        `  owner ops, due ${resolvedAt}, taken by operator-1, alerted: Slack #x, operator-2 wants to skip it until 2026-01-31T00:00:00.000Z`,
      ].join('\n'),
    ]);
  });
});

describe('muster targets', () => {
  it('shows how each target is, what waits for it and who', async () => {
    const waiting = Array.from({ length: 12 }, (_, index) => `GT-${index}`);
    const queue = { name: 'q', backlog: 3, oldestSeconds: 90, perSecond: 0.5, polledAt: resolvedAt };
    const at = '2025-11-15T12:00:00.000Z';
    answer = {
      status: 200,
      body: {
        items: [
          {
            ...{ name: 'salesforce', kind: 'salesforce', mode: 'enforce', health: 'resting', failures: 6 },
            ...{
              failingSince: at,
              message: 'status 503',
              restUntil: at,
              concurrency: 10,
              ratePerSecond: 5,
              queue,
              waiting,
            },
            more: false,
          },
          {
            ...{ name: 'github', kind: 'github', mode: 'observe', health: 'good', failures: 0, lastGoodAt: at },
            ...{ concurrency: 4, waiting: [], more: false },
          },
        ],
      },
    };
    expect(await muster('targets')).toBe(0);
    expect(out).toEqual([
      [
        `salesforce  enforce  failing since ${at} (6 times, resting until ${at}): status 503; no good answer yet`,
        '  10 calls at once, at most 5 a second; 3 in its queue for up to 90 s, 0.5 a second lately',
        `  waiting for it: 12 (${waiting.slice(0, 10).join(', ')}, …)`,
      ].join('\n'),
      [
        `github  observe  well, last good answer ${at}`,
        '  4 calls at once; Temporal does not say what waits in its queue',
      ].join('\n'),
    ]);
  });
});
