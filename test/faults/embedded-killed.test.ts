import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/directory/connect.ts';
import { homeFiles } from '../../src/home/folder.ts';
import { personWorkflowId } from '../../src/model/messages.ts';
import { commandLine, endOrphan } from '../../src/orphan.ts';
import type { CallTaken } from '../../src/sandbox/stand-in.ts';
import { lazyClient, temporalAt } from '../../src/temporal-connection.ts';
import { postLeave } from '../helpers/leave.ts';
import { until } from '../helpers/line.ts';
import { build, MusterProcess, type ReadyFile } from '../helpers/muster-process.ts';
import { policyWith } from '../helpers/policy-with.ts';
import type { Held } from '../helpers/sandbox-under-test.ts';

/** Two solutions engineers in New York, who have the same accounts: what is done for one is done for the other. */
const [undisturbed, leaver] = ['GT-48305', 'GT-48291'] as const;

let home: string;
let muster: MusterProcess | undefined;
let ready: ReadyFile;

const start = async () => {
  const started = await MusterProcess.start(home, { MUSTER_POLICY: join(home, 'policy.yaml') });
  muster = started.process;
  ready = started.ready;
};

beforeAll(async () => {
  build();
  home = await mkdtemp(join(tmpdir(), 'muster-killed-'));
  await writeFile(join(home, 'policy.yaml'), await policyWith());
  await start();
});
afterAll(async () => {
  await muster?.end('SIGTERM');
  await endOrphan(join(home, homeFiles.temporalPid), pino({ level: 'silent' }));
  await rm(home, { recursive: true, force: true });
});

const sandbox = async (path: string, init?: RequestInit) => (await fetch(new URL(path, ready.sandbox), init)).text();
const calls = async (worker: string) => JSON.parse(await sandbox(`/calls?worker=${worker}`)) as CallTaken[];
const done = async (worker: string) =>
  (await calls(worker)).map(({ target, operation }) => `${target}: ${operation}`).sort();
const openAt = async (person: string) => {
  const state = JSON.parse(await sandbox('/state')) as Record<string, Held>;
  return Object.entries(state).flatMap(([target, { accounts }]) =>
    accounts.filter(({ worker, enabled }) => worker === person && enabled).map(() => target),
  );
};
const temporalPid = async () =>
  (JSON.parse(await readFile(join(home, homeFiles.temporalPid), 'utf8')) as { pid: number }).pid;

/** Until the person's workflow has ended: all targets are closed, and read again. */
async function isOver(person: string): Promise<void> {
  const { client, connection } = lazyClient(temporalAt(ready.temporal.address));
  try {
    const handle = client.workflow.getHandle(personWorkflowId(person));
    await until(
      async () => (await handle.describe().catch(() => undefined))?.status.name === 'COMPLETED',
      `the end of ${person}'s workflow`,
      120_000,
    );
  } finally {
    await connection.close();
  }
}

describe.sequential('muster start, killed as a whole in the middle of a termination', () => {
  it('is started again on what it has kept, ends the server that was left over, and finishes', async () => {
    expect((await postLeave(ready.receiver, home, undisturbed)).status).toBe(202);
    await isOver(undisturbed);
    await sandbox('/faults/salesforce', { method: 'PUT', body: '{"hang":true}' });
    expect((await postLeave(ready.receiver, home, leaver)).status).toBe(202);
    await until(async () => (await openAt(leaver)).join() === 'salesforce', 'all others to be closed');
    await until(async () => {
      const kept = JSON.parse(await readFile(join(home, homeFiles.sandbox), 'utf8')) as { calls: CallTaken[] };
      const taken = await calls(leaver);
      return kept.calls.filter(({ worker }) => worker === leaver).length === taken.length;
    }, 'the sandbox to have kept what was done');
    const server = await temporalPid();

    expect(await muster?.end('SIGKILL')).toBe('SIGKILL');
    muster = undefined;
    expect(await commandLine(server)).toContain('server start-dev');
    await start();
    expect(await commandLine(server)).toBeUndefined();
    expect(await temporalPid()).not.toBe(server);

    await isOver(leaver);
    expect(await openAt(leaver)).toEqual([]);
    expect(await done(leaver)).toEqual(await done(undisturbed));
    for (const person of [undisturbed, leaver]) {
      expect(await postLeave(ready.receiver, home, person)).toMatchObject({
        status: 200,
        body: { status: 'duplicate', outcome: 'applied' },
      });
    }
  });

  it('has evidence of it whole and once, and leaves nothing running at its end', async () => {
    const server = await temporalPid();
    expect(await muster?.end('SIGTERM')).toBe(0);
    muster = undefined;
    expect(await commandLine(server)).toBeUndefined();
    expect(existsSync(join(home, homeFiles.temporalPid))).toBe(false);

    const store = await openStore({ folder: join(home, homeFiles.directory), migrate: false });
    try {
      await store.seal();
      expect(await store.verify()).toMatchObject({ intact: true, unsealed: 0 });
      const evidence = async (person: string) => {
        const { items } = await store.read((reader) => reader.evidence({ person }, { limit: 500 }));
        return items.map(({ kind, target }) => `${kind} ${target ?? ''}`).sort();
      };
      expect(await evidence(leaver)).toEqual(await evidence(undisturbed));
      const states = await store.read((reader) => Promise.all([undisturbed, leaver].map((id) => reader.person(id))));
      expect(states.map((person) => person?.state)).toEqual(['Terminated', 'Terminated']);
    } finally {
      await store.close();
    }
  });
});
