import { and, asc, count, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { Failure } from '../model/failure.ts';
import type { Person } from '../model/person.ts';
import { isoText } from './columns.ts';
import { account, engagement, identifier, pending, person } from './schema.ts';
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
        if (options?.lock === true) {
          // On its own: sub-selects of the statement that waits for the lock would still see what was there before the wait.
          await database.select({ id: person.id }).from(person).where(eq(person.id, id)).for('update');
        }
        const [found] = await readPeople(database, eq(person.id, id));
        return found;
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

/** Whole records of people in one statement, by id: what belongs to a person comes along as JSON. */
export async function readPeople(database: Database, which: SQL | undefined, limit?: number): Promise<Person[]> {
  const query = database.select(record).from(person).where(which).orderBy(asc(person.id)).$dynamic();
  const rows = await (limit === undefined ? query : query.limit(limit));
  return rows.map(({ protection, ...row }) => ({ ...row, ...(protection !== null && { protection }) }));
}

// Written out: in a query of one table Drizzle leaves the table's name away, and a sub-select would take its own `id`.
const ownId = sql.raw('muster.person.id');

const record = {
  id: person.id,
  name: person.name,
  state: person.state,
  epoch: person.epoch,
  privileged: person.privileged,
  protection: person.protection,
  attributes: person.attributes,
  identifiers: subselect<Person['identifiers']>(sql`
    SELECT coalesce(json_agg(json_build_object(
      'source', ${identifier.source}, 'type', ${identifier.type}, 'value', ${identifier.value}
    ) ORDER BY ${identifier.seq}), '[]')
    FROM ${identifier} WHERE ${identifier.person} = ${person.id}`),
  engagements: subselect<Person['engagements']>(sql`
    SELECT coalesce(json_agg(json_strip_nulls(json_build_object(
      'id', ${engagement.id}, 'source', ${engagement.source}, 'workerId', ${engagement.workerId}, 'wid', ${engagement.wid},
      'workerType', ${engagement.workerType}, 'startDate', ${engagement.startDate}, 'endDate', ${engagement.endDate},
      'lastDayOfWork', ${engagement.lastDayOfWork}, 'managerId', ${engagement.managerId},
      'location', ${engagement.location}, 'primary', ${engagement.primary}
    )) ORDER BY ${engagement.seq}), '[]')
    FROM ${engagement} WHERE ${engagement.person} = ${person.id}`),
  accounts: subselect<Person['accounts']>(sql`
    SELECT coalesce(json_agg(json_strip_nulls(json_build_object(
      'target', ${account.target}, 'id', ${account.id}, 'name', ${account.name}, 'kind', ${account.kind},
      'owner', ${account.owner}, 'origin', ${account.origin}, 'status', ${account.status},
      'managedBy', ${account.managedBy}, 'entitlements', ${account.entitlements}
    )) ORDER BY ${account.target}, ${account.id}), '[]')
    FROM ${account} WHERE ${account.owner} = ${person.id}`),
  // Nulls within `data` mean something (no end any more), so it is put in after those of the columns are gone.
  pending: subselect<Person['pending']>(sql`
    SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
      'id', ${pending.id}, 'kind', ${pending.kind}, 'dueAt', ${isoText(pending.dueAt)}, 'date', ${pending.date},
      'zone', ${pending.zone}, 'event', ${pending.event}, 'confidential', ${pending.confidential}
    )) || jsonb_build_object('data', ${pending.data}) ORDER BY ${pending.dueAt}, ${pending.id}), '[]')
    FROM ${pending} WHERE ${pending.person} = ${person.id}`),
};

/** Wrapped once more, because Drizzle takes the tables' names off the columns that stand in a selected expression itself. */
function subselect<T>(query: SQL): SQL<T> {
  return sql<T>`(${query})`;
}
