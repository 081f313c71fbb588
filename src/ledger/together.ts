import { type SQL, sql } from 'drizzle-orm';
import { account } from '../directory/schema.ts';
import type { Database, Session } from '../directory/session.ts';
import type { Together } from '../directory/store.ts';
import { beforeState, evidence } from './schema.ts';

/** Writes what belongs together in one statement: atomic like a transaction, without the two round trips of one. */
export function writeTogether(session: Session, pieces: Together): Promise<void> {
  return session.run(async (database) => {
    const parts = [...kept(database, pieces), ...seen(database, pieces), ...proven(database, pieces)];
    const last = parts.pop();
    if (last === undefined) return;
    const first = parts.map((part, index) => sql`${sql.raw(`part_${index}`)} AS (${part})`);
    await database.execute(first.length === 0 ? last : sql`WITH ${sql.join(first, sql`, `)} ${last}`);
  });
}

function kept(database: Database, { before = [] }: Together): SQL[] {
  if (before.length === 0) return [];
  const rows = before.map(({ state, ...row }) => ({
    ...row,
    // As text: Drizzle would make SQL's NULL of JSON's null, which here means that nothing was there.
    state: sql`${JSON.stringify(state) ?? 'null'}::json`,
  }));
  const { event, target, account: id } = beforeState;
  return [
    database
      .insert(beforeState)
      .values(rows)
      .onConflictDoNothing({ target: [event, target, id] })
      .getSQL(),
  ];
}

function seen(database: Database, { accounts = [] }: Together): SQL[] {
  if (accounts.length === 0) return [];
  // What was known of it stays known: whose it is, and how it came to us.
  const { name, kind, status, entitlements, seenAt } = account;
  const set = {
    name: excluded(name),
    kind: excluded(kind),
    status: excluded(status),
    entitlements: excluded(entitlements),
    seenAt: excluded(seenAt),
    updatedAt: sql`now()`,
  };
  return [
    database
      .insert(account)
      .values(accounts.map(({ managedBy = null, seenAt: at = null, ...row }) => ({ ...row, managedBy, seenAt: at })))
      .onConflictDoUpdate({ target: [account.target, account.id], set })
      .getSQL(),
  ];
}

function proven(database: Database, { evidence: pieces }: Together): SQL[] {
  if (pieces.length === 0) return [];
  const { workflowId, step, kind } = evidence;
  return [
    database
      .insert(evidence)
      .values(pieces)
      .onConflictDoNothing({ target: [workflowId, step, kind] })
      .getSQL(),
  ];
}

const excluded = (column: { name: string }): SQL => sql.raw(`excluded.${column.name}`);
