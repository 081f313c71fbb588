import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { databaseUrl } from '../database-url.ts';
import type { Store } from '../directory/store.ts';
import { homeFiles, makeHome } from '../home/folder.ts';
import { lockHome } from '../home/lock.ts';
import { Failure } from '../model/failure.ts';
import { secretResolver } from '../secrets.ts';
import { findRunning, type Running } from './api.ts';
import type { Cli } from './cli.ts';
import { configOf, type Settings } from './settings.ts';

/**
 * Reaches the directory by whichever way is open: the running stack's API, else PostgreSQL, else the home folder's embedded
 * database under its lock. Throws `unavailable` where there is none; `create` makes an embedded one.
 */
export async function reachDirectory<T>(
  cli: Cli,
  settings: Settings,
  ways: { api(running: Running): Promise<T>; store(store: Store): Promise<T> },
  options: { create?: boolean } = {},
): Promise<T> {
  const running = await findRunning(settings);
  if (running !== undefined) return ways.api(running);
  // Only now: loading the databases takes longer than asking the API.
  const { openStore } = await import('../directory/connect.ts');
  const url = await namedDatabase(cli, settings);
  if (url !== undefined) return on(await openStore({ url, migrate: false }), ways.store);
  const folder = join(settings.home, homeFiles.directory);
  if (!existsSync(folder) && options.create !== true) {
    throw new Failure('unavailable', `nothing runs with the home folder ${settings.home}, and no directory is there`, {
      advice: 'Start one with `muster start` (or `npm start`), or name its folder by --home or MUSTER_HOME.',
    });
  }
  await makeHome(settings.home);
  const lock = await lockHome(settings.home);
  try {
    return await on(await openStore({ folder, migrate: true }), ways.store);
  } finally {
    await lock.release();
  }
}

async function on<T>(store: Store, work: (store: Store) => Promise<T>): Promise<T> {
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function namedDatabase(cli: Cli, settings: Settings): Promise<string | undefined> {
  if (cli.env['DATABASE_URL']) return cli.env['DATABASE_URL'];
  if (settings.config === undefined) return undefined;
  const config = configOf(settings);
  return databaseUrl(config, secretResolver(config.folder, cli.env), cli.env);
}
