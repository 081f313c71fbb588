import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimPid, commandLine, endOrphan } from '../src/orphan.ts';

const log = pino({ level: 'silent' });
let folder: string;
let pidFile: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-orphan-'));
  pidFile = join(folder, 'child.pid');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('a child that was noted is ended, and the note with it', async () => {
  const child = spawn('sleep', ['600']);
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  await claimPid(pidFile, child.pid);
  await endOrphan(pidFile, log);
  expect(await ended).toBe('SIGTERM');
  expect(existsSync(pidFile)).toBe(false);
});

it('a stranger who has got the process id since is left alone', async () => {
  const stranger = spawn('sleep', ['601']);
  try {
    await writeFile(pidFile, JSON.stringify({ pid: stranger.pid, command: 'temporal server start-dev' }));
    await endOrphan(pidFile, log);
    expect(await commandLine(stranger.pid ?? 0)).toBe('sleep 601');
    expect(existsSync(pidFile)).toBe(false);
  } finally {
    stranger.kill();
  }
});

it('a note that cannot be read stops nobody', async () => {
  await writeFile(pidFile, '{"pid":');
  await expect(endOrphan(pidFile, log)).resolves.toBeUndefined();
});
