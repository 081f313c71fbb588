import { and, eq, inArray, or } from 'drizzle-orm';
import { readPeople } from './people.ts';
import { account, identifier, person } from './schema.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

/** Looks up many accounts, numbers and addresses at once: a target is read by the page. */
export function holders(session: Session): Pick<Transaction, 'holders' | 'peopleOf'> {
  return {
    holders: ({ target, accounts, workerIds, emails }) =>
      session.run(async (database) => {
        const known =
          accounts.length === 0
            ? []
            : await database
                .select({ id: account.id, owner: account.owner })
                .from(account)
                .where(and(eq(account.target, target), inArray(account.id, [...accounts])));
        const values = [
          { type: 'workerId' as const, lookups: [...workerIds] },
          { type: 'email' as const, lookups: emails.map((email) => email.toLowerCase()) },
        ].filter(({ lookups }) => lookups.length > 0);
        const names =
          values.length === 0
            ? []
            : await database
                .selectDistinct({ type: identifier.type, value: identifier.lookup, person: identifier.person })
                .from(identifier)
                .where(
                  or(
                    ...values.map(({ type, lookups }) =>
                      and(eq(identifier.type, type), inArray(identifier.lookup, lookups)),
                    ),
                  ),
                );
        return { accounts: known, identifiers: names };
      }),

    peopleOf: (ids) =>
      session.run(async (database) => (ids.length === 0 ? [] : readPeople(database, inArray(person.id, [...ids])))),
  };
}
