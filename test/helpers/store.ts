import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PGlite } from '@electric-sql/pglite';
import { storeOver } from '../../src/directory/connect.ts';
import { embeddedConnections } from '../../src/directory/database.ts';
import { EmbeddedPostgres } from '../../src/directory/embedded.ts';
import { migrateEmbedded } from '../../src/directory/migrate.ts';
import type { Store } from '../../src/directory/store.ts';

const idle: PGlite[] = [];

/** A store with a back door, for what no caller of the store may do. */
export interface TestDatabase {
  store: Store;
  /** Runs SQL, several statements too; gives the last one's rows. */
  sql(statements: string): Promise<unknown[]>;
}

/**
 * An empty store in memory, for one test or one file of tests. Closing it empties its database and keeps that for the next
 * one in the same file, because starting PGlite takes a second and emptying it a few milliseconds.
 */
export async function memoryStore(): Promise<Store> {
  return (await memoryDatabase()).store;
}

/** The same with its back door. */
export async function memoryDatabase(): Promise<TestDatabase> {
  const pglite = idle.pop() ?? (await start());
  const sql = async (statements: string) => (await pglite.exec(statements)).at(-1)?.rows ?? [];
  const store = storeOver(embeddedConnections(pglite));
  return {
    sql,
    store: {
      ...store,
      async close() {
        await emptyTables(sql);
        idle.push(pglite);
      },
    },
  };
}

/** Empties all tables but the migrator's own. Ten times as quick on PGlite as TRUNCATE, whose files cost most there. */
export async function emptyTables(sql: TestDatabase['sql']): Promise<void> {
  // As a replica, so that the triggers that keep evidence from being removed stay silent.
  await sql(`
    SET session_replication_role = replica;
    DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'muster' AND tablename NOT IN ('migration', 'chain') LOOP
        EXECUTE format('DELETE FROM muster.%I', name);
      END LOOP;
      FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'muster' LOOP
        PERFORM setval(format('muster.%I', name)::regclass, 1, false);
      END LOOP;
      UPDATE muster.chain SET position = 0, hash = '';
    END $$;
    SET session_replication_role = DEFAULT;
  `);
}

/** From a copy of a migrated database, made by whichever test came first since the migrations changed. */
async function start(): Promise<PGlite> {
  const copy = join(tmpdir(), `muster-test-${await migrationsHash()}.tar`);
  const kept = await readFile(copy).catch(() => undefined);
  const pglite = new EmbeddedPostgres(kept === undefined ? {} : { loadDataDir: new Blob([new Uint8Array(kept)]) });
  await pglite.waitReady;
  if (kept !== undefined) return pglite;
  await migrateEmbedded(pglite);
  const dump = await pglite.dumpDataDir('none');
  // Moved into place whole: other test files may be reading at this moment.
  const folder = await mkdtemp(join(tmpdir(), 'muster-test-'));
  await writeFile(join(folder, 'data.tar'), Buffer.from(await dump.arrayBuffer()));
  await rename(join(folder, 'data.tar'), copy);
  await rm(folder, { recursive: true });
  return pglite;
}

async function migrationsHash(): Promise<string> {
  const hash = createHash('sha256');
  const folder = fileURLToPath(new URL('../../src/directory/migrations/', import.meta.url));
  for (const name of (await readdir(folder)).filter((each) => each.endsWith('.sql')).sort()) {
    hash.update(await readFile(join(folder, name)));
  }
  hash.update(await readFile(fileURLToPath(import.meta.resolve('@electric-sql/pglite'))));
  return hash.digest('hex').slice(0, 16);
}
