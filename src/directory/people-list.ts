import { and, eq, gt, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { page, pageSize, pageStart } from './cursor.ts';
import { readPeople } from './people.ts';
import { account, person } from './schema.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

/** Lists people by id. */
export function peopleList(session: Session): Pick<Transaction, 'people'> {
  return {
    people: (filter, request) =>
      session.run(async (database) => {
        const after = pageStart(request, 'people', z.string());
        const size = pageSize(request);
        const which = and(
          after === undefined ? undefined : gt(person.id, after),
          filter.state === undefined ? undefined : eq(person.state, filter.state),
          attribute('department', filter.department),
          attribute('managerId', filter.managerId),
          attribute('location', filter.location),
          filter.target === undefined ? undefined : hasAccount(filter.target),
        );
        const found = await readPeople(database, which, size + 1);
        return page(
          found,
          size,
          'people',
          (each) => each.id,
          (each) => each,
        );
      }),
  };
}

function hasAccount(target: string): SQL {
  return sql`EXISTS (SELECT FROM ${account}
    WHERE ${account.owner} = ${person.id} AND ${account.target} = ${target} AND ${account.status} <> 'absent')`;
}

function attribute(name: 'department' | 'managerId' | 'location', value: string | undefined): SQL | undefined {
  // The name stands in the statement itself, or the index over it would not be used.
  return value === undefined ? undefined : sql`${person.attributes}->>${sql.raw(`'${name}'`)} = ${value}`;
}
