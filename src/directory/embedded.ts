import {
  PGlite,
  type PGliteOptions,
  type QueryOptions,
  type Results,
  type Transaction,
  types,
} from '@electric-sql/pglite';
import { Failure } from '../model/failure.ts';

const asItCame = (text: string) => text;

/**
 * PGlite that leaves dates and instants as text, as Drizzle wants them. Drizzle also says so with every query, and merging
 * what it says with PGlite's own parsers takes a third of a short query's time, so that part is left out.
 */
export class EmbeddedPostgres extends PGlite {
  constructor(options: PGliteOptions) {
    super({ ...options, parsers: { [types.TIMESTAMPTZ]: asItCame, [types.DATE]: asItCame } });
  }

  override query<T>(query: string, params?: unknown[], options?: QueryOptions): Promise<Results<T>> {
    return super.query(query, params, withoutParsers(options));
  }

  override transaction<T>(callback: (tx: Transaction) => Promise<T>): Promise<T> {
    return super.transaction((tx) =>
      callback({
        query: (query, params, options) => tx.query(query, params, withoutParsers(options)),
        sql: (strings, ...params) => tx.sql(strings, ...params),
        exec: (query, options) => tx.exec(query, options),
        rollback: () => tx.rollback(),
        listen: (channel, heard) => tx.listen(channel, heard),
        get closed() {
          return tx.closed;
        },
      }),
    );
  }
}

function withoutParsers(options: QueryOptions | undefined): QueryOptions | undefined {
  if (options === undefined) return undefined;
  const { parsers: _, ...rest } = options;
  return rest;
}

/** Opens PostgreSQL inside this process, on a folder or in memory. Throws Failure `unavailable` where that fails. */
export async function openEmbedded(folder: string | undefined): Promise<EmbeddedPostgres> {
  const pglite = new EmbeddedPostgres(folder === undefined ? {} : { dataDir: folder });
  try {
    await pglite.waitReady;
    return pglite;
  } catch (thrown) {
    throw new Failure('unavailable', `the embedded database at ${folder ?? 'memory'} cannot be opened`, {
      advice: 'Look whether another process of Muster has it open, and whether the folder can be written.',
      cause: thrown,
    });
  }
}
