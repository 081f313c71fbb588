import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrate, openStore } from '../../src/directory/connect.ts';
import journal from '../../src/directory/migrations/meta/_journal.json' with { type: 'json' };
import type { Store } from '../../src/directory/store.ts';
import { Failure } from '../../src/model/failure.ts';
import { postgresMissing, type RunningPostgres, startPostgres } from '../helpers/postgres.ts';
import { memoryStore } from '../helpers/store.ts';
import { someone } from './sarah.ts';

describe('a store on PGlite', () => {
  test('keeps what it holds in its folder, over a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-pglite-'));
    try {
      const first = await openStore({ folder, migrate: true });
      await first.transaction((tx) => tx.createPerson(someone('GT-1')));
      await first.close();
      const second = await openStore({ folder, migrate: false });
      expect(await second.read((reader) => reader.person('GT-1'))).toMatchObject({ id: 'GT-1' });
      await second.close();
      await expect(second.ping()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(second.transaction(async () => {})).rejects.toMatchObject({ code: 'unavailable' });
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 180_000);

  test('is rolled back when the work in it throws, and throws the same', async () => {
    const store = await memoryStore();
    const mishap = new Error('a mishap of the caller');
    const attempt = store.transaction(async (tx) => {
      await tx.createPerson(someone('GT-1'));
      throw mishap;
    });
    await expect(attempt).rejects.toBe(mishap);
    expect(await store.read((reader) => reader.person('GT-1'))).toBeUndefined();
    await store.close();
  });

  test('a failed statement cannot be swallowed: the transaction fails, too', async () => {
    const store = await memoryStore();
    const attempt = store.transaction(async (tx) => {
      await tx.createPerson(someone('GT-1'));
      await tx.createPerson(someone('GT-1')).catch(() => {});
    });
    await expect(attempt).rejects.toMatchObject({ code: 'conflict' });
    expect(await store.read((reader) => reader.person('GT-1'))).toBeUndefined();
    await store.close();
  });
});

describe.skipIf(postgresMissing('a store on PostgreSQL'))('a store on PostgreSQL', () => {
  let postgres: RunningPostgres;
  let admin: pg.Client;
  let url: string;
  let count = 0;
  const opened: Store[] = [];
  const open = async (options: { migrate?: boolean; connections?: number } = {}) => {
    const store = await openStore({ url, migrate: true, ...options });
    opened.push(store);
    return store;
  };

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  beforeEach(async () => {
    count += 1;
    admin = new pg.Client(postgres.url);
    admin.on('error', () => {});
    await admin.connect();
    await admin.query(`CREATE DATABASE test_${count}`);
    url = postgres.url.replace(/postgres$/, `test_${count}`);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await admin.end().catch(() => {});
  });
  afterAll(() => postgres.remove());

  test('several workers that start at once bring the tables up once', async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, () => open()));
    await Promise.all(stores.map((store, index) => store.transaction((tx) => tx.createPerson(someone(`GT-${index}`)))));
    expect(await stores[0]?.read((reader) => reader.countActive())).toBe(5);
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client.query(
      `SELECT count(*)::int AS applied, count(DISTINCT hash)::int AS known FROM muster.migration`,
    );
    await client.end();
    const { entries } = journal;
    expect(rows).toEqual([{ applied: entries.length, known: entries.length }]);
  });

  test('an empty database is refused with the command that fills it, and after that is taken', async () => {
    await expect(open({ migrate: false })).rejects.toMatchObject({
      code: 'misconfigured',
      advice: expect.stringContaining('muster setup'),
    });
    await migrate({ url });
    await (await open({ migrate: false })).ping();
    await migrate({ url });
  });

  test('an older database is refused, a newer one taken', async () => {
    await open();
    const client = new pg.Client(url);
    await client.connect();
    await client.query(`INSERT INTO muster.migration (hash, created_at) VALUES ('later', 9999999999999)`);
    await (await open({ migrate: false })).ping();
    await client.query(`DELETE FROM muster.migration WHERE id > 1`);
    await expect(open({ migrate: false })).rejects.toMatchObject({
      code: 'misconfigured',
      message: 'the database is older than this version of Muster',
    });
    await client.end();
  });

  test('a database that does not exist is a fault of configuration', async () => {
    url = postgres.url.replace(/postgres$/, 'nowhere');
    await expect(open()).rejects.toMatchObject({ code: 'misconfigured' });
  });

  test('two transactions that lock in opposite order both succeed', async () => {
    const store = await open();
    await store.transaction(async (tx) => {
      await tx.createPerson(someone('GT-1'));
      await tx.createPerson(someone('GT-2'));
    });
    // Each waits until the other has its first lock; the run after the deadlock need not.
    let arrived = 0;
    let bothHere: () => void = () => {};
    const both = new Promise<void>((resolve) => {
      bothHere = resolve;
    });
    const raise = (first: string, second: string) =>
      store.transaction(async (tx) => {
        for (const id of [first, second]) {
          const person = await tx.person(id, { lock: true });
          await tx.updatePerson(id, { epoch: (person?.epoch ?? 0) + 1 });
          arrived += 1;
          if (arrived === 2) bothHere();
          await both;
        }
      });
    await Promise.all([raise('GT-1', 'GT-2'), raise('GT-2', 'GT-1')]);
    expect(arrived).toBeGreaterThan(4);
    expect((await store.read((reader) => reader.people({}, {}))).items.map((person) => person.epoch)).toEqual([2, 2]);
  });

  test('the lock of a name is waited for, and ends with its transaction', async () => {
    const store = await open();
    const order: string[] = [];
    let second: Promise<void> | undefined;
    await store.transaction(async (tx) => {
      await tx.lock('unique-names');
      second = store.transaction(async (other) => {
        await other.lock('another');
        order.push('another is free');
        await other.lock('unique-names');
        order.push('second');
      });
      while (order.length === 0) await tx.countActive();
      order.push('first');
    });
    await second;
    expect(order).toEqual(['another is free', 'first', 'second']);
  });

  test('a statement after the end of its transaction is refused instead of running in another’s', async () => {
    const store = await open();
    const leaked = await store.transaction(async (tx) => tx);
    await expect(leaked.createPerson(someone('GT-1'))).rejects.toThrow(/over/);
  });

  test('a failed statement cannot be swallowed: the transaction fails, too', async () => {
    const store = await open();
    const attempt = store.transaction(async (tx) => {
      await tx.createPerson(someone('GT-1'));
      await tx.createPerson(someone('GT-1')).catch(() => {});
    });
    await expect(attempt).rejects.toMatchObject({ code: 'conflict' });
    expect(await store.read((reader) => reader.person('GT-1'))).toBeUndefined();
  });

  test('what is tried after a failed statement is refused for that statement’s reason', async () => {
    const store = await open();
    const attempt = store.transaction(async (tx) => {
      await tx.createPerson(someone('GT-1'));
      await tx.createPerson(someone('GT-1')).catch(() => {});
      await tx.countActive();
    });
    await expect(attempt).rejects.toMatchObject({ message: 'a person with this id exists already' });
    await store.ping();
  });

  test('what was found missing may be swallowed, and the rest is committed', async () => {
    const store = await open();
    await store.transaction(async (tx) => {
      await tx.updatePerson('GT-0', { state: 'Active' }).catch(() => {});
      await tx.createPerson(someone('GT-1'));
    });
    expect(await store.read((reader) => reader.person('GT-1'))).toMatchObject({ id: 'GT-1' });
  });

  test.for(['fast', 'immediate'] as const)(
    'a server that is stopped (%s) fails what runs, commits nothing of it, and serves the same store again',
    async (mode) => {
      const store = await open();
      // More than one connection rests in the pool when the server goes.
      await Promise.all(['GT-1', 'GT-2', 'GT-3'].map((id) => store.transaction((tx) => tx.createPerson(someone(id)))));
      const cut = store.transaction(async (tx) => {
        await tx.createPerson(someone('GT-4'));
        await postgres.stop(mode);
        await tx.createPerson(someone('GT-5'));
      });
      await expect(cut).rejects.toMatchObject({ code: 'unavailable', advice: expect.stringContaining('PostgreSQL') });
      await expect(store.ping()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(store.transaction((tx) => tx.countActive())).rejects.toMatchObject({ code: 'unavailable' });
      await expect(store.seal()).rejects.toBeInstanceOf(Failure);
      await expect(open()).rejects.toMatchObject({ code: 'unavailable' });
      await postgres.start();
      await store.ping();
      expect(await store.transaction((tx) => tx.countActive())).toBe(3);
    },
  );

  test('a connection that an administrator ends hurts one transaction alone', async () => {
    const store = await open({ connections: 1 });
    const ended = store.transaction(async (tx) => {
      await tx.createPerson(someone('GT-1'));
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'muster'`);
      await tx.countActive();
    });
    await expect(ended).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.transaction((tx) => tx.countActive())).toBe(0);
  });
});
