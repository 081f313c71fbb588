import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { connectAllTargets, type Foundation, proofKey, startWatching, startWork } from './assembly.ts';
import { type Config, loadConfig } from './config.ts';
import { databaseUrl } from './database-url.ts';
import { openStore } from './directory/connect.ts';
import { importPeople } from './directory/import-people.ts';
import type { Store } from './directory/store.ts';
import { exampleConfig, exampleSecrets } from './example.ts';
import { emptyHome, homeFiles, makeHome } from './home/folder.ts';
import { lockHome } from './home/lock.ts';
import { checkPorts, hostOf, type Ports, portsOf } from './home/ports.ts';
import { type Ready, removeReady, writeReady } from './home/ready.ts';
import { makeSecrets } from './home/secrets.ts';
import { waitForDays } from './operator/import-ahead.ts';
import { createOperator } from './operator/operator.ts';
import { endOrphan } from './orphan.ts';
import type { Policy } from './policy/schema.ts';
import { createReceiver } from './receiver/receiver.ts';
import { Frontend } from './receiver/temporal.ts';
import { globalTechImport, globalTechPeople } from './sandbox/globaltech.ts';
import { type Sandbox, startSandbox } from './sandbox/server.ts';
import { standIns } from './sandbox/stand-ins.ts';
import { ensureSchedules, wantedSchedules } from './schedules.ts';
import { secretResolver } from './secrets.ts';
import type { ConnectedTargets } from './targets/connect.ts';
import { endOrder, Teardown } from './teardown.ts';
import { installRuntime, lazyClient, temporalAt, temporalFromEnvironment } from './temporal-connection.ts';
import type { RunningTemporal } from './temporal-server.ts';
import { registerSearchAttributes } from './temporal-setup.ts';
import { superviseTemporal } from './temporal-supervisor.ts';

export interface EmbeddedOptions {
  /** Absolute path of the home folder. */
  home: string;
  /** Forget whatever an earlier run left in the home folder. */
  fresh: boolean;
  /** Demonstrations alone: a workflow's clock may be put forward. */
  timeSkipping?: boolean;
  /** The user's own muster.yaml; absent: the example company on the sandbox. */
  config: string | undefined;
  policy: Policy;
  env: NodeJS.ProcessEnv;
  log: Logger;
  /** Hears what takes a while. */
  report: (line: string) => void;
}

/** The whole of Muster in this process, with Temporal's server beside it. */
export interface Embedded {
  ready: Ready;
  config: Config;
  policy: Policy;
  store: Store;
  targets: ConnectedTargets;
  client: Client;
  /** Where the Temporal server came from, in words. */
  temporal: string;
  /** Rejects when it cannot go on. */
  lost: Promise<unknown>;
  stop(): Promise<void>;
}

// The sandbox gives its accounts away to whoever asks.
const sandboxHost = '127.0.0.1';

/** Starts everything, writes ready.json when all of it is ready, and ends what was started when something is not. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const teardown = new Teardown();
  const stop = () => teardown.run(options.log);
  try {
    return { ...(await start(options, teardown)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: EmbeddedOptions, teardown: Teardown): Promise<Omit<Embedded, 'stop'>> {
  const { home, env, log, policy } = options;
  await makeHome(home);
  const lock = await lockHome(home);
  teardown.add(endOrder.home, 'the home folder', () => lock.release());
  await removeReady(home);
  teardown.add(endOrder.http, 'ready.json', () => removeReady(home));
  if (options.fresh) await emptyHome(home, log);
  await makeSecrets(home);
  const ports = portsOf(env);
  const own = options.config === undefined ? undefined : loadConfig(options.config);
  const withSandbox = own === undefined || mentions(own, ports);
  // A killed predecessor's Temporal server would hold ours.
  await endOrphan(join(home, homeFiles.temporalPid), log);
  await checkPorts(portsNeeded(ports, withSandbox, env));

  const [store, temporal, sandbox] = await allOrNothing([
    openDirectory(options, own, teardown),
    startServer(options, ports, teardown),
    withSandbox ? openSandbox(home, ports, teardown) : async () => undefined,
  ]);
  const config = own ?? (await exampleConfig(home, sandbox));
  const secret = secretResolver(config.folder, env);
  const foundation: Foundation = { config, policy, store, secret, log, teardown };
  const targets = connectAllTargets(foundation);

  options.report('starting the workers');
  installRuntime(log);
  const address = temporal.ui === undefined ? temporalFromEnvironment(env) : temporalAt(temporal.address);
  if (temporal.ui === undefined) await registerSearchAttributes(address);
  const workers = await startWork(foundation, targets, address);
  const { client, connection } = lazyClient(address);
  teardown.add(endOrder.connections, 'the connection to Temporal', () => connection.close());
  // Ready means ready: the first event does not wait for a connection to be made.
  await connection.ensureConnected();
  await ensureSchedules(client, wantedSchedules(policy, config));
  startWatching(foundation, targets, client);
  if (own === undefined) await enterExamplePeople(store, client, options.report);
  const addresses = await listenBoth(
    foundation,
    targets,
    client,
    { ...ports, host: hostOf(env) },
    { url: temporal.ui, namespace: address.namespace },
  );
  const ready: Ready = {
    ...addresses,
    ...(sandbox === undefined ? {} : { sandbox: sandbox.url }),
    temporal: { address: temporal.address, ...(temporal.ui === undefined ? {} : { ui: temporal.ui }) },
  };
  await writeReady(home, ready);
  const lost = Promise.race([temporal.lost, workers.run.then(() => new Promise(() => undefined))]);
  lost.catch(() => undefined);
  return { ready, config, policy, store, targets, client, temporal: temporal.origin, lost };
}

function openDirectory({ home, env, report }: EmbeddedOptions, own: Config | undefined, teardown: Teardown) {
  return async (): Promise<Store> => {
    report('opening the directory');
    const url = own === undefined ? env['DATABASE_URL'] : await databaseUrl(own, secretResolver(own.folder, env), env);
    const where = url ? { url } : { folder: join(home, homeFiles.directory) };
    const store = await openStore({ ...where, migrate: true });
    teardown.add(endOrder.store, 'the directory', () => store.close());
    return store;
  };
}

function startServer(
  { home, env, log, report, timeSkipping = false }: EmbeddedOptions,
  ports: Ports,
  teardown: Teardown,
) {
  return async (): Promise<RunningTemporal> => {
    const temporal = await superviseTemporal({
      ...{ port: ports.temporal, uiPort: ports.ui, log, find: { env, report }, timeSkipping },
      dbFile: join(home, homeFiles.temporal),
      pidFile: join(home, homeFiles.temporalPid),
    });
    teardown.add(endOrder.temporal, 'the Temporal server', () => temporal.stop());
    return temporal;
  };
}

function openSandbox(home: string, ports: Ports, teardown: Teardown) {
  return async (): Promise<Sandbox> => {
    await exampleSecrets(home);
    const sandbox = await startSandbox({
      ...{ standIns, people: globalTechPeople, host: sandboxHost },
      ...{ port: ports.sandbox, ldapsPort: ports.ldaps, smtpPort: ports.smtp },
      stateFile: join(home, homeFiles.sandbox),
    });
    teardown.add(endOrder.sandbox, 'the sandbox', () => sandbox.close());
    if (sandbox.ca !== undefined) await writeFile(join(home, homeFiles.authority), sandbox.ca);
    return sandbox;
  };
}

/** At the first start alone: later the directory is what events have made of it. */
async function enterExamplePeople(store: Store, client: Client, report: (line: string) => void): Promise<void> {
  const stamp = { by: 'muster start', at: new Date().toISOString() };
  const { items } = await store.read((reader) => reader.people({}, { limit: 1 }));
  if (items.length === 0) {
    report(`importing ${globalTechImport.length} people`);
    await importPeople(store, globalTechImport, stamp);
  }
  // A start that was killed in between has imported them and waits for nobody's last day yet.
  await waitForDays(store, new Frontend(client, 10_000), globalTechImport, stamp);
}

async function listenBoth(
  { config, policy, store, secret, log, teardown }: Foundation,
  targets: ConnectedTargets,
  client: Client,
  { host, ...ports }: Ports & { host: string },
  ui: { url: string | undefined; namespace: string },
): Promise<{ receiver: string; operator: string }> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { url, namespace } = ui;
  const operator = await createOperator({
    ...{ config, secret, store, client, log, registry },
    proofKey: () => proofKey(config, secret),
    planning: () => ({ store, log, policy, targets, sources: config.sources, live: true }),
    ...(url === undefined ? {} : { temporalUi: { url, namespace } }),
  }).listen({ port: ports.operator, host, setting: 'MUSTER_OPERATOR_PORT' });
  teardown.add(endOrder.http, 'the operator API', () => operator.close());
  const receiver = await createReceiver({ config, secret, client, log, registry }).listen({
    ...{ port: ports.receiver, host, setting: 'MUSTER_PORT' },
  });
  teardown.add(endOrder.http, 'the receiver', () => receiver.close());
  return { receiver: receiver.url, operator: operator.url };
}

/** Waits for all, the failed ones' companions too, so that what they started can be ended. */
async function allOrNothing<A, B, C>(
  starts: [() => Promise<A>, () => Promise<B>, () => Promise<C>],
): Promise<[A, B, C]> {
  const running: [Promise<A>, Promise<B>, Promise<C>] = [starts[0](), starts[1](), starts[2]()];
  await Promise.allSettled(running);
  return Promise.all(running);
}

function portsNeeded(ports: Ports, withSandbox: boolean, env: NodeJS.ProcessEnv): Partial<Ports> {
  const { receiver, operator, sandbox, ldaps, smtp, temporal, ui } = ports;
  return {
    ...{ receiver, operator },
    ...(withSandbox ? { sandbox, ldaps, smtp } : {}),
    ...(env['TEMPORAL_ADDRESS'] ? {} : { temporal, ui }),
  };
}

/** Does this muster.yaml connect to the sandbox's ports? Then it is a copy of the example, and wants the sandbox. */
function mentions(config: Config, { sandbox, ldaps, smtp }: Ports): boolean {
  const settings = JSON.stringify(Object.values(config.targets).map((target) => target.settings));
  // As part of a URL, or as host and port.
  return [sandbox, ldaps, smtp].some(
    (port) => port !== 0 && new RegExp(`(127\\.0\\.0\\.1|localhost)(:|","port":)${port}\\b`).test(settings),
  );
}
