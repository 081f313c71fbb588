import { and, asc, desc, eq, inArray, isNull, ne, type SQL, sql } from 'drizzle-orm';
import { account, identifier, person } from './schema.ts';
import { reservedName } from './schema-access.ts';
import type { Database, Session } from './session.ts';
import type { ReservedName, Transaction } from './store.ts';

type Names = Pick<Transaction, 'reserveName' | 'takenNames' | 'releaseNames' | 'keepNames' | 'namesOf'>;

/** Reads and writes logins and addresses: one name is one person's, whatever the target. */
export function names(session: Session): Names {
  return {
    reserveName: ({ person: holder, kind, value, at, freeBefore }) =>
      session.run(async (database) => {
        const inserted = await database
          .insert(reservedName)
          .values({ kind, value, person: holder, current: true, at })
          .onConflictDoNothing({ target: [reservedName.kind, reservedName.value] })
          .returning({ value: reservedName.value });
        if (inserted.length === 0 && !(await takeOver(database, { kind, value, holder, at, freeBefore }))) return false;
        await database
          .update(reservedName)
          .set({ current: false })
          .where(and(eq(reservedName.person, holder), eq(reservedName.kind, kind), ne(reservedName.value, value)));
        return true;
      }),

    takenNames: (holder, values, freeBefore) =>
      session.run(async (database) => {
        if (values.length === 0) return new Set();
        const address = sql`lower(${person.attributes}->>'email')`;
        const name = sql`lower(${account.name})`;
        const found = await database.execute(sql`
          SELECT ${reservedName.value} AS value FROM ${reservedName}
            WHERE ${inArray(reservedName.value, values)} AND ${reservedName.person} <> ${holder} AND NOT ${isFree(freeBefore)}
          UNION SELECT ${identifier.lookup} FROM ${identifier}
            WHERE ${inArray(identifier.lookup, values)} AND ${identifier.type} = 'email' AND ${identifier.person} <> ${holder}
              AND NOT ${wasTheirs(sql`${identifier.person}`, sql`${identifier.lookup}`, freeBefore)}
          UNION SELECT ${address} FROM ${person}
            WHERE ${inArray(address, values)} AND ${person.id} <> ${holder}
              AND NOT ${wasTheirs(sql`${person.id}`, address, freeBefore)}
          UNION SELECT ${name} FROM ${account}
            WHERE ${inArray(name, values)} AND ${account.status} <> 'absent'
              AND (${account.owner} <> ${holder} OR ${account.kind} <> 'primary')`);
        return new Set(valuesOf(found));
      }),

    releaseNames: (holder, at) =>
      session.run(async (database) => {
        await database
          .update(reservedName)
          .set({ releasedAt: at })
          .where(and(eq(reservedName.person, holder), isNull(reservedName.releasedAt)));
      }),

    keepNames: (holder) =>
      session.run(async (database) => {
        await database.update(reservedName).set({ releasedAt: null }).where(eq(reservedName.person, holder));
      }),

    namesOf: (holder) =>
      session.run(async (database) => {
        const rows = await database
          .select()
          .from(reservedName)
          .where(eq(reservedName.person, holder))
          .orderBy(asc(reservedName.kind), desc(reservedName.current), asc(reservedName.value));
        return rows.map(toName);
      }),
  };
}

/** Released, and its quarantine is over. */
function isFree(freeBefore: string | undefined): SQL {
  if (freeBefore === undefined) return sql`false`;
  return sql`(${reservedName.releasedAt} IS NOT NULL AND ${reservedName.releasedAt} <= ${freeBefore})`;
}

/** What a former holder's record still says of a name that may be given again is no claim to it. */
function wasTheirs(holder: SQL, value: SQL, freeBefore: string | undefined): SQL {
  return sql`EXISTS (SELECT FROM ${reservedName} WHERE ${reservedName.value} = ${value}
    AND ${reservedName.person} = ${holder} AND ${isFree(freeBefore)})`;
}

interface Wanted {
  kind: ReservedName['kind'];
  value: string;
  holder: string;
  at: string;
  freeBefore: string | undefined;
}

/** A name that is there already: the person's own, or one whose quarantine is over. */
async function takeOver(database: Database, { kind, value, holder, at, freeBefore }: Wanted): Promise<boolean> {
  const which = and(eq(reservedName.kind, kind), eq(reservedName.value, value));
  const [held] = await database.select().from(reservedName).where(which).for('update');
  if (held === undefined) return false;
  const isTheirs = held.person === holder;
  const isOver =
    held.releasedAt !== null && freeBefore !== undefined && Date.parse(held.releasedAt) <= Date.parse(freeBefore);
  if (!isTheirs && !isOver) return false;
  await database
    .update(reservedName)
    .set({ person: holder, current: true, at: isTheirs ? held.at : at, releasedAt: null })
    .where(which);
  if (!isTheirs && kind === 'email') await forget(database, held.person, value);
  return true;
}

/** An address that is somebody else's now must lead to its former holder no more. */
async function forget(database: Database, former: string, address: string): Promise<void> {
  await database
    .delete(identifier)
    .where(and(eq(identifier.person, former), eq(identifier.type, 'email'), eq(identifier.lookup, address)));
  await database
    .update(person)
    .set({
      attributes: sql`${person.attributes} - 'email'`,
      revision: sql`${person.revision} + 1`,
      updatedAt: sql`now()`,
    })
    .where(and(eq(person.id, former), sql`lower(${person.attributes}->>'email') = ${address}`));
}

function valuesOf(result: unknown): string[] {
  const rows = typeof result === 'object' && result !== null && 'rows' in result ? result.rows : [];
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row: unknown) =>
    typeof row === 'object' && row !== null && 'value' in row && typeof row.value === 'string' ? [row.value] : [],
  );
}

function toName({ kind, value, current, at, releasedAt }: typeof reservedName.$inferSelect): ReservedName {
  return {
    kind: kind === 'login' ? 'login' : 'email',
    value,
    current,
    at,
    ...(releasedAt !== null && { releasedAt }),
  };
}
