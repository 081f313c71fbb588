import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { openStore } from '../../src/directory/connect.ts';
import type { Store } from '../../src/directory/store.ts';
import { postgresMissing, type RunningPostgres, startPostgres } from './postgres.ts';
import { emptyTables, memoryDatabase, type TestDatabase } from './store.ts';

/** What a test of both databases is handed: the store is empty at each test's beginning. */
export interface UnderTest {
  readonly store: Store;
  readonly sql: TestDatabase['sql'];
  /** Another process's store on the same data, which closes with the suite; PGlite has but one. */
  another(): Promise<Store>;
  /** PGlite runs one transaction after the other, so what needs two open at once is for PostgreSQL alone. */
  readonly concurrent: boolean;
}

/** The same tests on PGlite and on PostgreSQL. */
export function onBothDatabases(suite: string, tests: (under: UnderTest) => void): void {
  describe(`${suite}, on PGlite`, () => tests(onPglite()));
  describe.skipIf(postgresMissing(`${suite}, on PostgreSQL`))(`${suite}, on PostgreSQL`, () => tests(onPostgres()));
}

function onPglite(): UnderTest {
  let database: TestDatabase | undefined;
  beforeEach(async () => {
    database = await memoryDatabase();
  });
  afterEach(() => database?.store.close());
  return {
    concurrent: false,
    get store() {
      return given(database).store;
    },
    sql: (statements) => given(database).sql(statements),
    another: async () => given(database).store,
  };
}

function onPostgres(): UnderTest {
  let postgres: RunningPostgres | undefined;
  let store: Store | undefined;
  const others: Store[] = [];
  let client: pg.Client | undefined;
  const sql: TestDatabase['sql'] = async (statements) => {
    const results = await given(client).query(statements);
    return (Array.isArray(results) ? results.at(-1) : results).rows;
  };
  beforeAll(async () => {
    postgres = await startPostgres();
    store = await openStore({ url: postgres.url, migrate: true });
    client = new pg.Client(postgres.url);
    await client.connect();
  });
  afterEach(() => emptyTables(sql));
  afterAll(async () => {
    await client?.end();
    for (const each of [store, ...others]) await each?.close();
    await postgres?.remove();
  });
  return {
    concurrent: true,
    get store() {
      return given(store);
    },
    sql,
    async another() {
      const other = await openStore({ url: given(postgres).url, migrate: false });
      others.push(other);
      return other;
    },
  };
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('only within a test');
  return value;
}
