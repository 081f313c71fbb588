import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import type { Store } from '../../src/directory/store.ts';
import { writeReady } from '../../src/home/ready.ts';
import { addPeople, at, begin, numbers, policyOf } from '../activities/safeguards.ts';
import { memoryDatabase } from '../helpers/store.ts';
import { type Asking, asking } from '../operator/asking.ts';

const temporal = {
  withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
  workflow: { signalWithStart: async () => undefined, getHandle: () => ({ signal: async () => undefined }) },
} as unknown as Client;

let folder: string;
let running: ChildProcess;
let store: Store;
let api: Asking;
let id: string;
let out: string[];
let err: string[];
beforeEach(async () => {
  out = [];
  err = [];
  const database = await memoryDatabase();
  store = database.store;
  api = await asking(store, { client: temporal, clock: () => Date.parse(at(10)) });
  await addPeople(database.sql, 60);
  for (const number of numbers(1, 7)) await begin(store, policyOf(), number);
  id = (await store.read((reader) => reader.openHold('end')))?.id ?? '';
  folder = await mkdtemp(join(tmpdir(), 'muster-cli-'));
  const home = join(folder, '.muster');
  await mkdir(join(home, 'secrets'), { recursive: true });
  for (const role of ['operator', 'security'])
    await writeFile(join(home, 'secrets', `${role}-1`), `token-of-${role}\n`);
  // Stands in for a running Muster, which holds its home's lock.
  running = spawn('sleep', ['605']);
  await writeFile(join(home, 'lock'), JSON.stringify({ pid: running.pid, command: 'sleep 605' }));
  await writeReady(home, { receiver: api.url, operator: api.url, temporal: { address: '127.0.0.1:1' } });
});
afterEach(async () => {
  running.kill();
  await api.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const muster = (...args: string[]) => {
  out.length = 0;
  err.length = 0;
  return run(args, {
    ...{ env: {}, folder, terminal: false, stopped: () => new Promise(() => undefined) },
    ...{ out: (text) => void out.push(...text.split('\n')), err: (text) => void err.push(text) },
  });
};

describe('muster holds', () => {
  it('lists what is held, and shows what one would do to whom', async () => {
    expect(await muster('holds')).toBe(0);
    expect(out).toEqual([
      `${id}: open since ${at(0)}; 2 held, 0 released, 0 rejected`,
      expect.stringMatching(/^ {2}6 people would be terminated within 60 minutes/),
      '  caused by workday',
    ]);
    expect(await muster('holds', 'show', id)).toBe(0);
    expect(out.slice(3)).toEqual([
      `  held     GT-6: end GT-6 (workday:end-6, since ${at(0)})`,
      `  held     GT-7: end GT-7 (workday:end-7, since ${at(0)})`,
    ]);
    expect(await muster('holds', 'show', id, '--json')).toBe(0);
    expect(JSON.parse(out.join(''))).toMatchObject({ id, held: 2, items: [{ person: 'GT-6' }, { person: 'GT-7' }] });
  });

  it('releases one person, or everybody by two operators', async () => {
    expect(await muster('holds', 'release', id, '--person', 'GT-7', '--reason', 'leaves today')).toBe(0);
    expect(out.slice(0, 2)).toEqual(['released: GT-7', `${id}: open since ${at(0)}; 1 held, 1 released, 0 rejected`]);
    for (const number of numbers(8, 9)) await begin(store, policyOf(), number);
    expect(await muster('holds', 'release', id, '--reason', 'the office closes')).toBe(0);
    expect(out[0]).toBe('a second operator must release the same: more than one person takes two');
    expect(await muster('holds', 'release', id, '--reason', 'the office closes', '--as', 'security-1')).toBe(0);
    expect(out.slice(0, 2)).toEqual([
      'released: GT-6, GT-8, GT-9',
      `${id}: released at ${at(10)}; 0 held, 4 released, 0 rejected`,
    ]);
    expect(out[3]).toBe('  caused by workday; "release" was said by operator-1, security-1');
    expect(await muster('holds')).toBe(0);
    expect(out).toEqual(['Nothing is held.']);
    expect(await muster('holds', 'list', '--all')).toBe(0);
    expect(out).toHaveLength(3);
  });

  it('rejects, and says what is refused and why', async () => {
    expect(await muster('holds', 'reject', id)).toBe(2);
    expect(await muster('holds', 'reject', id, '--reason', 'a wrong file')).toBe(0);
    expect(out[0]).toBe('rejected: GT-6, GT-7');
    expect(await muster('holds', 'release', id, '--reason', 'after all')).toBe(1);
    expect(err.join('')).toContain(`(409): it was rejected already by operator-1 at ${at(10)}`);
    expect(await muster('holds', 'show', 'end-0')).toBe(1);
    expect(err.join('')).toContain('no hold has that id');
  });
});

describe('muster stop and muster go', () => {
  const stops = async () => (await store.read((reader) => reader.stops())).map(({ scope, by }) => [scope, by]);

  it('stop everything, a source or a target, and lift it again', async () => {
    expect(await muster('stop', '--reason', 'a drill')).toBe(0);
    expect(out).toEqual(['stopped: everything', `  all: by operator-1 at ${at(10)}: a drill`]);
    expect(await muster('stop', '--source', 'workday', '--reason', 'a wrong file', '--as', 'security-1')).toBe(0);
    expect(await muster('stop', '--target', 'github', '--reason', 'an outage', '--json')).toBe(0);
    expect(JSON.parse(out.join(''))).toMatchObject({ said: 'stopped: target github' });
    expect(await stops()).toEqual([
      ['all', 'operator-1'],
      ['source:workday', 'security-1'],
      ['target:github', 'operator-1'],
    ]);
    expect(await muster('go')).toBe(0);
    expect(out[0]).toBe('goes on: everything; still stopped: source:workday, target:github');
    expect(await muster('go', '--source', 'workday')).toBe(0);
    expect(await stops()).toEqual([['target:github', 'operator-1']]);
  });

  it('say what is wrong', async () => {
    expect(await muster('stop')).toBe(2);
    expect(await muster('stop', '--source', 'a', '--target', 'b', '--reason', 'x')).toBe(2);
    expect(await muster('go')).toBe(1);
    expect(err.join('')).toContain('that is not stopped; nothing is');
    expect(await stops()).toEqual([]);
  });

  it('work without the API where the database is in reach', async () => {
    running.kill();
    await new Promise((resolve) => running.once('exit', resolve));
    await rm(join(folder, '.muster', 'lock'));
    await mkdir(join(folder, '.muster', 'directory'), { recursive: true });
    expect([await muster('stop', '--reason', 'the API is down'), err]).toEqual([0, []]);
    expect(out).toEqual(['stopped: everything', expect.stringMatching(/^ {2}all: by cli:\w+ at .*: the API is down$/)]);
    expect(await muster('go')).toBe(0);
    expect(await muster('go')).toBe(1);
  });
});
