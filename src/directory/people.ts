import { and, asc, count, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { Failure } from '../model/failure.ts';
import type { Person } from '../model/person.ts';
import { engagement, identifier, person } from './schema.ts';
import type { Database, Session } from './session.ts';
import type { Transaction } from './store.ts';

type People = Pick<
  Transaction,
  'person' | 'personByAlias' | 'peopleWith' | 'createPerson' | 'updatePerson' | 'countActive'
>;

/** Reads and writes people's own rows. */
export function people(session: Session): People {
  return {
    person: (id, options) =>
      session.run(async (database) => {
        const [found] = await database
          .select({ record: sql<Person | null>`record` })
          .from(sql`muster.person_record(${id}, ${options?.lock === true}) AS record`);
        return found?.record ?? undefined;
      }),

    personByAlias: (alias) =>
      session.run((database) =>
        readPeople(
          database,
          inArray(
            person.id,
            sql`(SELECT ${alias} UNION SELECT ${identifier.person} FROM ${identifier} WHERE ${identifier.lookup} = ${alias}
              UNION SELECT ${identifier.person} FROM ${identifier} WHERE ${identifier.lookup} = lower(${alias}) AND ${identifier.type} = 'email')`,
          ),
        ),
      ),

    peopleWith: ({ type, value, source }) =>
      session.run(async (database) => {
        const lookup = type === 'email' ? sql`lower(${value})` : value;
        const ofSource = source === undefined ? undefined : eq(identifier.source, source);
        const rows = await database
          .selectDistinct({ person: identifier.person })
          .from(identifier)
          .where(and(eq(identifier.lookup, lookup), eq(identifier.type, type), ofSource))
          .orderBy(identifier.person);
        return rows.map((row) => row.person);
      }),

    createPerson: ({ identifiers, engagements, ...row }) =>
      session.run(async (database) => {
        await database.insert(person).values(row);
        if (identifiers.length > 0) {
          await database.insert(identifier).values(identifiers.map((each) => ({ ...each, person: row.id })));
        }
        if (engagements.length > 0) {
          await database.insert(engagement).values(engagements.map((each) => ({ ...each, person: row.id })));
        }
      }),

    updatePerson: (id, change) =>
      session.run(async (database) => {
        const changed = await database
          .update(person)
          .set({ ...change, revision: sql`${person.revision} + 1`, updatedAt: sql`now()` })
          .where(eq(person.id, id))
          .returning({ id: person.id });
        if (changed.length === 0) throw new Failure('not-found', `the directory knows no person ${id}`);
      }),

    countActive: () =>
      session.run(async (database) => {
        const [row] = await database.select({ active: count() }).from(person).where(eq(person.state, 'Active'));
        return row?.active ?? 0;
      }),
  };
}

/** Whole records of people in one statement, by id. */
export async function readPeople(database: Database, which: SQL | undefined, limit?: number): Promise<Person[]> {
  const matching = database.select({ id: person.id }).from(person).where(which).orderBy(asc(person.id)).$dynamic();
  const chosen = (limit === undefined ? matching : matching.limit(limit)).as('chosen');
  const rows = await database
    .select({ record: sql<Person>`muster.person_record(id, false)` })
    .from(chosen)
    .orderBy(asc(chosen.id));
  return rows.map((row) => row.record);
}
