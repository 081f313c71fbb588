import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { configSchema } from '../src/config.ts';
import { openStore } from '../src/directory/connect.ts';
import type { Store } from '../src/directory/store.ts';
import { startSealer } from '../src/ledger/sealer.ts';
import type { EventType } from '../src/model/event.ts';
import { parsePolicy } from '../src/policy/load.ts';
import { startEvent } from '../src/receiver/event-start.ts';
import { insideEvent } from '../src/receiver/inside-event.ts';
import type { ConnectedTargets } from '../src/targets/connect.ts';
import { startTemporal } from '../src/temporal-server.ts';
import { startWorkers } from '../src/worker.ts';

/** Temporal's development server on a file, the directory, Muster's workers and its sealer: all that a bench needs. */
export interface BenchStack {
  client: Client;
  store: Store;
  /** Temporal's database; the directory's folder, absent where `DATABASE_URL` names a server. */
  files: { temporal: string; directory?: string };
  /** Where Temporal and the directory came from, in words. */
  origin: string;
  stop(): Promise<void>;
}

const source = {
  kind: 'workday',
  authoritative: true,
  mode: 'enforce',
  authentication: [{ type: 'none', reason: 'the bench is its own source' }],
};

export async function startBenchStack(policy: string, targets: ConnectedTargets): Promise<BenchStack> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const log = pino({ level: 'silent' });
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
  const dbFile = join(folder, 'temporal.db');
  const temporal = await startTemporal({ dbFile, pidFile: join(folder, 'temporal.pid'), port: 0, uiPort: 0, log });
  const url = process.env['DATABASE_URL'];
  const directory = join(folder, 'directory');
  const store = await openStore({ ...(url === undefined ? { folder: directory } : { url }), migrate: true });
  const connection = await NativeConnection.connect({ address: temporal.address });
  const workers = await startWorkers({
    ...{ connection, namespace: 'default', store, targets, log, bundle: await bundled(folder) },
    config: { ...configSchema.parse({ sources: { workday: source } }), folder: '.' },
    policy: parsePolicy(policy, 'the policy of the bench'),
    proofKey: async () => 'bench',
  });
  const sealer = startSealer(store, log);
  return {
    ...{ client: new Client({ connection }), store },
    files: { temporal: dbFile, ...(url === undefined ? { directory } : {}) },
    origin: `Temporal: ${temporal.origin}, file database. Directory: ${url === undefined ? 'PGlite on a file' : 'PostgreSQL'}.`,
    async stop() {
      await workers.shutdown();
      await sealer.stop();
      await connection.close();
      await temporal.stop();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Sends an event of the source; resolves when Temporal has it, with what waits for its outcome. */
export async function send(
  client: Client,
  event: { subject: string; id: string; type: EventType; data: Record<string, unknown> },
): Promise<() => Promise<unknown>> {
  const key = `workday:${event.id}`;
  const inside = insideEvent({ source: 'operator', ...event, now: new Date().toISOString() });
  await startEvent(client.workflow, { ...inside, key, source: 'workday' });
  return () => client.workflow.getHandle(`event:${key}`).result();
}

/** So many at once, until all are done. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let index = next++; index < items.length; index = next++) {
        const item = items[index];
        if (item !== undefined) await work(item, index);
      }
    }),
  );
}

async function bundled(folder: string): Promise<{ codePath: string }> {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, `../workflows/index${extension}`),
    logger: new DefaultLogger('ERROR'),
  });
  const codePath = join(folder, 'workflows.js');
  await writeFile(codePath, code);
  return { codePath };
}
