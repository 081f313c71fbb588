import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import { Failure } from './model/failure.ts';

/** Notes a child's process id and command line, so that whoever comes after us knows it as ours. */
export async function claimPid(pidFile: string, pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  await writeFile(pidFile, JSON.stringify({ pid, command: await commandLine(pid) }));
}

/**
 * Ends the child that a killed predecessor left running. A process id may have been given to somebody else since: only one
 * with the very command line that was noted is touched.
 */
export async function endOrphan(pidFile: string, log: Logger): Promise<void> {
  const claim = await readClaim(pidFile);
  if (claim === undefined) return;
  const ours = async () => (await commandLine(claim.pid)) === claim.command;
  if (await ours()) {
    log.warn({ pid: claim.pid }, 'ending the Temporal server that a killed Muster left running');
    for (let look = 0; await ours(); look += 1) {
      if (look === 200) throw new Failure('unavailable', `process ${claim.pid}, left by a killed Muster, does not end`);
      // Forty looks (2 s) for it to end by itself, and then by force.
      if (look === 0) process.kill(claim.pid, 'SIGTERM');
      if (look === 40) process.kill(claim.pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  await rm(pidFile, { force: true });
}

async function readClaim(pidFile: string): Promise<{ pid: number; command: string } | undefined> {
  try {
    const claim: unknown = JSON.parse(await readFile(pidFile, 'utf8'));
    if (typeof claim !== 'object' || claim === null || !('pid' in claim) || !('command' in claim)) return undefined;
    const { pid, command } = claim;
    return typeof pid === 'number' && typeof command === 'string' && command !== '' ? { pid, command } : undefined;
  } catch {
    return undefined;
  }
}

/** A process's whole command line; undefined when there is no such process, or only its remains. */
export async function commandLine(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return text === '' ? undefined : text.split('\0').join(' ').trim();
  } catch {
    // No /proc on macOS and the BSDs.
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'args=']).catch(() => ({
      stdout: '',
    }));
    return stdout.trim() === '' ? undefined : stdout.trim();
  }
}
