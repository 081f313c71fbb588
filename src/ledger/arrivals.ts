import { and, desc, eq, inArray, isNull, lt } from 'drizzle-orm';
import { z } from 'zod';
import { page, pageSize, pageStart } from '../directory/cursor.ts';
import type { Session } from '../directory/session.ts';
import type { Arrival, Transaction } from '../directory/store.ts';
import { Failure } from '../model/failure.ts';
import { arrival } from './schema.ts';

type Arrivals = Pick<
  Transaction,
  'admit' | 'takeOver' | 'updateArrival' | 'reopenArrival' | 'isParked' | 'arrival' | 'arrivals'
>;

/** Reads and writes events as they arrived. */
export function arrivals(session: Session): Arrivals {
  return {
    admit: ({ key, event, workflowId, firstRunId, person = null, receivedAt }) =>
      session.run(async (database) => {
        // Twice at most: between the refused insert and the look, the row can only vanish if its transaction was undone.
        for (let attempt = 1; attempt <= 2; attempt += 1) {
          const inserted = await database
            .insert(arrival)
            .values({ key, event, source: event.source, type: event.type, workflowId, firstRunId, person, receivedAt })
            .onConflictDoNothing({ target: arrival.key })
            .returning({ key: arrival.key });
          if (inserted.length > 0) return { inserted: true };
          const [existing] = await database.select().from(arrival).where(eq(arrival.key, key)).for('update');
          if (existing !== undefined) return { inserted: false, existing: toArrival(existing) };
        }
        throw new Failure('conflict', `the arrival ${key} comes and goes: somebody is removing it`);
      }),

    takeOver: (key, firstRunId) =>
      session.run(async (database) => {
        const changed = await database
          .update(arrival)
          .set({ firstRunId })
          .where(eq(arrival.key, key))
          .returning({ key: arrival.key });
        if (changed.length === 0) throw unknownArrival(key);
      }),

    updateArrival: (key, change) =>
      session.run(async (database) => {
        if (Object.values(change).every((value) => value === undefined)) return;
        const changed = await database
          .update(arrival)
          .set(change)
          .where(eq(arrival.key, key))
          .returning({ key: arrival.key });
        if (changed.length === 0) throw unknownArrival(key);
      }),

    reopenArrival: (key) =>
      session.run(async (database) => {
        const which = and(eq(arrival.key, key), isNull(arrival.settledAt));
        await database.update(arrival).set({ outcome: null, reason: null }).where(which);
      }),

    isParked: (source, types) =>
      session.run(async (database) => {
        // Before it is admitted nobody knows whom it is about.
        const parked = and(eq(arrival.outcome, 'held'), isNull(arrival.person), isNull(arrival.settledAt));
        const which = and(parked, eq(arrival.source, source), inArray(arrival.type, types));
        return (await database.select({ key: arrival.key }).from(arrival).where(which).limit(1)).length > 0;
      }),

    arrival: (key) =>
      session.run(async (database) => {
        const [found] = await database.select().from(arrival).where(eq(arrival.key, key));
        return found && toArrival(found);
      }),

    arrivals: (filter, request) =>
      session.run(async (database) => {
        const after = pageStart(request, 'arrivals', z.int());
        const size = pageSize(request);
        const which = and(
          after === undefined ? undefined : lt(arrival.seq, after),
          filter.source === undefined ? undefined : eq(arrival.source, filter.source),
          filter.outcome === undefined ? undefined : eq(arrival.outcome, filter.outcome),
          filter.person === undefined ? undefined : eq(arrival.person, filter.person),
          filter.type === undefined ? undefined : eq(arrival.type, filter.type),
          filter.unsettledBefore === undefined
            ? undefined
            : and(isNull(arrival.settledAt), lt(arrival.receivedAt, filter.unsettledBefore)),
        );
        const rows = await database
          .select()
          .from(arrival)
          .where(which)
          .orderBy(desc(arrival.seq))
          .limit(size + 1);
        return page(rows, size, 'arrivals', (row) => row.seq, toArrival);
      }),
  };
}

function toArrival(row: typeof arrival.$inferSelect): Arrival {
  const { key, event, workflowId, firstRunId, receivedAt, person, outcome, reason, settledAt } = row;
  return {
    key,
    event,
    workflowId,
    firstRunId,
    receivedAt,
    ...(person !== null && { person }),
    ...(outcome !== null && { outcome }),
    ...(reason !== null && { reason }),
    ...(settledAt !== null && { settledAt }),
  };
}

function unknownArrival(key: string): Failure {
  return new Failure('not-found', `the ledger knows no arrival ${key}`);
}
