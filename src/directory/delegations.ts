import { and, asc, eq, gt, lte } from 'drizzle-orm';
import { delegation } from './schema-access.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

/** Reads and writes who decides for whom while they are away. */
export function delegations(session: Session): Pick<Transaction, 'putDelegation' | 'removeDelegation' | 'delegations'> {
  return {
    putDelegation: ({ approver, from, ...row }) =>
      session.run(async (database) => {
        await database
          .insert(delegation)
          .values({ ...row, approver, from })
          .onConflictDoUpdate({ target: [delegation.approver, delegation.from], set: row });
      }),

    removeDelegation: (approver, from) =>
      session.run(async (database) => {
        const removed = await database
          .delete(delegation)
          .where(and(eq(delegation.approver, approver), eq(delegation.from, from)))
          .returning({ approver: delegation.approver });
        return removed.length > 0;
      }),

    delegations: ({ approver, at, after }) =>
      session.run((database) =>
        database
          .select()
          .from(delegation)
          .where(
            and(
              approver === undefined ? undefined : eq(delegation.approver, approver),
              at === undefined ? undefined : and(lte(delegation.from, at), gt(delegation.until, at)),
              after === undefined ? undefined : gt(delegation.until, after),
            ),
          )
          .orderBy(asc(delegation.approver), asc(delegation.from)),
      ),
  };
}
