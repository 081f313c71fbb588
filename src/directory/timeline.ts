import { and, asc, eq, gt, isNotNull, isNull, lt, lte, min, sql } from 'drizzle-orm';
import { union } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import { exception } from '../ledger/schema.ts';
import { page, pageSize, pageStart } from './cursor.ts';
import { account, pending, person } from './schema.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';

/** Reads and writes what will happen to people on a date. */
export function timeline(
  session: Session,
): Pick<Transaction, 'putPending' | 'removePending' | 'due' | 'starts' | 'inFlight' | 'waitingForTarget'> {
  return {
    putPending: (person, { id, date = null, zone = null, ...change }) =>
      session.run(async (database) => {
        const row = { ...change, date, zone };
        await database
          .insert(pending)
          .values({ ...row, person, id })
          .onConflictDoUpdate({ target: [pending.person, pending.id], set: row });
      }),

    removePending: (person, id) =>
      session.run(async (database) => {
        await database.delete(pending).where(and(eq(pending.person, person), eq(pending.id, id)));
      }),

    due: (until, limit) =>
      session.run(async (database) => {
        const rows = await database
          .select({ person: pending.person })
          .from(pending)
          .where(lte(pending.dueAt, until))
          .groupBy(pending.person)
          .orderBy(asc(min(pending.dueAt)), asc(pending.person))
          .limit(limit);
        return rows.map((row) => row.person);
      }),

    starts: ({ before, location }, request) =>
      session.run(async (database) => {
        const after = pageStart(request, 'hires', z.tuple([z.iso.datetime(), z.string(), z.string()]));
        const size = pageSize(request);
        const { person: of, id, dueAt } = pending;
        const rows = await database
          .select({ person: of, id, dueAt })
          .from(pending)
          .innerJoin(person, eq(person.id, of))
          .where(
            and(
              eq(pending.kind, 'start'),
              after && sql`(${dueAt}, ${of}, ${id}) > (${after[0]}, ${after[1]}, ${after[2]})`,
              before === undefined ? undefined : lt(dueAt, before),
              location === undefined ? undefined : sql`${person.attributes}->>'location' = ${location}`,
            ),
          )
          .orderBy(asc(dueAt), asc(of), asc(id))
          .limit(size + 1);
        return page(
          rows,
          size,
          'hires',
          (row) => [row.dueAt, row.person, row.id],
          (row) => row,
        );
      }),

    inFlight: (after = '', limit) =>
      session.run(async (database) => {
        // What the watch found of a workflow waits for nobody in it.
        const own = and(
          isNull(exception.resolvedAt),
          eq(exception.workflowId, sql`'person:' || ${exception.person}`),
          sql`${exception.id} NOT LIKE 'watch/%'`,
        );
        const rows = await union(
          database.select({ person: pending.person }).from(pending).where(gt(pending.person, after)),
          database
            .select({ person: sql<string>`${exception.person}`.as('person') })
            .from(exception)
            .where(and(own, gt(exception.person, after))),
        )
          .orderBy(sql`person`)
          .limit(limit);
        return rows.map((row) => row.person);
      }),

    waitingForTarget: (target, limit, now) =>
      session.run(async (database) => {
        const waits = sql`${pending.data} ->> 'target' = ${target} OR ${pending.data} -> 'targets' ? ${target}`;
        const rows = await union(
          database
            .select({ person: sql<string>`${exception.person}`.as('person') })
            .from(exception)
            .where(and(isNull(exception.resolvedAt), eq(exception.target, target), isNotNull(exception.person))),
          database
            .select({ person: pending.person })
            .from(pending)
            // What is due in a month waits for its day, and not for the target.
            .where(and(eq(pending.confidential, false), lte(pending.dueAt, now), waits)),
          database
            .select({ person: person.id })
            .from(person)
            .innerJoin(account, eq(account.owner, person.id))
            .where(and(eq(person.state, 'Terminating'), eq(account.target, target), eq(account.status, 'enabled'))),
        )
          .orderBy(sql`person`)
          .limit(limit);
        return rows.map((row) => row.person);
      }),
  };
}
