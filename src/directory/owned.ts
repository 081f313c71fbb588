import { and, inArray, notInArray, type SQL, sql } from 'drizzle-orm';
import { exception } from '../ledger/schema.ts';
import { readPeople } from './people.ts';
import { person } from './schema.ts';
import { delegation, legalHold } from './schema-access.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

/** Reads what somebody owns. Of most people it is nothing, and one round trip says so. */
export function owned(session: Session): Pick<Transaction, 'owns' | 'reportsOf'> {
  return {
    owns: ({ person: id, names, now }) =>
      session.run(async (database) => {
        const any = (rows: SQL) => sql<boolean>`EXISTS (SELECT FROM ${rows})`;
        const [found] = await database
          .select({
            reports: any(sql`${person} WHERE ${reporting(names)}`),
            exceptions: any(sql`${exception} WHERE ${exception.resolvedAt} IS NULL
              AND (${exception.owner} = ${id} OR ${inArray(exception.takenBy, [...names])})`),
            delegations: any(sql`${delegation} WHERE ${delegation.until} > ${now}
              AND (${delegation.approver} = ${id} OR ${delegation.delegate} = ${id})`),
            legalHolds: any(sql`${legalHold} WHERE ${legalHold.liftedAt} IS NULL
              AND ${inArray(legalHold.by, [...names])}`),
            asked: any(sql`${exception} WHERE ${exception.person} = ${id} AND ${exception.kind} = 'handover'`),
          })
          .from(sql`(VALUES (1)) AS nothing`);
        return found ?? { reports: true, exceptions: true, delegations: true, legalHolds: true, asked: true };
      }),

    reportsOf: (managerIds) => session.run((database) => readPeople(database, reporting(managerIds))),
  };
}

function reporting(managerIds: readonly string[]): SQL {
  const reports = inArray(sql`${person.attributes}->>'managerId'`, [...managerIds]);
  return and(reports, notInArray(person.state, ['Terminating', 'Terminated', 'Cancelled'])) ?? reports;
}
