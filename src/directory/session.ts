import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { Failure } from '../model/failure.ts';
import { databaseFailure } from './faults.ts';

/** Drizzle over either driver; the statements are the same. */
export type Database = PgDatabase<PgQueryResultHKT>;

/** One transaction, or single statements on any connection: what the store's parts make their statements with. */
export class Session {
  readonly #database: Database;
  readonly #isTransaction: boolean;
  #failure: Failure | undefined;
  #over = false;

  constructor(database: Database, kind: 'transaction' | 'single') {
    this.#database = database;
    this.#isTransaction = kind === 'transaction';
  }

  /** Runs statements; whatever the database throws comes out as a Failure. */
  async run<T>(statements: (database: Database) => Promise<T>): Promise<T> {
    if (this.#over) throw new Error('this transaction is over: something in it was not awaited');
    // PostgreSQL refuses all that follows a failed statement, and its words for that hide the reason.
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await statements(this.#database);
    } catch (thrown) {
      // Ours: the statements went through, and what they found is what is wrong.
      if (thrown instanceof Failure) throw thrown;
      const failure = databaseFailure(thrown);
      if (this.#isTransaction && failure instanceof Failure) this.#failure = failure;
      throw failure;
    }
  }

  /**
   * Ends a transaction before its commit. PostgreSQL rolls back one in which a statement failed even when told to commit,
   * and says nothing: so a failure that somebody caught on the way is thrown here again.
   */
  end(): void {
    this.#over = true;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Whether the connection under a transaction is gone, or may be. */
  get isCutOff(): boolean {
    return this.#failure?.code === 'unavailable';
  }
}
