import { and, asc, eq, isNotNull, isNull, lte, or, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { page, pageSize, pageStart } from '../directory/cursor.ts';
import type { Session } from '../directory/session.ts';
import type { AlertOf, AlertRow, Page, PageRequest, Transaction } from '../directory/store.ts';
import { toException } from './exceptions.ts';
import { exception } from './schema.ts';
import { alert } from './schema-decisions.ts';

type Alerts = Pick<Transaction, 'planAlerts' | 'alertsToSend' | 'alertsToClose' | 'alerts' | 'markSent' | 'markClosed'>;

/** Reads and writes where each exception is told, so that each place hears of it once. */
export function alerts(session: Session): Alerts {
  return {
    planAlerts: (rows) =>
      session.run(async (database) => {
        if (rows.length === 0) return;
        await database
          .insert(alert)
          .values(rows.map((row) => ({ ...row, times: 0 })))
          .onConflictDoNothing();
      }),

    alertsToSend: (repeatBefore, request) => {
      const again = and(
        isNull(exception.takenBy),
        lte(alert.sentAt, repeatBefore),
        sql`${alert.route} NOT LIKE 'incident:%'`,
      );
      return list(session, 'alerts to send', request, and(isNull(exception.resolvedAt), or(eq(alert.times, 0), again)));
    },

    alertsToClose: (request) => list(session, 'alerts to close', request, isNotNull(exception.resolvedAt)),

    alerts: (id) =>
      session.run(async (database) => {
        const rows = await database.select().from(alert).where(eq(alert.exception, id)).orderBy(asc(alert.route));
        return rows.map(toAlert);
      }),

    markSent: (id, route, sentAt, reference) =>
      session.run(async (database) => {
        await database
          .update(alert)
          .set({ sentAt, times: sql`${alert.times} + 1`, ...(reference === undefined ? {} : { reference }) })
          .where(and(eq(alert.exception, id), eq(alert.route, route)));
      }),

    markClosed: (id, route, closedAt) =>
      session.run(async (database) => {
        await database
          .update(alert)
          .set({ closedAt })
          .where(and(eq(alert.exception, id), eq(alert.route, route)));
      }),
  };
}

/** In the order of exceptions' ids, so that no place that cannot be told stands before the others for ever. */
function list(session: Session, name: string, request: PageRequest, which: SQL | undefined): Promise<Page<AlertOf>> {
  return session.run(async (database) => {
    const after = pageStart(request, name, z.tuple([z.string(), z.string()]));
    const size = pageSize(request);
    const rows = await database
      .select({ alert, exception })
      .from(alert)
      .innerJoin(exception, eq(exception.id, alert.exception))
      .where(
        and(
          isNull(alert.closedAt),
          which,
          after && sql`(${alert.exception}, ${alert.route}) > (${after[0]}, ${after[1]})`,
        ),
      )
      .orderBy(asc(alert.exception), asc(alert.route))
      .limit(size + 1);
    return page(
      rows,
      size,
      name,
      (row) => [row.alert.exception, row.alert.route],
      (row) => ({ alert: toAlert(row.alert), exception: toException(row.exception) }),
    );
  });
}

function toAlert({ reference, closedAt, ...row }: typeof alert.$inferSelect): AlertRow {
  return { ...row, ...(reference !== null && { reference }), ...(closedAt !== null && { closedAt }) };
}
