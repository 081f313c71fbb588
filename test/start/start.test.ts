import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, MusterProcess, muster, type ReadyFile, until } from '../helpers/muster-process.ts';

const leaver = 'GT-48291';
const patience = 240_000;

interface Held {
  accounts?: { name: string; worker?: string; enabled: boolean }[];
}

let home: string;
let running: MusterProcess | undefined;
let ready: ReadyFile;

beforeAll(async () => {
  build();
  home = await mkdtemp(join(tmpdir(), 'muster-start-'));
  await start();
}, patience);
afterAll(async () => {
  await running?.end('SIGTERM');
  await rm(home, { recursive: true, force: true });
}, patience);

async function start(): Promise<void> {
  const started = await MusterProcess.start(home);
  running = started.process;
  ready = started.ready;
}

async function api(path: string): Promise<Record<string, unknown>> {
  const token = await readFile(join(home, 'secrets', 'operator-1'), 'utf8');
  const answer = await fetch(new URL(path, ready.operator), { headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()) as Record<string, unknown>;
}

const sandbox = async (path: string, init?: RequestInit) => fetch(new URL(path, ready.sandbox), init);
const stateOf = async (person: string) => (await api(`/api/people/${person}`))['state'];

async function openAccounts(person: string): Promise<string[]> {
  const state = (await (await sandbox('/state')).json()) as Record<string, Held>;
  return Object.entries(state).flatMap(([target, { accounts = [] }]) =>
    accounts.filter(({ worker, enabled }) => worker === person && enabled).map(({ name }) => `${target} ${name}`),
  );
}

describe.sequential('muster start, as a user runs it', () => {
  it('is ready with everything: people, targets, Temporal, its Web UI', async () => {
    expect(await stateOf(leaver)).toBe('Active');
    expect((await openAccounts(leaver)).map((account) => account.split(' ')[0]).sort()).toEqual([
      'active-directory',
      'aws-iam',
      'cyberark',
      'entra-id',
      'github',
      'salesforce',
    ]);
    expect((await fetch(`${ready.receiver}/readyz`)).status).toBe(200);
    expect((await fetch(`${ready.operator}/readyz`)).status).toBe(200);
    expect((await fetch(ready.temporal.ui)).status).toBe(200);
  });

  it(
    'muster doctor finds nothing wrong',
    async () => {
      const { code, out } = await muster(home, 'doctor', '--json');
      const wrong = JSON.parse(out).items.filter((finding: { status: string }) => finding.status !== 'ok');
      expect({ code, wrong }).toEqual({ code: 0, wrong: [] });
    },
    patience,
  );

  it(
    'a second one on the same home folder ends with 3 and names the first',
    async () => {
      const { code, err } = await muster(home, 'start');
      expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining(`${home} is in use by process`) });
    },
    patience,
  );

  it(
    'killed in the middle of a termination, the next start finishes it',
    async () => {
      await sandbox('/faults/salesforce', { method: 'PUT', body: '{"hang":true}' });
      const file = join(home, 'leaver.json');
      await writeFile(
        file,
        JSON.stringify({ event: 'Worker_Terminated', workerId: leaver, effectiveDate: '2025-11-15' }),
      );
      const sent = await muster(home, 'send', file, '--source', 'workday', '--json');
      expect({ code: sent.code, status: JSON.parse(sent.out).status }).toEqual({ code: 0, status: 'accepted' });
      await until(
        () => openAccounts(leaver),
        (open) => open.every((account) => account.startsWith('salesforce')),
      );
      expect(await openAccounts(leaver)).toHaveLength(1);
      expect(await stateOf(leaver)).toBe('Terminating');

      expect(await running?.end('SIGKILL')).toBe('SIGKILL');
      running = undefined;
      await start();
      await until(
        () => stateOf(leaver),
        (state) => state === 'Terminated',
      );
      expect(await openAccounts(leaver)).toEqual([]);

      const again = await muster(home, 'send', file, '--source', 'workday');
      expect({ code: again.code, out: again.out }).toEqual({ code: 0, out: expect.stringMatching(/^duplicate: /) });
    },
    patience,
  );

  it(
    'muster terminate takes another person out, and people show tells so',
    async () => {
      const { code, out } = await muster(home, 'terminate', 'GT-44310', '--immediate', '--json');
      expect({ code, status: JSON.parse(out).status }).toEqual({ code: 0, status: 'accepted' });
      await until(
        () => stateOf('GT-44310'),
        (state) => state === 'Terminated',
      );
      expect((await muster(home, 'people', 'show', 'GT-44310')).out).toMatch(/^GT-44310 .* Terminated/);
      expect(await openAccounts('GT-44310')).toEqual([]);
    },
    patience,
  );

  it(
    'its Temporal server killed, it comes back by itself and takes the next event',
    async () => {
      const { pid } = JSON.parse(await readFile(join(home, 'temporal.pid'), 'utf8'));
      process.kill(pid, 'SIGKILL');
      const file = join(home, 'next.json');
      const event = {
        specversion: '1.0',
        id: 'replaced',
        source: 'test',
        type: 'muster.terminated',
        subject: 'GT-43021',
      };
      await writeFile(file, JSON.stringify({ ...event, data: { immediate: true } }));
      const send = () => muster(home, 'send', file, '--source', 'cloudevents', '--id', 'one', '--json');
      const sent = await until(send, ({ code }) => code !== 3);
      expect({ code: sent.code, said: JSON.parse(sent.out) }).toMatchObject({ code: 0, said: { eventId: 'test.one' } });
      await until(
        () => stateOf('GT-43021'),
        (state) => state === 'Terminated',
      );
    },
    patience,
  );

  it(
    'SIGTERM ends it in good order, and everything it started with it',
    async () => {
      const { temporal, receiver } = ready;
      expect(await running?.end('SIGTERM')).toBe(0);
      running = undefined;
      expect(['ready.json', 'lock', 'temporal.pid'].filter((name) => existsSync(join(home, name)))).toEqual([]);
      for (const address of [receiver, temporal.ui]) await expect(fetch(address)).rejects.toThrow();
    },
    patience,
  );
});
