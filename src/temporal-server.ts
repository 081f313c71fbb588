import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import { Failure } from './model/failure.ts';
import { searchAttributes } from './model/messages.ts';
import { claimPid, endOrphan } from './orphan.ts';
import { type FindOptions, temporalPath } from './temporal-executable.ts';
import { prepareNamespace } from './temporal-namespace.ts';

/** A Temporal server to work with, ours or somebody else's. */
export interface RunningTemporal {
  /** `127.0.0.1:7233`. */
  address: string;
  /** The Web UI's address; absent where we do not run the server. */
  ui?: string;
  /** Where it came from, in words. */
  origin: string;
  /** Rejects when our server ends by itself; never settles otherwise. */
  lost: Promise<never>;
  /** Ends our server, and waits until it is gone; leaves somebody else's alone. */
  stop(): Promise<void>;
}

export interface TemporalServerOptions {
  /**
   * Where histories are kept; absent: in memory. Written ahead with synchronous NORMAL, which doubles the rate: killing the
   * server loses nothing, because what was written is the operating system's by then; a power cut may lose the last second.
   */
  dbFile?: string;
  /** Notes our server's process, so that one whose parent was killed is ended before the next is started. */
  pidFile?: string;
  /** 0 takes a free one. */
  port: number;
  uiPort: number;
  /** Days that closed workflows are kept. Default 90: three times Temporal Cloud's default, some 20 KB of file each. */
  retentionDays?: number;
  /** Allows demonstrations to skip time in a workflow; off in production. */
  timeSkipping?: boolean;
  log: Logger;
  /** Milliseconds until the server must be healthy. Default 60 s. */
  startMs?: number;
  find?: FindOptions;
}

const host = '127.0.0.1';

/**
 * Starts Temporal's development server on the loopback with Muster's search attributes and waits until it is healthy; with
 * TEMPORAL_ADDRESS set, starts nothing and gives that address. Throws `unavailable`, naming a port that is taken.
 */
export async function startTemporal(options: TemporalServerOptions): Promise<RunningTemporal> {
  const env = options.find?.env ?? process.env;
  const address = env['TEMPORAL_ADDRESS'];
  if (address !== undefined && address !== '') {
    return {
      address,
      origin: `TEMPORAL_ADDRESS (${address})`,
      lost: new Promise<never>(() => undefined),
      stop: async () => undefined,
    };
  }
  const executable = await temporalPath(options.find);
  if (options.pidFile !== undefined) await endOrphan(options.pidFile, options.log);
  const port = await freePort(options.port, 'Temporal');
  const uiPort = await freePort(options.uiPort, "Temporal's Web UI");
  const server = new ServerProcess(executable.path, argumentsOf(options, port, uiPort), options);
  try {
    if (options.pidFile !== undefined) await claimPid(options.pidFile, server.pid);
    await Promise.race([healthy(`${host}:${port}`, options), server.lost]);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    address: `${host}:${port}`,
    ui: `http://${host}:${uiPort}`,
    origin: executable.origin,
    lost: server.lost,
    stop: async () => {
      await server.stop();
      if (options.pidFile !== undefined) await rm(options.pidFile, { force: true });
    },
  };
}

/** Gives `port` back when nobody listens there, a free one for 0. Throws `unavailable` naming a port that is taken. */
export function freePort(port: number, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      reject(
        new Failure('unavailable', `port ${port} on ${host} is taken, and ${what} needs it`, {
          advice: 'Stop what listens there, or set MUSTER_PORT=0 to take free ports for everything.',
          cause: error,
        }),
      );
    });
    probe.listen(port, host, () => {
      const address = probe.address();
      const taken = typeof address === 'object' && address !== null ? address.port : port;
      probe.close(() => resolve(taken));
    });
  });
}

function argumentsOf(options: TemporalServerOptions, port: number, uiPort: number): string[] {
  const types = { KEYWORD: 'Keyword', KEYWORD_LIST: 'KeywordList', DATETIME: 'Datetime' } as const;
  return [
    ...['server', 'start-dev', '--ip', host, '--port', String(port), '--ui-port', String(uiPort)],
    ...['--log-level', 'error'],
    ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${types[type]}`]),
    ...(options.timeSkipping === true ? ['--dynamic-config-value', 'frontend.WorkflowTimeSkippingEnabled=true'] : []),
    ...(options.dbFile === undefined
      ? []
      : [
          ...['--db-filename', options.dbFile],
          ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
        ]),
  ];
}

async function healthy(address: string, options: TemporalServerOptions): Promise<void> {
  const deadline = Date.now() + (options.startMs ?? 60_000);
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 2_000 });
      try {
        await connection.withDeadline(Date.now() + 10_000, () =>
          prepareNamespace(connection, 'default', { retentionDays: options.retentionDays ?? 90 }),
        );
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (error instanceof Failure) throw error;
      if (Date.now() > deadline) {
        throw new Failure('unavailable', `the Temporal server on ${address} was started and does not get healthy`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly lost: Promise<never>;
  #stopping = false;

  constructor(path: string, args: string[], options: TemporalServerOptions) {
    // In a process group of its own: Ctrl-C must reach Muster alone, which ends the server last.
    this.#child = spawn(path, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines: string[] = [];
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        for (const line of String(chunk).split('\n').filter(Boolean)) {
          lines.push(line);
          if (lines.length > 10) lines.shift();
          options.log.debug({ line }, 'temporal server');
        }
      });
    }
    const kill = () => this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve());
      this.#child.once('exit', () => resolve());
    });
    this.lost = this.#ended.then(() => {
      process.off('exit', kill);
      if (this.#stopping) return new Promise<never>(() => undefined);
      throw new Failure('unavailable', `the Temporal server ended by itself: ${lines.slice(-3).join(' ')}`);
    });
    // Whoever cares races it; nobody being at it just now is no unhandled rejection.
    this.lost.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(force);
  }
}
