import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { databaseUrl } from './database-url.ts';
import { openStore } from './directory/connect.ts';
import type { Store } from './directory/store.ts';
import { startSealer } from './ledger/sealer.ts';
import { Failure } from './model/failure.ts';
import { refuseUnknownReferences } from './policy/references.ts';
import type { Policy } from './policy/schema.ts';
import { sourceCallbacks } from './sources/callback.ts';
import { connectReports } from './sources/report.ts';
import { connectCertifications } from './sources/sailpoint-certifications.ts';
import { surroundingsOf } from './surroundings.ts';
import { type ConnectedTargets, connectTargets } from './targets/connect.ts';
import { endOrder, type Teardown } from './teardown.ts';
import { type TemporalAddress, workerConnection } from './temporal-connection.ts';
import { startWatch } from './watch/watch.ts';
import { type RunningWorkers, startWorkers } from './worker.ts';

/** What every part that works on the directory is built from. */
export interface Foundation {
  config: Config;
  policy: Policy;
  store: Store;
  secret(reference: string): Promise<string>;
  log: Logger;
  teardown: Teardown;
}

/** Opens PostgreSQL for a part that runs on its own. Throws `misconfigured` where none is named: PGlite takes one process alone. */
export async function openSharedStore(
  options: Pick<Foundation, 'config' | 'secret' | 'teardown'> & { env: NodeJS.ProcessEnv },
): Promise<Store> {
  const url = await databaseUrl(options.config, options.secret, options.env);
  if (url === undefined) {
    throw new Failure('misconfigured', 'no database is named', {
      advice: 'Set DATABASE_URL to postgres://user:password@host/name, or use `muster start`, which needs none.',
    });
  }
  const store = await openStore({ url, migrate: false });
  options.teardown.add(endOrder.store, 'the database', () => store.close());
  return store;
}

/** Connects all targets. */
export function connectAllTargets({
  config,
  secret,
  teardown,
}: Omit<Foundation, 'store' | 'policy'>): ConnectedTargets {
  const targets = connectTargets(config, secret);
  for (const { title, target } of targets.values()) {
    teardown.add(endOrder.targets, title, async () => target.close?.());
  }
  return targets;
}

/** Starts the workers and the sealer of evidence. Throws `misconfigured` where the policy names what muster.yaml does not have. */
export async function startWork(
  foundation: Foundation,
  targets: ConnectedTargets,
  temporal: TemporalAddress,
): Promise<RunningWorkers> {
  const { config, policy, store, secret, log, teardown } = foundation;
  refuseUnknownReferences(policy, surroundingsOf(config, targets));
  const connection = await workerConnection(temporal, log);
  teardown.add(endOrder.connections, "the workers' connection", () => connection.close());
  const reports = connectReports(config.sources, { secret, clock: Date.now, folder: config.folder });
  for (const [name, report] of reports) teardown.add(endOrder.targets, `the report of ${name}`, () => report.close());
  const workers = await startWorkers({
    ...{ connection, store, config, policy, targets, reports, log },
    callbacks: sourceCallbacks(config.sources, secret),
    certifications: connectCertifications(config.sources, { secret, clock: Date.now }),
    namespace: temporal.namespace,
    bundle: { codePath: bundlePath() },
    proofKey: () => proofKey(config, secret),
  });
  teardown.add(endOrder.workers, 'the workers', () => workers.shutdown());
  const sealer = startSealer(store, log);
  teardown.add(endOrder.watch, 'the sealer of evidence', () => sealer.stop());
  return workers;
}

/** Starts the watch. */
export function startWatching(
  { config, policy, store, log, teardown }: Foundation,
  targets: ConnectedTargets,
  client: Client,
): void {
  const { incidents } = config.alerts;
  if (incidents === undefined && policy.alerts.routes.length === 0) {
    log.warn('neither policy.yaml nor muster.yaml says where alerts go: they are in this log alone');
  }
  const watch = startWatch({ client, store, targets, policy, incidents, log });
  teardown.add(endOrder.watch, 'the watch', () => watch.stop());
}

/** The key of the API's proofs to workflows. */
export function proofKey(config: Config, secret: (reference: string) => Promise<string>): Promise<string> {
  if (config.proofKey === undefined) {
    throw new Failure('misconfigured', 'muster.yaml has no proofKey, and operators decide nothing without one', {
      advice: 'Set proofKey to a reference to a random secret that the operator and the worker share.',
    });
  }
  return secret(config.proofKey);
}

/** Made by the build beside the compiled code, with the very SDK that runs it. */
function bundlePath(): string {
  const path = join(import.meta.dirname, '..', 'workflow-bundle.js');
  if (existsSync(path)) return path;
  throw new Failure('misconfigured', `${path} is missing`, { advice: 'Run `npm run build`.' });
}
