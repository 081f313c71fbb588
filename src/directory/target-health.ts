import { and, asc, eq, isNotNull, lte, sql } from 'drizzle-orm';
import { failuresBeforeRest, longestRestMs, shortestRestMs } from '../targets/health.ts';
import { targetHealth as health } from './schema-access.ts';
import type { Session } from './session.ts';
import type { TargetHealth, Transaction } from './store.ts';

type Health = Pick<
  Transaction,
  'targetHealth' | 'targetsHealth' | 'noteTargetGood' | 'noteTargetFailure' | 'claimProbe'
>;

/** Reads and writes how targets answer: a row each, changed by single statements, so that any number of workers agree. */
export function targetHealth(session: Session): Health {
  return {
    targetHealth: (target) =>
      session.run(async (database) => {
        const [found] = await database.select().from(health).where(eq(health.target, target));
        return found && toHealth(found);
      }),

    targetsHealth: () =>
      session.run(async (database) => {
        const rows = await database.select().from(health).orderBy(asc(health.target));
        return rows.map(toHealth);
      }),

    noteTargetGood: (target, at) =>
      session.run(async (database) => {
        const row = { failures: 0, since: null, code: null, message: null, restUntil: null, lastGoodAt: at };
        await database
          .insert(health)
          .values({ target, ...row, updatedAt: at })
          .onConflictDoUpdate({ target: health.target, set: { ...row, updatedAt: at } });
      }),

    noteTargetFailure: (target, { code, message, at, probe }) =>
      session.run(async (database) => {
        const next = sql`${health.failures} + 1`;
        const rest = sql`least(${longestRestMs}, ${shortestRestMs} * 2 ^ least(${next} - ${failuresBeforeRest}, 10))`;
        const restUntil = sql`CASE WHEN ${next} >= ${failuresBeforeRest}
          THEN ${at}::timestamptz + ${rest} * interval '1 millisecond' END`;
        // Those that were under way when it began to rest say nothing new: without this, twenty at once would make it rest a minute.
        const resting = sql`${health.restUntil} > ${at}::timestamptz`;
        await database
          .insert(health)
          .values({ target, failures: 1, since: at, code, message, updatedAt: at })
          .onConflictDoUpdate({
            target: health.target,
            set: {
              failures: next,
              since: sql`coalesce(${health.since}, ${at}::timestamptz)`,
              code,
              message,
              restUntil,
              updatedAt: at,
            },
            ...(probe ? {} : { setWhere: sql`(${resting}) IS NOT TRUE` }),
          });
      }),

    claimProbe: (target, now, until) =>
      session.run(async (database) => {
        const claimed = await database
          .update(health)
          .set({ restUntil: until })
          .where(and(eq(health.target, target), isNotNull(health.restUntil), lte(health.restUntil, now)))
          .returning({ target: health.target });
        return claimed.length > 0;
      }),
  };
}

function toHealth({
  target,
  failures,
  since,
  code,
  message,
  restUntil,
  lastGoodAt,
}: typeof health.$inferSelect): TargetHealth {
  return {
    target,
    failures,
    ...(since !== null && { since }),
    ...(code !== null && { code }),
    ...(message !== null && { message }),
    ...(restUntil !== null && { restUntil }),
    ...(lastGoodAt !== null && { lastGoodAt }),
  };
}
