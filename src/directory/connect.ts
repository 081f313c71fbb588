import { isUnsealed, sealRows, verifyChain } from '../ledger/chain.ts';
import { writeTogether } from '../ledger/together.ts';
import type { Connections } from './database.ts';
import { embeddedConnections, postgresConnections } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { Contention } from './faults.ts';
import { migrateEmbedded, migratePostgres, requireMigrated } from './migrate.ts';
import type { Store } from './store.ts';
import { transactionOver } from './transaction.ts';

export interface StoreOptions {
  /** `postgres://…`; what it says beats our own settings. */
  url?: string;
  /** PGlite's data folder; with neither this nor `url` the data live in memory and end with the process. */
  folder?: string;
  /** Brings the tables up to this version first; otherwise they must be so already. */
  migrate: boolean;
  /** Connections to PostgreSQL at most. Default 10. */
  connections?: number;
}

/** Opens the directory and the ledger. Throws Failure `unavailable`, `credentials` or `misconfigured`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  if (options.migrate && options.url !== undefined) await migratePostgres(options.url);
  const connections = await connect(options);
  try {
    await requireMigrated(connections.single);
    return storeOver(connections);
  } catch (thrown) {
    await connections.close();
    throw thrown;
  }
}

/** Brings a database up to this version and leaves it. Any number of processes may do so at once. */
export async function migrate(options: Omit<StoreOptions, 'migrate'>): Promise<void> {
  await (await openStore({ ...options, migrate: true })).close();
}

async function connect({ url, folder, migrate, connections = 10 }: StoreOptions): Promise<Connections> {
  if (url !== undefined) return postgresConnections(url, connections);
  const pglite = await openEmbedded(folder);
  if (migrate) await migrateEmbedded(pglite);
  return embeddedConnections(pglite);
}

/** How often a transaction that met a deadlock is run in all. */
const attempts = 4;

/** The store over either kind of connections. */
export function storeOver(connections: Connections): Store {
  const reader = transactionOver(connections.single);

  async function again<T>(run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await run();
      } catch (thrown) {
        if (!(thrown instanceof Contention) || attempt === attempts) throw thrown;
      }
    }
  }

  return {
    transaction: (work) => again(() => connections.transaction((session) => work(transactionOver(session)))),
    read: (work) => work(reader),
    write: (pieces) => again(() => writeTogether(connections.single, pieces)),
    async seal(limit = 1_000) {
      if (!(await isUnsealed(connections.single))) return 0;
      return again(() => connections.transaction((session) => sealRows(session, limit)));
    },
    verify: () => connections.snapshot(verifyChain),
    ping: async () => {
      await connections.single.run((database) => database.execute('SELECT 1'));
    },
    close: () => connections.close(),
  };
}
