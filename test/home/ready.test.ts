import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readReady, removeReady, writeReady } from '../../src/home/ready.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'muster-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const ready = {
  receiver: 'http://127.0.0.1:8080',
  operator: 'http://127.0.0.1:8081',
  sandbox: 'http://127.0.0.1:8090',
  temporal: { address: '127.0.0.1:7233', ui: 'http://127.0.0.1:8233' },
};

it('what is written is read, and gone after the stop', async () => {
  expect(await readReady(home)).toBeUndefined();
  await writeReady(home, ready);
  expect(await readReady(home)).toEqual(ready);
  expect(await readdir(home)).toEqual(['ready.json']);
  await removeReady(home);
  expect(await readReady(home)).toBeUndefined();
});

it('a file that is something else is named', async () => {
  await writeFile(join(home, 'ready.json'), '{"receiver":1}');
  await expect(readReady(home)).rejects.toMatchObject({
    code: 'protocol',
    message: `${home}/ready.json cannot be read`,
  });
});
