import { desc, eq } from 'drizzle-orm';
import { propagation } from './schema-access.ts';
import type { Session } from './session.ts';
import type { Propagation, Transaction } from './store.ts';

/** Reads and writes how far changed policies have come. */
export function propagations(session: Session): Pick<Transaction, 'propagation' | 'propagations' | 'putPropagation'> {
  return {
    propagation: (id, { lock = false } = {}) =>
      session.run(async (database) => {
        const query = database.select().from(propagation).where(eq(propagation.id, id));
        const [found] = await (lock ? query.for('update') : query);
        return found && toPropagation(found);
      }),

    propagations: (limit) =>
      session.run(async (database) => {
        const { startedAt, id } = propagation;
        const rows = await database.select().from(propagation).orderBy(desc(startedAt), desc(id)).limit(limit);
        return rows.map(toPropagation);
      }),

    putPropagation: ({ id, before = null, endedAt = null, cursor = null, ...rest }) =>
      session.run(async (database) => {
        const row = { ...rest, before, endedAt, cursor };
        await database
          .insert(propagation)
          .values({ id, ...row })
          .onConflictDoUpdate({ target: propagation.id, set: row });
      }),
  };
}

function toPropagation({ before, endedAt, cursor, ...row }: typeof propagation.$inferSelect): Propagation {
  return {
    ...row,
    ...(before === null ? {} : { before }),
    ...(endedAt === null ? {} : { endedAt }),
    ...(cursor === null ? {} : { cursor }),
  };
}
