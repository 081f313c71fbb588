import { and, asc, eq, inArray, isNull } from 'drizzle-orm';
import { grant, legalHold } from './schema-access.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

type Access = Pick<Transaction, 'putGrant' | 'removeGrant' | 'placeLegalHold' | 'liftLegalHold' | 'legalHolds'>;

/** Reads and writes what people may have or keep beside what the policy's rules say. */
export function access(session: Session): Access {
  return {
    putGrant: (person, { until = null, approval = null, ...rest }) =>
      session.run(async (database) => {
        const row = { ...rest, until, approval };
        await database
          .insert(grant)
          .values({ ...row, person })
          .onConflictDoUpdate({ target: [grant.person, grant.target, grant.entitlement, grant.origin], set: row });
      }),

    removeGrant: (person, { target, entitlement, origin }) =>
      session.run(async (database) => {
        const which = [
          eq(grant.person, person),
          eq(grant.target, target),
          eq(grant.entitlement, entitlement),
          eq(grant.origin, origin),
        ];
        await database.delete(grant).where(and(...which));
      }),

    placeLegalHold: (person, hold) =>
      session.run(async (database) => {
        await database
          .insert(legalHold)
          .values({ ...hold, person })
          .onConflictDoNothing();
      }),

    liftLegalHold: (id, by, at) =>
      session.run(async (database) => {
        const which = and(eq(legalHold.id, id), isNull(legalHold.liftedAt));
        const [found] = await database.select().from(legalHold).where(which).for('update');
        if (found === undefined) return 'none';
        if (found.liftAskedBy === null) {
          await database.update(legalHold).set({ liftAskedBy: by }).where(which);
          return 'asked';
        }
        if (found.liftAskedBy === by) return 'same';
        await database.update(legalHold).set({ liftedBy: by, liftedAt: at }).where(which);
        return 'lifted';
      }),

    legalHolds: (by) =>
      session.run(async (database) => {
        const placed = by === undefined ? undefined : inArray(legalHold.by, [...by]);
        const inForce = and(isNull(legalHold.liftedAt), placed);
        const rows = await database
          .select()
          .from(legalHold)
          .where(inForce)
          .orderBy(asc(legalHold.at), asc(legalHold.id));
        return rows.map(({ liftedBy: _, liftedAt: __, liftAskedBy, ...hold }) => ({
          ...hold,
          ...(liftAskedBy !== null && { liftAskedBy }),
        }));
      }),
  };
}
