import { and, arrayOverlaps, asc, eq, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import { page, pageSize, pageStart } from '../directory/cursor.ts';
import type { Session } from '../directory/session.ts';
import type { Transaction } from '../directory/store.ts';
import type { Approval } from '../model/approval.ts';
import { Failure } from '../model/failure.ts';
import { approval } from './schema-decisions.ts';

type Approvals = Pick<Transaction, 'openApproval' | 'updateApproval' | 'approval' | 'approvals'>;

/** Reads and writes what people are asked to agree to; the list begins with what is due first. */
export function approvals(session: Session): Approvals {
  return {
    openApproval: (row) =>
      session.run(async (database) => {
        const inserted = await database
          .insert(approval)
          .values(row)
          .onConflictDoNothing({ target: approval.id })
          .returning({ id: approval.id });
        return inserted.length > 0;
      }),

    updateApproval: (id, change) =>
      session.run(async (database) => {
        const changed = await database
          .update(approval)
          .set(change)
          .where(eq(approval.id, id))
          .returning({ id: approval.id });
        if (changed.length === 0) throw new Failure('not-found', `the ledger knows no approval ${id}`);
      }),

    approval: (id, options) =>
      session.run(async (database) => {
        const query = database.select().from(approval).where(eq(approval.id, id));
        const [found] = await (options?.lock === true ? query.for('update') : query);
        return found && toApproval(found);
      }),

    approvals: (filter, request) =>
      session.run(async (database) => {
        const after = pageStart(request, 'approvals', z.tuple([z.iso.datetime(), z.string()]));
        const size = pageSize(request);
        const which = and(
          after && sql`(${approval.dueAt}, ${approval.id}) > (${after[0]}, ${after[1]})`,
          isOpen(filter.open),
          filter.person === undefined ? undefined : eq(approval.person, filter.person),
          filter.hash === undefined ? undefined : eq(approval.hash, filter.hash),
          filter.approver === undefined
            ? undefined
            : arrayOverlaps(approval.approvers, [filter.approver, `operator:${filter.approver}`]),
        );
        const rows = await database
          .select()
          .from(approval)
          .where(which)
          .orderBy(asc(approval.dueAt), asc(approval.id))
          .limit(size + 1);
        return page(rows, size, 'approvals', (row) => [row.dueAt, row.id], toApproval);
      }),
  };
}

function isOpen(wanted: boolean | undefined) {
  if (wanted === undefined) return undefined;
  return wanted ? eq(approval.state, 'open') : ne(approval.state, 'open');
}

function toApproval(row: typeof approval.$inferSelect): Approval {
  const { decidedAt, decidedBy, comment, ...rest } = row;
  return {
    ...rest,
    ...(decidedAt !== null && { decidedAt }),
    ...(decidedBy !== null && { decidedBy }),
    ...(comment !== null && { comment }),
  };
}
