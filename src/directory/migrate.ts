import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { drizzle as drizzleNodePostgres } from 'drizzle-orm/node-postgres';
import { migrate as migrateNodePostgres } from 'drizzle-orm/node-postgres/migrator';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import pg from 'pg';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { databaseFailure } from './faults.ts';
import type { Session } from './session.ts';

/** The SQL files and `meta/_journal.json` lie beside this file, in `dist/` too. */
const folder = fileURLToPath(new URL('./migrations', import.meta.url));

const bookkeeping = { migrationsFolder: folder, migrationsSchema: 'muster', migrationsTable: 'migration' };

/** One of several workers that start at once migrates, the others wait for it. */
const lockName = 'muster:migrate';

/** Brings PostgreSQL up to this version. Throws Failure `unavailable`, `credentials` or `misconfigured`. */
export async function migratePostgres(url: string): Promise<void> {
  // A connection of its own, without the store's timeouts: a migration may take its time, and so may waiting for one.
  const client = new pg.Client({
    connectionString: url,
    application_name: 'muster migrate',
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockName]);
    await migrateNodePostgres(drizzleNodePostgres(client), bookkeeping);
  } catch (thrown) {
    throw databaseFailure(thrown);
  } finally {
    // Ending the connection frees the lock.
    await client.end().catch(() => {});
  }
}

/** Brings an embedded database up to this version. Nobody else has it open. */
export async function migrateEmbedded(pglite: PGlite): Promise<void> {
  try {
    await migratePglite(drizzlePglite(pglite), bookkeeping);
  } catch (thrown) {
    throw databaseFailure(thrown);
  }
}

const journal = z.object({ entries: z.array(z.object({ when: z.number() })).min(1) });

/** Throws Failure `misconfigured` when the database is older than this version; a newer one is taken as it is. */
export async function requireMigrated(session: Session): Promise<void> {
  const { entries } = journal.parse(JSON.parse(await readFile(`${folder}/meta/_journal.json`, 'utf8')));
  const newest = Math.max(...entries.map((entry) => entry.when));
  const isThere = await session.run(async (database) => {
    const applied = database
      .select({ when: sql`created_at` })
      .from(sql`muster.migration`)
      .where(sql`created_at >= ${newest}`)
      .limit(1);
    return (await applied).length > 0;
  });
  if (!isThere) {
    throw new Failure('misconfigured', 'the database is older than this version of Muster', {
      advice: 'Run `muster setup`, which brings it up to this version.',
    });
  }
}
