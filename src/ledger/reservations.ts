import { and, asc, count, desc, eq, exists, gt, isNotNull, lte, notExists, notInArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { page, pageSize, pageStart } from '../directory/cursor.ts';
import { pending, person } from '../directory/schema.ts';
import type { Session } from '../directory/session.ts';
import type { Transaction } from '../directory/store.ts';
import type { Hold, Reservation } from '../model/hold.ts';
import { hold, reservation } from './schema-decisions.ts';

type Reservations = Pick<
  Transaction,
  | 'countReserved'
  | 'countActiveSince'
  | 'reservation'
  | 'addReservations'
  | 'reservationsOf'
  | 'heldFor'
  | 'untold'
  | 'decideReservations'
  | 'hold'
  | 'openHold'
  | 'holds'
  | 'putHold'
  | 'endsAhead'
>;

/** Rows in one insert: PostgreSQL takes 65,535 parameters. */
const together = 1_000;

/** Counts whom safeguards let through, and keeps what they did not. The callers of a kind take turns by a lock of their own. */
export function reservations(session: Session): Reservations {
  return {
    countReserved: (kind, id, now) =>
      session.run(async (database) => {
        const inHour = sql`${reservation.at} > moment.at - interval '60 minutes'`;
        const isThem = sql`${reservation.person} = ${id}`;
        const [row] = await database
          .select({
            at: sql`moment.at`.mapWith(reservation.at),
            hour: sql<number>`(count(DISTINCT ${reservation.person}) FILTER (WHERE ${inHour}))::int`,
            day: sql<number>`count(DISTINCT ${reservation.person})::int`,
            inHour: sql<boolean>`coalesce(bool_or(${isThem} AND ${inHour}), false)`,
            inDay: sql<boolean>`coalesce(bool_or(${isThem}), false)`,
          })
          .from(
            sql`(SELECT date_trunc('milliseconds', greatest(${now}::timestamptz, clock_timestamp())) AS at) AS moment
              LEFT JOIN ${reservation} ON ${reservation.kind} = ${kind} AND ${reservation.state} = 'taken'
                AND ${reservation.hold} IS NULL AND ${reservation.at} > moment.at - interval '24 hours'`,
          )
          .groupBy(sql`moment.at`);
        if (row === undefined) throw new Error('an aggregate over one moment has one row');
        return {
          at: row.at,
          hour: { people: row.hour, includes: row.inHour },
          day: { people: row.day, includes: row.inDay },
        };
      }),

    countActiveSince: (since) =>
      session.run(async (database) => {
        const [active] = await database.select({ people: count() }).from(person).where(eq(person.state, 'Active'));
        const [ended] = await database
          .select({ people: sql<number>`count(DISTINCT ${reservation.person})::int` })
          .from(reservation)
          .innerJoin(person, eq(person.id, reservation.person))
          .where(
            and(
              sql`${reservation.kind} IN ('end', 'security')`,
              eq(reservation.state, 'taken'),
              gt(reservation.at, since),
              sql`${person.state} <> 'Active'`,
            ),
          );
        return (active?.people ?? 0) + (ended?.people ?? 0);
      }),

    reservation: (id, event, kind) =>
      session.run(async (database) => {
        const which = and(eq(reservation.person, id), eq(reservation.event, event), eq(reservation.kind, kind));
        const [found] = await database.select().from(reservation).where(which);
        return found && toReservation(found);
      }),

    addReservations: (rows) =>
      session.run(async (database) => {
        for (let start = 0; start < rows.length; start += together) {
          await database
            .insert(reservation)
            .values(rows.slice(start, start + together))
            .onConflictDoNothing();
        }
      }),

    reservationsOf: ({ hold: id, state }, limit) =>
      session.run(async (database) => {
        const rows = database
          .select()
          .from(reservation)
          .where(and(eq(reservation.hold, id), state === undefined ? undefined : eq(reservation.state, state)))
          .orderBy(asc(reservation.at), asc(reservation.person), asc(reservation.event))
          .$dynamic();
        return (await (limit === undefined ? rows : rows.limit(limit))).map(toReservation);
      }),

    heldFor: (id) =>
      session.run(async (database) => {
        const rows = await database
          .select()
          .from(reservation)
          .where(and(eq(reservation.person, id), isNotNull(reservation.hold)))
          .orderBy(asc(reservation.at), asc(reservation.event));
        return rows.map(toReservation);
      }),

    untold: (decidedBefore, limit) =>
      session.run((database) => {
        const waitsFor = sql<string>`${pending.data}->>'hold'`;
        const ofThem = and(eq(reservation.person, pending.person), sql`${reservation.hold} = ${waitsFor}`);
        const decided = database.select({ event: reservation.event }).from(reservation).where(ofThem);
        const undecided = database
          .select({ event: reservation.event })
          .from(reservation)
          .where(and(ofThem, sql`(${reservation.state} = 'held' OR ${reservation.at} > ${decidedBefore})`));
        return database
          .selectDistinct({ person: pending.person, hold: waitsFor })
          .from(pending)
          .where(and(sql`${pending.data} ? 'hold'`, exists(decided), notExists(undecided)))
          .orderBy(asc(pending.person))
          .limit(limit);
      }),

    decideReservations: (id, events, { state, ...decided }) =>
      session.run(async (database) => {
        const rows = await database
          .update(reservation)
          .set({
            state,
            // From now on it is done: those who end count as having been active until then.
            at: decided.at,
            data: sql`${reservation.data} || ${JSON.stringify({ decided })}::jsonb`,
          })
          .where(
            and(
              eq(reservation.hold, id),
              eq(reservation.state, 'held'),
              sql`${reservation.event} IN (SELECT json_array_elements_text(${JSON.stringify(events)}::json))`,
            ),
          )
          .returning();
        return rows.map(toReservation);
      }),

    hold: (id) =>
      session.run(async (database) => {
        const [found] = await database.select().from(hold).where(eq(hold.id, id));
        return found && toHold(found);
      }),

    openHold: (kind) =>
      session.run(async (database) => {
        const isAhead = sql`${hold.data} ? 'ahead'`;
        const which = and(eq(hold.kind, kind), eq(hold.state, 'open'), sql`NOT (${isAhead})`);
        const [found] = await database.select().from(hold).where(which).orderBy(asc(hold.openedAt)).limit(1);
        return found && toHold(found);
      }),

    holds: (filter, request) =>
      session.run(async (database) => {
        const before = pageStart(request, 'holds', z.tuple([z.iso.datetime(), z.string()]));
        const size = pageSize(request);
        const which = and(
          before && sql`(${hold.openedAt}, ${hold.id}) < (${before[0]}, ${before[1]})`,
          filter.state === undefined ? undefined : eq(hold.state, filter.state),
          filter.kind === undefined ? undefined : eq(hold.kind, filter.kind),
        );
        const rows = await database
          .select()
          .from(hold)
          .where(which)
          .orderBy(desc(hold.openedAt), desc(hold.id))
          .limit(size + 1);
        return page(rows, size, 'holds', (row) => [row.openedAt, row.id], toHold);
      }),

    putHold: ({ closedAt = null, ...row }) =>
      session.run(async (database) => {
        await database
          .insert(hold)
          .values({ ...row, closedAt })
          .onConflictDoUpdate({ target: hold.id, set: { ...row, closedAt } });
      }),

    endsAhead: (from, until) =>
      session.run((database) => {
        const released = database
          .select({ event: reservation.event })
          .from(reservation)
          .where(and(eq(reservation.person, pending.person), eq(reservation.event, pending.event)));
        return database
          .select({
            person: pending.person,
            event: pending.event,
            dueAt: pending.dueAt,
            confidential: pending.confidential,
          })
          .from(pending)
          .innerJoin(person, eq(person.id, pending.person))
          .where(
            and(
              eq(pending.kind, 'end'),
              gt(pending.dueAt, from),
              lte(pending.dueAt, until),
              notInArray(person.state, ['Terminating', 'Terminated', 'Cancelled']),
              notExists(released),
            ),
          )
          .orderBy(asc(pending.dueAt), asc(pending.person), asc(pending.event));
      }),
  };
}

function toReservation({ hold: id, ...row }: typeof reservation.$inferSelect): Reservation {
  return { ...row, ...(id !== null && { hold: id }) };
}

function toHold({ closedAt, ...row }: typeof hold.$inferSelect): Hold {
  return { ...row, ...(closedAt !== null && { closedAt }) };
}
