import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What brings PostgreSQL to a machine without it. */
export const postgresInstall = 'apt-get install postgresql';

export interface RunningPostgres {
  url: string;
  port: number;
  /** `fast` ends connections and writes all down; `immediate` is a crash. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** The folder with `initdb` and `pg_ctl`, the newest there is, or undefined. */
export function postgresAvailable(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')));
}

/** Says aloud what is not tested and how to change that; with CI=true it is a fault. */
export function postgresMissing(suite: string): boolean {
  if (postgresAvailable() !== undefined) return false;
  const words = `${suite}: skipped, PostgreSQL is not installed here; \`${postgresInstall}\` brings it`;
  if (process.env['CI'] === 'true') throw new Error(words);
  console.warn(words);
  return true;
}

/** A PostgreSQL of one's own on 127.0.0.1, empty, which forgets on power loss what others would flush. */
export async function startPostgres(): Promise<RunningPostgres> {
  const bin = postgresAvailable();
  if (bin === undefined) throw new Error(`PostgreSQL is not installed here; \`${postgresInstall}\` brings it`);
  const folder = await mkdtemp(join(tmpdir(), 'muster-postgres-'));
  const data = join(folder, 'data');
  const asPostgres = await unprivileged(folder);
  await asPostgres(join(bin, 'initdb'), [
    '-D',
    data,
    '-U',
    'muster',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]);
  const port = await freePort();
  const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories= -c fsync=off -c full_page_writes=off`;

  const control = (...args: string[]) => asPostgres(join(bin, 'pg_ctl'), ['-D', data, '-s', '-w', '-t', '60', ...args]);
  const start = () => control('-o', settings, '-l', join(folder, 'log'), 'start');
  const stop = (mode: 'fast' | 'immediate' = 'fast') => control('-m', mode, 'stop');
  await start();
  return {
    url: `postgres://muster@127.0.0.1:${port}/postgres`,
    port,
    start,
    stop,
    async remove() {
      if (existsSync(join(data, 'postmaster.pid'))) await stop('immediate');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root, so root hands the folder and the commands to the user `postgres`. */
async function unprivileged(folder: string): Promise<(command: string, args: string[]) => Promise<void>> {
  if (process.getuid?.() !== 0) {
    return async (command, args) => {
      await run(command, args, { cwd: folder });
    };
  }
  const { stdout } = await run('id', ['-u', 'postgres']);
  await chown(folder, Number(stdout), -1);
  return async (command, args) => {
    await run('runuser', ['-u', 'postgres', '--', command, ...args], { cwd: folder });
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
