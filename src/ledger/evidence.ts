import { and, asc, desc, eq, gt, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { page, pageSize, pageStart } from '../directory/cursor.ts';
import type { Session } from '../directory/session.ts';
import type { EvidenceRow, Transaction } from '../directory/store.ts';
import { beforeState, evidence } from './schema.ts';

/** Writes evidence, unchained, and reads it in the order in which it came. */
export function evidenceRows(
  session: Session,
): Pick<Transaction, 'addEvidence' | 'evidence' | 'keepBefore' | 'before'> {
  return {
    addEvidence: (pieces) =>
      session.run(async (database) => {
        if (pieces.length === 0) return;
        await database
          .insert(evidence)
          .values(pieces)
          .onConflictDoNothing({ target: [evidence.workflowId, evidence.step, evidence.kind] });
      }),

    evidence: (filter, request) =>
      session.run(async (database) => {
        const after = pageStart(request, 'evidence', z.int());
        const size = pageSize(request);
        const which = and(
          after === undefined ? undefined : filter.newestFirst ? lt(evidence.seq, after) : gt(evidence.seq, after),
          filter.person === undefined ? undefined : eq(evidence.person, filter.person),
          filter.event === undefined ? undefined : eq(evidence.event, filter.event),
          filter.workflowId === undefined ? undefined : eq(evidence.workflowId, filter.workflowId),
        );
        const rows = await database
          .select()
          .from(evidence)
          .where(which)
          .orderBy(filter.newestFirst ? desc(evidence.seq) : asc(evidence.seq))
          .limit(size + 1);
        return page(rows, size, 'evidence', (row) => row.seq, toEvidence);
      }),

    keepBefore: ({ event, target, account, state, at }) =>
      session.run(async (database) => {
        const inserted = await database
          .insert(beforeState)
          // As text: Drizzle would make SQL's NULL of JSON's null, which here means that nothing was there.
          .values({ event, target, account, state: sql`${JSON.stringify(state) ?? 'null'}::json`, at })
          .onConflictDoNothing({ target: [beforeState.event, beforeState.target, beforeState.account] })
          .returning({ state: beforeState.state });
        if (inserted[0] !== undefined) return inserted[0].state;
        const [kept] = await database
          .select({ state: beforeState.state })
          .from(beforeState)
          .where(and(eq(beforeState.event, event), eq(beforeState.target, target), eq(beforeState.account, account)));
        return kept?.state;
      }),

    before: (event) =>
      session.run((database) =>
        database
          .select({ target: beforeState.target, account: beforeState.account, state: beforeState.state })
          .from(beforeState)
          .where(eq(beforeState.event, event))
          .orderBy(asc(beforeState.target), asc(beforeState.account)),
      ),
  };
}

/** A row of the table as everybody else sees it; what is not there is absent, never null, or hashes would differ. */
export function toEvidence(row: typeof evidence.$inferSelect): EvidenceRow {
  const { seq, workflowId, step, kind, at, data, recordedAt, person, event, target, position, hash } = row;
  return {
    seq,
    workflowId,
    step,
    kind,
    at,
    data,
    recordedAt,
    ...(person !== null && { person }),
    ...(event !== null && { event }),
    ...(target !== null && { target }),
    ...(position !== null && { position }),
    ...(hash !== null && { hash }),
  };
}
