import { asc, eq, sql } from 'drizzle-orm';
import { person, stop } from './schema.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

/** What every changing call asks before it is made: the person's epoch, and the stops in force. */
export function guard(session: Session): Pick<Transaction, 'lock' | 'guard' | 'putStop' | 'removeStop' | 'stops'> {
  return {
    lock: (name) =>
      session.run(async (database) => {
        await database.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
      }),

    guard: (id) =>
      session.run(async (database) => {
        const [found] = await database
          .select({
            epoch: person.epoch,
            state: person.state,
            stops: sql<string[]>`ARRAY(SELECT scope FROM ${stop} ORDER BY scope)`,
          })
          .from(person)
          .where(eq(person.id, id));
        return found;
      }),

    putStop: (scope, by, reason, at) =>
      session.run(async (database) => {
        const row = { by, reason, at };
        await database
          .insert(stop)
          .values({ scope, ...row })
          .onConflictDoUpdate({ target: stop.scope, set: row });
      }),

    removeStop: (scope) =>
      session.run(async (database) => {
        await database.delete(stop).where(eq(stop.scope, scope));
      }),

    stops: () => session.run((database) => database.select().from(stop).orderBy(asc(stop.scope))),
  };
}
