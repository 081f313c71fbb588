import { and, asc, eq, lte, min } from 'drizzle-orm';
import { pending } from './schema.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

/** Reads and writes what will happen to people on a date. */
export function timeline(session: Session): Pick<Transaction, 'putPending' | 'removePending' | 'due'> {
  return {
    putPending: (person, { id, date = null, zone = null, ...change }) =>
      session.run(async (database) => {
        const row = { ...change, date, zone };
        await database
          .insert(pending)
          .values({ ...row, person, id })
          .onConflictDoUpdate({ target: [pending.person, pending.id], set: row });
      }),

    removePending: (person, id) =>
      session.run(async (database) => {
        await database.delete(pending).where(and(eq(pending.person, person), eq(pending.id, id)));
      }),

    due: (until, limit) =>
      session.run(async (database) => {
        const rows = await database
          .select({ person: pending.person })
          .from(pending)
          .where(lte(pending.dueAt, until))
          .groupBy(pending.person)
          .orderBy(asc(min(pending.dueAt)), asc(pending.person))
          .limit(limit);
        return rows.map((row) => row.person);
      }),
  };
}
