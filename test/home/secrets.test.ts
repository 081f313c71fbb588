import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeSecrets } from '../../src/home/secrets.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'muster-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const names = ['birth-date-key', 'cloudevents', 'operator-1', 'operator-2', 'proof-key', 'workday'];
const read = (name: string) => readFile(join(home, 'secrets', name), 'utf8');

it('the first start makes every secret, each its own, for their owner alone', async () => {
  expect((await makeSecrets(home)).sort()).toEqual(names);
  expect(await readdir(join(home, 'secrets'))).toEqual(names);
  const mode = async (path: string) => (await stat(path)).mode & 0o777;
  expect(await mode(join(home, 'secrets'))).toBe(0o700);
  for (const name of names) expect(await mode(join(home, 'secrets', name))).toBe(0o600);
  expect(new Set(await Promise.all(names.map(read))).size).toBe(names.length);
  for (const name of ['workday', 'cloudevents']) expect(await read(name)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
});

it('a later start changes none, and makes again what is missing', async () => {
  await makeSecrets(home);
  const before = await read('workday');
  await writeFile(join(home, 'secrets', 'operator-1'), 'chosen by hand');
  await rm(join(home, 'secrets', 'operator-2'));
  expect(await makeSecrets(home)).toEqual(['operator-2']);
  expect([await read('workday'), await read('operator-1')]).toEqual([before, 'chosen by hand']);
});
