import './quiet-runtime.ts';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import type { Config } from '../../src/config.ts';
import { openStore } from '../../src/directory/connect.ts';
import { importPeople } from '../../src/directory/import-people.ts';
import type { Store } from '../../src/directory/store.ts';
import { exampleConfig, exampleSecrets } from '../../src/example.ts';
import { homeFiles } from '../../src/home/folder.ts';
import { makeSecrets } from '../../src/home/secrets.ts';
import { globalTechImport, globalTechPeople } from '../../src/sandbox/globaltech.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { standIns } from '../../src/sandbox/stand-ins.ts';
import { lazyClient, temporalAt } from '../../src/temporal-connection.ts';
import { type RunningTemporal, startTemporal } from '../../src/temporal-server.ts';
import { type LeaveAnswer, type LeaveChange, postLeave } from './leave.ts';
import { MusterPart } from './muster-process.ts';
import { type PolicyDurations, policyWith } from './policy-with.ts';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import { type SandboxUnderTest, sandboxUnderTest } from './sandbox-under-test.ts';

/** Everything Muster needs, each as a process that can be killed: PostgreSQL, Temporal on a file, and Muster's parts. */
export class Stack {
  readonly folder: string;
  readonly postgres: RunningPostgres;
  readonly sandbox: SandboxUnderTest;
  readonly config: Config;
  readonly store: Store;
  readonly #parts: MusterPart[] = [];
  readonly #endings: (() => Promise<unknown>)[] = [];
  #temporal: RunningTemporal;
  #client: ReturnType<typeof lazyClient>;

  private constructor(made: {
    folder: string;
    postgres: RunningPostgres;
    sandbox: SandboxUnderTest;
    config: Config;
    store: Store;
    temporal: RunningTemporal;
  }) {
    ({ folder: this.folder, postgres: this.postgres, sandbox: this.sandbox } = made);
    ({ config: this.config, store: this.store } = made);
    this.#temporal = made.temporal;
    this.#client = lazyClient(temporalAt(made.temporal.address));
  }

  /** Starts PostgreSQL, Temporal and the sandbox, and enters `people`, each of whom has what Sarah Chen has. No part of Muster runs yet. */
  static async start(people: readonly string[]): Promise<Stack> {
    const folder = await mkdtemp(join(tmpdir(), 'muster-faults-'));
    const seed = people.map((id) => ({ ...likeSarah(globalTechPeople, id), login: loginOf(id) }));
    const [postgres, temporal, sandbox] = await Promise.all([
      startPostgres(),
      temporalOn(folder, { port: 0, uiPort: 0 }),
      startSandbox({ standIns, people: seed, host: '127.0.0.1', port: 0, ldapsPort: 0 }),
    ]);
    const store = await openStore({ url: postgres.url, migrate: true });
    await importPeople(
      store,
      people.map((id) => likeSarah(globalTechImport, id)),
      { by: 'the test', at: new Date().toISOString() },
    );
    const config = await configure(folder, sandbox);
    const stack = new Stack({ folder, postgres, temporal, store, config, sandbox: sandboxUnderTest(sandbox) });
    stack.#endings.push(
      () => sandbox.close(),
      () => store.close(),
      () => postgres.remove(),
    );
    return stack;
  }

  /** Starts `muster receiver`, `muster worker` or `muster watch` with a policy of its own, at Temporal itself or at a relay before it. */
  async part(
    name: 'receiver' | 'worker' | 'watch',
    { policy = {}, temporal = this.#temporal.address }: { policy?: PolicyDurations; temporal?: string } = {},
  ): Promise<MusterPart> {
    const path = join(this.folder, `policy-${this.#parts.length}.yaml`);
    await writeFile(path, await policyWith(policy));
    const part = await MusterPart.start(name, {
      ...process.env,
      MUSTER_CONFIG: join(this.folder, homeFiles.config),
      MUSTER_POLICY: path,
      MUSTER_PORT: '0',
      TEMPORAL_ADDRESS: temporal,
      DATABASE_URL: this.postgres.url,
    });
    this.#parts.push(part);
    return part;
  }

  get client(): Client {
    return this.#client.client;
  }

  get temporalAddress(): string {
    return this.#temporal.address;
  }

  /** Kills the Temporal server where it stands. */
  async killTemporal(): Promise<void> {
    const { pid } = JSON.parse(await readFile(join(this.folder, homeFiles.temporalPid), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await this.#temporal.lost.catch(() => undefined);
  }

  /** Starts it again on its ports and its file. */
  async restartTemporal(): Promise<void> {
    const [port, uiPort] = [this.#temporal.address, this.#temporal.ui].map((url) => Number(url?.split(':').at(-1)));
    this.#temporal = await temporalOn(this.folder, { port: port ?? 0, uiPort: uiPort ?? 0 });
    await this.#client.connection.close();
    this.#client = lazyClient(temporalAt(this.#temporal.address));
  }

  /** Posts Workday's word that somebody left to one of the receivers. */
  leave(receiver: MusterPart, person: string, change: LeaveChange = {}): Promise<LeaveAnswer> {
    return postLeave(receiver.address('the receiver listens'), this.folder, person, change);
  }

  /** Ends all that still runs, Muster's parts first. */
  async end(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.end('SIGKILL')));
    await this.#client.connection.close();
    await this.#temporal.stop();
    for (const end of this.#endings) await end();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function temporalOn(folder: string, ports: { port: number; uiPort: number }): Promise<RunningTemporal> {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  return startTemporal({
    ...ports,
    dbFile: join(folder, homeFiles.temporal),
    pidFile: join(folder, homeFiles.temporalPid),
    log: pino({ level: 'silent' }),
    find: { env },
  });
}

async function configure(folder: string, sandbox: Sandbox): Promise<Config> {
  await makeSecrets(folder);
  await exampleSecrets(folder);
  await writeFile(join(folder, homeFiles.authority), sandbox.ca ?? '');
  return exampleConfig(folder, sandbox);
}

/** Sarah Chen, who has an account in every target, under another number: what is done for one of them is done for all. */
function likeSarah<T extends { workerId: string; email: string }>(people: readonly T[], id: string): T {
  const sarah = people.find(({ workerId }) => workerId === 'GT-48291');
  if (sarah === undefined) throw new Error('GlobalTech has no Sarah Chen any more');
  return { ...sarah, workerId: id, email: `${loginOf(id)}@globaltech.example` };
}

const loginOf = (id: string): string => id.toLowerCase().replaceAll('-', '');
