import type { PGlite } from '@electric-sql/pglite';
import { drizzle as drizzleNodePostgres } from 'drizzle-orm/node-postgres';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import pg from 'pg';
import { databaseFailure } from './faults.ts';
import type { Database } from './session.ts';
import { Session } from './session.ts';

/** What the store needs of either driver. */
export interface Connections {
  /** One transaction, READ COMMITTED. Faults of the database come out as Failures. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** One transaction that reads, and sees one state throughout (REPEATABLE READ). */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Statements that stand each for itself, on any connection that is free. */
  readonly single: Session;
  close(): Promise<void>;
}

/** How long PostgreSQL may take, in milliseconds, before somebody gives up. */
const patience = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 10_000,
  // The network may be what is gone: then the server's own timeout never reaches us.
  query_timeout: 15_000,
  // A worker that froze or lost its network must not keep a person's row locked.
  idle_in_transaction_session_timeout: 30_000,
  idleTimeoutMillis: 30_000,
} as const;

/** Connections to PostgreSQL, made when they are needed. */
export function postgresConnections(url: string, most: number): Connections {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'muster',
    max: most,
    keepAlive: true,
    ...patience,
  });
  // A connection that breaks while nobody uses it is no news: the next statement finds out. Unheard, these would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));

  return {
    single: new Session(drizzleNodePostgres(pool), 'single'),
    transaction: (work) => onOneConnection(pool, 'READ COMMITTED', work),
    snapshot: (work) => onOneConnection(pool, 'REPEATABLE READ READ ONLY', work),
    close: () => pool.end(),
  };
}

async function onOneConnection<T>(
  pool: pg.Pool,
  isolation: 'READ COMMITTED' | 'REPEATABLE READ READ ONLY',
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch(refuse);
  const session = new Session(drizzleNodePostgres(client), 'transaction');
  let broken = false;
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${isolation}`).catch(refuse);
    const result = await work(session);
    session.end();
    await client.query('COMMIT').catch(refuse);
    return result;
  } catch (thrown) {
    broken = !(await rolledBack(client, session));
    throw thrown;
  } finally {
    // A broken connection is closed, and so its transaction is rolled back by the server.
    client.release(broken);
  }
}

async function rolledBack(client: pg.PoolClient, session: Session): Promise<boolean> {
  if (session.isCutOff) return false;
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

function refuse(thrown: unknown): never {
  throw databaseFailure(thrown);
}

/** PostgreSQL inside this process; its transactions run one after the other. */
export function embeddedConnections(pglite: PGlite): Connections {
  const database: Database = drizzlePglite(pglite);
  return {
    single: new Session(database, 'single'),
    transaction: (work) => inProcess(pglite, database, work),
    // One after the other, so each sees one state anyway.
    snapshot: (work) => inProcess(pglite, database, work),
    close: () => pglite.close(),
  };
}

async function inProcess<T>(pglite: PGlite, database: Database, work: (session: Session) => Promise<T>): Promise<T> {
  if (pglite.closed) throw databaseFailure(new Error('PGlite is closed'));
  return database.transaction(async (tx) => {
    const session = new Session(tx, 'transaction');
    const result = await work(session);
    session.end();
    return result;
  });
}
