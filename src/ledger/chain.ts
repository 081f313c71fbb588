import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { asc, count, gt, isNull, sql } from 'drizzle-orm';
import type { Database, Session } from '../directory/session.ts';
import type { ChainVerdict, EvidenceRow } from '../directory/store.ts';
import { toEvidence } from './evidence.ts';
import { chain, evidence } from './schema.ts';

/** What stands before the first row. */
const beginning = { position: 0, hash: '' };

/** Rows that are read and checked at a time. */
const batch = 1_000;

/**
 * SHA-256 (hex) over the hash before, a line feed, and the RFC 8785 form of the row without its own hash.
 * Anybody can make it again from an exported row.
 */
export function chainHash(previous: string, row: EvidenceRow): string {
  const { hash: _, ...content } = row;
  return createHash('sha256')
    .update(`${previous}\n${canonicalize(content)}`)
    .digest('hex');
}

/** Whether anything waits for the sealer; much cheaper than beginning to seal. */
export async function isUnsealed(session: Session): Promise<boolean> {
  const rows = await session.run((database) =>
    database.select({ seq: evidence.seq }).from(evidence).where(isNull(evidence.position)).limit(1),
  );
  return rows.length > 0;
}

/**
 * Puts up to `limit` unsealed rows at the chain's end, the earliest inserted first; says how many. A row whose transaction
 * commits late gets a later place: its `seq` tells nothing of the chain's order, `position` does.
 */
export function sealRows(session: Session, limit: number): Promise<number> {
  return session.run(async (database) => {
    // The lock on its own: the statements after it must see what the sealer before has committed.
    await database.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended('muster:seal', 0))`);
    const rows = await database
      .select()
      .from(evidence)
      .where(isNull(evidence.position))
      .orderBy(asc(evidence.seq))
      .limit(limit);
    if (rows.length === 0) return 0;
    const end = await chainEnd(database);
    const sealed = link(rows.map(toEvidence), end);
    const last = sealed.at(-1) ?? end;
    await database.execute(sql`
      UPDATE ${evidence} SET position = sealed.position, hash = sealed.hash
      FROM json_to_recordset(${JSON.stringify(sealed)}::json) AS sealed (seq bigint, position bigint, hash text)
      WHERE ${evidence.seq} = sealed.seq`);
    await database.update(chain).set({ position: last.position, hash: last.hash });
    return sealed.length;
  });
}

interface Link {
  seq: number;
  position: number;
  hash: string;
}

function link(rows: EvidenceRow[], end: { position: number; hash: string }): Link[] {
  let { position, hash } = end;
  return rows.map((row) => {
    position += 1;
    hash = chainHash(hash, { ...row, position });
    return { seq: row.seq, position, hash };
  });
}

/** Walks the chain from its first row. The session must see one state throughout, or a sealer at work looks like a fault. */
export function verifyChain(session: Session): Promise<ChainVerdict> {
  return session.run(async (database) => {
    const end = await chainEnd(database);
    let last = beginning;
    for (;;) {
      const rows = await database
        .select()
        .from(evidence)
        .where(gt(evidence.position, last.position))
        .orderBy(asc(evidence.position))
        .limit(batch);
      for (const row of rows) {
        const position = last.position + 1;
        const fault = faultAt(position, last.hash, toEvidence(row));
        if (fault !== undefined) return { intact: false, rows: last.position, at: position, fault };
        last = { position, hash: row.hash ?? '' };
      }
      if (rows.length < batch) break;
    }
    if (last.position !== end.position || last.hash !== end.hash) {
      const fault = `the chain ends at row ${last.position}, its head says ${end.position}: the newest rows were removed or replaced`;
      return { intact: false, rows: last.position, at: last.position + 1, fault };
    }
    return { intact: true, rows: last.position, head: last.hash || undefined, unsealed: await countUnsealed(database) };
  });
}

function faultAt(position: number, previous: string, row: EvidenceRow): string | undefined {
  if (row.position !== position) return `row ${position} of the chain was removed`;
  if (row.hash !== chainHash(previous, row))
    return `row ${position} of the chain (seq ${row.seq}) was changed or moved`;
  return undefined;
}

async function chainEnd(database: Database): Promise<{ position: number; hash: string }> {
  const [end] = await database.select({ position: chain.position, hash: chain.hash }).from(chain);
  return end ?? beginning;
}

async function countUnsealed(database: Database): Promise<number> {
  const [row] = await database.select({ rows: count() }).from(evidence).where(isNull(evidence.position));
  return row?.rows ?? 0;
}
