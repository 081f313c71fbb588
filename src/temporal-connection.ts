import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, type NativeConnectionOptions, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { Failure } from './model/failure.ts';

/** Where Temporal is and how to log on there. */
export interface TemporalAddress {
  options: NativeConnectionOptions & { address: string };
  namespace: string;
}

/** From Temporal's environment configuration: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TLS, a profile's file. */
export function temporalFromEnvironment(env: NodeJS.ProcessEnv = process.env): TemporalAddress {
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(given) });
    return {
      options: { ...connectionOptions, address: connectionOptions.address ?? '127.0.0.1:7233' },
      namespace: namespace ?? 'default',
    };
  } catch (error) {
    throw new Failure('misconfigured', `Temporal's environment configuration cannot be read: ${wordsOf(error)}`, {
      cause: error,
    });
  }
}

/** A server of our own, without TLS. */
export function temporalAt(address: string): TemporalAddress {
  return { options: { address }, namespace: 'default' };
}

/** For whoever starts and signals workflows. Made at once; Temporal may come later. */
export function lazyClient({ options, namespace }: TemporalAddress): { client: Client; connection: Connection } {
  const { address, tls, apiKey, metadata } = options;
  const connection = Connection.lazy({
    address,
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata: plainMetadata(metadata) }),
  });
  return { client: new Client({ connection, namespace }), connection };
}

/** For workers. Tries for `patienceMs` (default 30 s), because what starts together is not ready together. */
export async function workerConnection(
  { options }: TemporalAddress,
  log: Logger,
  patienceMs = 30_000,
): Promise<NativeConnection> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Failure('unavailable', `Temporal at ${options.address} does not answer: ${wordsOf(error)}`, {
          advice: 'Is it running, and are TEMPORAL_ADDRESS and its certificates right? `muster doctor` looks.',
          cause: error,
        });
      }
      log.warn({ address: options.address, error: wordsOf(error) }, 'Temporal does not answer yet');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** Once in a process, before its first connection: the SDK's log becomes ours, and ending in order stays our business. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const { error, ...rest } = meta ?? {};
      // A worker for one target's activities, or for workflows, is how we want it.
      if (/^No (workflows|activities) registered/.test(message)) return;
      const write = level === 'ERROR' ? log.error.bind(log) : log.warn.bind(log);
      write({ ...rest, ...(error === undefined ? {} : { error: String(error) }) }, message);
    }),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
    shutdownSignals: [],
  });
}

function plainMetadata(metadata: Record<string, string | Buffer>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, String(value)]));
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
