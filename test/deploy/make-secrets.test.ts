import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { readCompose } from './compose.ts';

const execute = promisify(execFile);

describe('deploy/make-secrets.sh', () => {
  let folder = '';
  const make = () =>
    execute('sh', ['deploy/make-secrets.sh'], {
      env: {
        ...process.env,
        MUSTER_SECRETS: join(folder, 'secrets'),
        MUSTER_ENV_FILE: join(folder, 'env'),
      },
    });
  const read = async () => {
    const names = (await readdir(join(folder, 'secrets'))).sort();
    return Promise.all(
      names.map(async (name) => [name, await readFile(join(folder, 'secrets', name), 'utf8')] as const),
    );
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-secrets-'));
    await make();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('makes exactly the secrets that docker-compose.yml declares', async () => {
    expect((await read()).map(([name]) => name)).toEqual(Object.keys(readCompose().secrets).sort());
  });

  it('lets their owner alone read them', async () => {
    const modes = await Promise.all(
      (await read()).map(async ([name]) => (await stat(join(folder, 'secrets', name))).mode & 0o777),
    );
    expect(new Set(modes)).toEqual(new Set([0o600]));
    expect((await stat(join(folder, 'secrets'))).mode & 0o777).toBe(0o700);
  });

  it('changes nothing when it is run again', async () => {
    const before = await read();
    const env = await readFile(join(folder, 'env'), 'utf8');
    const { stdout } = await make();
    expect({ stdout, secrets: await read(), env: await readFile(join(folder, 'env'), 'utf8') }).toEqual({
      stdout: '',
      secrets: before,
      env,
    });
  });

  it('makes each of them long, and no two alike', async () => {
    const values = (await read()).map(([, value]) => value);
    expect(new Set(values).size).toBe(values.length);
    for (const value of values) expect(value.trim().length).toBeGreaterThanOrEqual(48);
  });

  it('names a user who is not root, to read them', async () => {
    expect(await readFile(join(folder, 'env'), 'utf8')).toMatch(/^MUSTER_USER=[1-9]\d*:\d+\n$/);
  });

  it('lets Muster log on to its own database', async () => {
    const secrets = new Map(await read());
    const url = new URL(secrets.get('muster-database-url') ?? '');
    expect({ user: url.username, password: url.password, at: url.host, database: url.pathname }).toEqual({
      user: 'muster',
      password: secrets.get('muster-database-password'),
      at: 'postgres:5432',
      database: '/muster',
    });
  });
});

describe('deploy/muster.yaml', () => {
  const { services } = readCompose();
  const config = loadConfig('deploy/muster.yaml');
  const named = (reference: string) => reference.replace('file:/run/secrets/', '');
  const given = (service: string) => new Set(services[service]?.secrets);

  it('takes no event without proof, and its receiver holds the secrets of every source and the key of dates of birth', () => {
    const ways = Object.values(config.sources).flatMap((source) => source.authentication);
    const references = ways.flatMap((way) => {
      if (way.type === 'standard-webhooks') return way.secrets;
      return way.type === 'bearer' ? way.tokens : [`no secret: ${way.type}`];
    });
    expect(given('receiver')).toEqual(new Set([named(config.birthDateKey ?? ''), ...references.map(named)]));
  });

  it('gives the operator API its operators’ tokens, its keys and the database, and no more', () => {
    const tokens = config.operators.map((operator) => named(operator.token));
    const keys = [config.database, config.proofKey, config.birthDateKey].map((reference = '') => named(reference));
    expect(given('operator')).toEqual(new Set([...keys, ...tokens]));
  });

  it('gives the worker the key of the proofs and the database, the watch and the setup the database alone', () => {
    const database = named(config.database ?? '');
    expect({ worker: given('worker'), watch: given('watch'), setup: given('setup') }).toEqual({
      worker: new Set([database, named(config.proofKey ?? '')]),
      watch: new Set([database]),
      setup: new Set([database]),
    });
  });
});
