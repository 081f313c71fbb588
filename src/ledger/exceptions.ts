import { and, asc, eq, inArray, isNotNull, isNull, lte, sql } from 'drizzle-orm';
import { z } from 'zod';
import { page, pageSize, pageStart } from '../directory/cursor.ts';
import type { Session } from '../directory/session.ts';
import type { ExceptionRow, Transaction } from '../directory/store.ts';
import { Failure } from '../model/failure.ts';
import { alertUnclosed, exception } from './schema.ts';

type Exceptions = Pick<
  Transaction,
  | 'openException'
  | 'resolveException'
  | 'reviseException'
  | 'handOnExceptions'
  | 'exception'
  | 'exceptions'
  | 'takeException'
  | 'askSkip'
  | 'reopenSkipped'
  | 'markAlerted'
  | 'markAlertClosed'
>;

/** Reads and writes what somebody must see to; the list begins with what is due first. */
export function exceptions(session: Session): Exceptions {
  return {
    openException: (row) =>
      session.run(async (database) => {
        const inserted = await database
          .insert(exception)
          .values(row)
          .onConflictDoNothing({ target: exception.id })
          .returning({ id: exception.id });
        return inserted.length > 0;
      }),

    resolveException: (id, resolution, resolvedAt) =>
      session.run(async (database) => {
        const resolved = await database
          .update(exception)
          .set({ resolution, resolvedAt })
          .where(and(eq(exception.id, id), isNull(exception.resolvedAt)))
          .returning({ id: exception.id });
        return resolved.length > 0;
      }),

    reviseException: (id, change, isNews) =>
      session.run(async (database) => {
        const revised = await database
          .update(exception)
          .set({ ...change, ...(isNews ? { takenBy: null, takenAt: null } : {}) })
          .where(and(eq(exception.id, id), isNull(exception.resolvedAt)))
          .returning({ id: exception.id });
        return revised.length > 0;
      }),

    handOnExceptions: ({ from, names, to }) =>
      session.run(async (database) => {
        const isOpen = isNull(exception.resolvedAt);
        const owned = await database
          .update(exception)
          .set({ owner: to })
          .where(and(isOpen, eq(exception.owner, from)))
          .returning();
        const taken = await database
          .update(exception)
          .set({ takenBy: null, takenAt: null })
          .where(and(isOpen, inArray(exception.takenBy, [...names])))
          .returning();
        const found = new Map([...owned, ...taken].map((row) => [row.id, toException(row)]));
        return [...found.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
      }),

    exception: (id) =>
      session.run(async (database) => {
        const [found] = await database.select().from(exception).where(eq(exception.id, id));
        return found && toException(found);
      }),

    exceptions: (filter, request) =>
      session.run(async (database) => {
        const after = pageStart(request, 'exceptions', z.tuple([z.iso.datetime(), z.string()]));
        const size = pageSize(request);
        const which = and(
          after && sql`(${exception.dueAt}, ${exception.id}) > (${after[0]}, ${after[1]})`,
          flag(filter.open, isNull(exception.resolvedAt), isNotNull(exception.resolvedAt)),
          flag(filter.unalerted, isNull(exception.alertedAt), isNotNull(exception.alertedAt)),
          filter.alertUnclosed && alertUnclosed(exception),
          filter.person === undefined ? undefined : eq(exception.person, filter.person),
          filter.target === undefined ? undefined : eq(exception.target, filter.target),
          filter.kind === undefined ? undefined : sql`${exception.kind} = ${filter.kind}`,
        );
        const rows = await database
          .select()
          .from(exception)
          .where(which)
          .orderBy(asc(exception.dueAt), asc(exception.id))
          .limit(size + 1);
        return page(rows, size, 'exceptions', (row) => [row.dueAt, row.id], toException);
      }),

    takeException: (id, takenBy, takenAt) =>
      session.run(async (database) => {
        const taken = await database
          .update(exception)
          .set({ takenBy, takenAt })
          .where(and(eq(exception.id, id), isNull(exception.resolvedAt)))
          .returning({ id: exception.id });
        return taken.length > 0;
      }),

    askSkip: (id, ask) =>
      session.run(async (database) => {
        const which = and(eq(exception.id, id), isNull(exception.resolvedAt));
        const [found] = await database.select().from(exception).where(which).for('update');
        if (found === undefined) return { is: 'resolved' };
        const first = found.skipAskedBy === null ? undefined : found.resolution;
        if (first && first.by !== ask.by && found.until === ask.until) {
          return {
            is: 'agreed',
            by: `${first.by} and ${ask.by}`,
            reason: `${first.by}: ${first.reason}; ${ask.by}: ${ask.reason}`,
          };
        }
        // Kept where the resolution will stand; it shows in no answer before there is one.
        const resolution = { action: 'skip', by: ask.by, reason: ask.reason };
        await database.update(exception).set({ skipAskedBy: ask.by, until: ask.until, resolution }).where(which);
        return { is: 'asked' };
      }),

    reopenSkipped: (now, dueAt) =>
      session.run(async (database) => {
        const skipped = await database
          .select()
          .from(exception)
          .where(
            and(
              isNotNull(exception.resolvedAt),
              lte(exception.until, now),
              sql`${exception.resolution} ->> 'action' = 'skip'`,
              sql`NOT EXISTS (SELECT FROM ${exception} AS later WHERE later.id = ${nextId})`,
            ),
          )
          .orderBy(asc(exception.until), asc(exception.id))
          .limit(200);
        const reopened: ExceptionRow[] = [];
        for (const row of skipped) {
          const {
            id,
            alertedAt,
            alert,
            resolvedAt,
            resolution,
            alertClosedAt,
            takenBy,
            takenAt,
            until,
            skipAskedBy,
            ...same
          } = row;
          const reason = `Skipped until ${until} by ${resolution?.by}, and open again. ${row.reason}`;
          const again = { ...same, id: nextOf(id), reason, openedAt: now, dueAt };
          const [inserted] = await database.insert(exception).values(again).onConflictDoNothing().returning();
          if (inserted !== undefined) reopened.push(toException(inserted));
        }
        return reopened;
      }),

    markAlerted: (id, alert, alertedAt) => mark(session, id, { alert, alertedAt }),

    markAlertClosed: (id, alertClosedAt) => mark(session, id, { alertClosedAt }),
  };
}

/** The id that an exception has when it comes back: `…/step-failed`, `…/step-failed#2`, `…/step-failed#3`. */
const nextId = sql`regexp_replace(${exception.id}, '#\\d+$', '') || '#' || (coalesce(substring(${exception.id} from '#(\\d+)$')::int, 1) + 1)`;

function nextOf(id: string): string {
  const [, base = id, times = '1'] = /^(.*)#(\d+)$/s.exec(id) ?? [];
  return `${base}#${Number(times) + 1}`;
}

function mark(
  session: Session,
  id: string,
  change: { alert: string; alertedAt: string } | { alertClosedAt: string },
): Promise<void> {
  return session.run(async (database) => {
    const marked = await database
      .update(exception)
      .set(change)
      .where(eq(exception.id, id))
      .returning({ id: exception.id });
    if (marked.length === 0) throw new Failure('not-found', `the ledger knows no exception ${id}`);
  });
}

function flag<T>(wanted: boolean | undefined, yes: T, no: T): T | undefined {
  if (wanted === undefined) return undefined;
  return wanted ? yes : no;
}

/** A row of the table as the store gives it. */
export function toException(row: typeof exception.$inferSelect): ExceptionRow {
  const { id, kind, workflowId, reason, owner, openedAt, dueAt } = row;
  const { person, event, target, alertedAt, alert, resolvedAt, resolution, alertClosedAt } = row;
  const { takenBy, takenAt, until, skipAskedBy, about } = row;
  return {
    id,
    kind,
    workflowId,
    reason,
    owner,
    openedAt,
    dueAt,
    ...(person !== null && { person }),
    ...(event !== null && { event }),
    ...(target !== null && { target }),
    ...(about !== null && { about }),
    ...(alertedAt !== null && { alertedAt }),
    ...(alert !== null && { alert }),
    ...(resolvedAt !== null && { resolvedAt }),
    ...(resolvedAt !== null && resolution !== null && { resolution }),
    ...(alertClosedAt !== null && { alertClosedAt }),
    ...(takenBy !== null && { takenBy }),
    ...(takenAt !== null && { takenAt }),
    ...(until !== null && { until }),
    ...(skipAskedBy !== null && { skipAskedBy }),
  };
}
