import { and, eq, sql } from 'drizzle-orm';
import { Failure } from '../model/failure.ts';
import { account, engagement, identifier } from './schema.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

/** Writes what belongs to a person: names at systems, employments, accounts. */
export function belongings(session: Session): Pick<Transaction, 'addIdentifier' | 'putEngagement' | 'putAccount'> {
  return {
    addIdentifier: (person, { source, type, value }) =>
      session.run(async (database) => {
        const inserted = await database
          .insert(identifier)
          .values({ person, source, type, value })
          .onConflictDoNothing({ target: [identifier.source, identifier.type, identifier.lookup] })
          .returning({ person: identifier.person });
        if (inserted.length > 0) return;
        const lookup = type === 'email' ? sql`lower(${value})` : value;
        const [holder] = await database
          .select({ person: identifier.person })
          .from(identifier)
          .where(and(eq(identifier.source, source), eq(identifier.type, type), eq(identifier.lookup, lookup)));
        if (holder?.person === person) return;
        throw new Failure(
          'conflict',
          `this ${type} of ${source} belongs to ${holder?.person ?? 'somebody else'}, not ${person}`,
          {
            advice: 'A number or address that was used again: decide whose it is, before any account is touched.',
          },
        );
      }),

    putEngagement: (
      person,
      { id, wid = null, endDate = null, lastDayOfWork = null, managerId = null, location = null, end = null, ...rest },
    ) =>
      session.run(async (database) => {
        const row = { ...rest, wid, endDate, lastDayOfWork, managerId, location, end };
        await database
          .insert(engagement)
          .values({ ...row, person, id })
          .onConflictDoUpdate({ target: [engagement.person, engagement.id], set: row });
      }),

    putAccount: ({ target, id, managedBy = null, seenAt = null, ...rest }) =>
      session.run(async (database) => {
        const row = { ...rest, managedBy, seenAt, updatedAt: sql`now()` };
        await database
          .insert(account)
          .values({ ...row, target, id })
          .onConflictDoUpdate({ target: [account.target, account.id], set: row });
      }),
  };
}
