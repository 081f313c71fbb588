import { asc, eq, notLike, type SQL, sql } from 'drizzle-orm';
import { person, stop } from './schema.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

/** What every changing call asks before it is made: the person's epoch, and the stops in force. */
export function guard(
  session: Session,
): Pick<Transaction, 'lock' | 'guard' | 'putStop' | 'removeStop' | 'stops' | 'liftedFor'> {
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
            stops: sql<string[]>`ARRAY(SELECT scope FROM ${stop} WHERE ${inForce} ORDER BY scope)`,
            lifted: sql<Record<
              string,
              number
            > | null>`(SELECT json_object_agg(substr(scope, ${lifted.length + 1}), ${since})
              FROM ${stop} WHERE ${isRecent})`,
          })
          .from(person)
          .where(eq(person.id, id));
        if (found === undefined || found.lifted !== null) return found && { ...found, lifted: found.lifted ?? {} };
        const { epoch, state, stops } = found;
        return { epoch, state, stops };
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
        const gone = await database.delete(stop).where(eq(stop.scope, scope)).returning();
        const [was] = gone;
        if (was === undefined) return false;
        const row = { by: was.by, reason: was.reason, at: sql`clock_timestamp()` };
        await database
          .insert(stop)
          .values({ ...row, scope: lifted + scope })
          .onConflictDoUpdate({ target: stop.scope, set: row });
        return true;
      }),

    stops: () => session.run((database) => database.select().from(stop).where(inForce).orderBy(asc(stop.scope))),

    liftedFor: (scopes) =>
      session.run(async (database) => {
        const wanted = JSON.stringify(scopes.map((scope) => lifted + scope));
        const [found] = await database
          .select({ ms: sql<number | null>`min(${since})` })
          .from(stop)
          .where(sql`${stop.scope} IN (SELECT json_array_elements_text(${wanted}::json)) AND ${isRecent}`);
        return found?.ms ?? undefined;
      }),
  };
}

/** What a stop's row is named once it is lifted. */
const lifted = 'lifted:';

const inForce: SQL = notLike(stop.scope, `${lifted}%`);
const since: SQL = sql`(extract(epoch FROM clock_timestamp() - ${stop.at}) * 1000)::int`;
const isRecent: SQL = sql`${stop.scope} LIKE ${`${lifted}%`} AND ${stop.at} > clock_timestamp() - interval '1 minute'`;
