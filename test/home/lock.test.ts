import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockHome } from '../../src/home/lock.ts';
import { commandLine } from '../../src/orphan.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'muster-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('the lock of a home folder', () => {
  it('notes who holds it, leaves nothing else behind, and is gone when it is given back', async () => {
    const lock = await lockHome(home);
    expect(await readdir(home)).toEqual(['lock']);
    expect(JSON.parse(await readFile(join(home, 'lock'), 'utf8'))).toEqual({
      pid: process.pid,
      command: await commandLine(process.pid),
    });
    await lock.release();
    expect(await readdir(home)).toEqual([]);
  });

  it('held by a living process, it is refused with that process named', async () => {
    const other = spawn('sleep', ['602']);
    try {
      await writeFile(join(home, 'lock'), JSON.stringify({ pid: other.pid, command: 'sleep 602' }));
      await expect(lockHome(home)).rejects.toMatchObject({
        code: 'unavailable',
        message: `${home} is in use by process ${other.pid} (sleep 602)`,
      });
      expect(existsSync(join(home, 'lock'))).toBe(true);
    } finally {
      other.kill();
    }
  });

  it('of a process that is gone, or whose id a stranger has, it is taken over', async () => {
    const stranger = spawn('sleep', ['603']);
    try {
      for (const holder of [
        JSON.stringify({ pid: stranger.pid, command: 'node bin/muster.js start' }),
        JSON.stringify({ pid: 2 ** 30, command: 'node bin/muster.js start' }),
        'half a lo',
      ]) {
        await writeFile(join(home, 'lock'), holder);
        const lock = await lockHome(home);
        expect(JSON.parse(await readFile(join(home, 'lock'), 'utf8')).pid).toBe(process.pid);
        await lock.release();
      }
    } finally {
      stranger.kill();
    }
  });
});
