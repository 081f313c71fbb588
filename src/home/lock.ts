import { link, mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../model/failure.ts';
import { commandLine } from '../orphan.ts';

/** The right to work in a home folder, until it is given back. */
export interface HomeLock {
  release(): Promise<void>;
}

/**
 * Takes `<home>/lock`, so that one process alone works in the folder (PGlite allows no second one). A lock whose process is
 * gone is taken over. Throws `unavailable`, naming the process, when it is held.
 */
export async function lockHome(home: string): Promise<HomeLock> {
  const path = join(home, 'lock');
  const mine = `${path}.${process.pid}`;
  await writeFile(mine, JSON.stringify({ pid: process.pid, command: (await commandLine(process.pid)) ?? '' }), {
    mode: 0o600,
  });
  try {
    // A hard link appears whole or not at all, and never over one that is there.
    while (!(await linked(mine, path))) {
      const holder = await holderOf(path);
      if (holder !== undefined) {
        throw new Failure('unavailable', `${home} is in use by process ${holder.pid} (${holder.command})`, {
          advice: 'End it first, or name another folder by MUSTER_HOME.',
        });
      }
      await breakStale(path);
    }
  } finally {
    await rm(mine, { force: true });
  }
  return { release: () => rm(path, { force: true }) };
}

/** Is somebody at work in this home folder? What a killed process left behind does not count. */
export async function isHomeInUse(home: string): Promise<boolean> {
  return (await holderOf(join(home, 'lock'))) !== undefined;
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The living process that holds the lock. In a container the one before us may have had our own process id. */
async function holderOf(path: string): Promise<{ pid: number; command: string } | undefined> {
  try {
    const held: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof held !== 'object' || held === null || !('pid' in held) || !('command' in held)) return undefined;
    const { pid, command } = held;
    if (typeof pid !== 'number' || typeof command !== 'string' || pid === process.pid) return undefined;
    return (await commandLine(pid)) === command ? { pid, command } : undefined;
  } catch {
    return undefined;
  }
}

/** One process at a time looks again and removes; otherwise the slower of two would remove the lock that the faster just took. */
async function breakStale(path: string): Promise<void> {
  const guard = `${path}.breaking`;
  try {
    await mkdir(guard);
  } catch {
    // Its maker has been killed in between when it is older than any removal takes.
    const age = Date.now() - ((await stat(guard).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > 5_000) await rmdir(guard).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return;
  }
  try {
    if ((await holderOf(path)) === undefined) await rm(path, { force: true });
  } finally {
    await rmdir(guard);
  }
}
