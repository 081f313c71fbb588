import { and, asc, eq, isNotNull, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { page, pageSize, pageStart } from '../directory/cursor.ts';
import type { Session } from '../directory/session.ts';
import type { ExceptionRow, Transaction } from '../directory/store.ts';
import { Failure } from '../model/failure.ts';
import { alertUnclosed, exception } from './schema.ts';

type Exceptions = Pick<
  Transaction,
  'openException' | 'resolveException' | 'exception' | 'exceptions' | 'markAlerted' | 'markAlertClosed'
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

    markAlerted: (id, alert, alertedAt) => mark(session, id, { alert, alertedAt }),

    markAlertClosed: (id, alertClosedAt) => mark(session, id, { alertClosedAt }),
  };
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

function toException(row: typeof exception.$inferSelect): ExceptionRow {
  const { id, kind, workflowId, reason, owner, openedAt, dueAt } = row;
  const { person, event, target, alertedAt, alert, resolvedAt, resolution, alertClosedAt } = row;
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
    ...(alertedAt !== null && { alertedAt }),
    ...(alert !== null && { alert }),
    ...(resolvedAt !== null && { resolvedAt }),
    ...(resolution !== null && { resolution }),
    ...(alertClosedAt !== null && { alertClosedAt }),
  };
}
