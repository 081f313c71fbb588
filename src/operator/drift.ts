import { z } from 'zod';
import type { Page, Reader } from '../directory/store.ts';
import { findings, schedules } from '../model/checks.ts';

const found = z.strictObject({
  'live-leaver': z.int(),
  unplanned: z.int(),
  orphan: z.int(),
  vanished: z.int(),
});

/** What the last reading of a target came to. */
export const targetDriftShape = z.strictObject({
  target: z.string(),
  at: z.iso.datetime(),
  /** The reconciliation that read it. */
  workflowId: z.string(),
  accounts: z.int(),
  found,
  /** Differences that are kept one by one; the others are counted alone. */
  kept: z.int(),
  repairs: z.int(),
});
export type TargetDrift = z.infer<typeof targetDriftShape>;

/** One difference between a target and what should be. */
export const driftShape = z.strictObject({
  account: z.string(),
  entitlement: z.string().exactOptional(),
  finding: z.enum(findings),
  person: z.string().exactOptional(),
  action: z.enum(['repair', 'ask', 'report']),
});
export type ShownDrift = z.infer<typeof driftShape>;

const reconciledSchema = targetDriftShape.omit({ target: true, at: true }).loose();
const findingsSchema = z.object({ findings: z.array(driftShape) });

/** Readings that are looked back at for those of a target that is not read any more. */
const most = 1_000;

/** The last reading of each target, by its name. */
export async function lastReadings(reader: Reader): Promise<TargetDrift[]> {
  const readings = new Map<string, TargetDrift>();
  let cursor: string | undefined;
  let looked = 0;
  do {
    const page = await reader.evidence(
      { workflowId: schedules.reconcile, newestFirst: true },
      { limit: 200, ...(cursor === undefined ? {} : { cursor }) },
    );
    for (const { kind, target, at, data } of page.items) {
      if (kind !== 'target-reconciled' || target === undefined || readings.has(target)) continue;
      const { workflowId, accounts, found, kept, repairs } = reconciledSchema.parse(data);
      readings.set(target, { target, at, workflowId, accounts, found, kept, repairs });
    }
    looked += page.items.length;
    cursor = looked >= most ? undefined : page.next;
  } while (cursor !== undefined);
  return [...readings.values()].sort((one, other) => (one.target < other.target ? -1 : 1));
}

/** A page of the differences that a reading found; a page has as many as were written together. */
export async function driftOf(
  reader: Reader,
  { target, workflowId }: Pick<TargetDrift, 'target' | 'workflowId'>,
  cursor?: string,
): Promise<Page<ShownDrift>> {
  let next = cursor;
  for (;;) {
    const page = await reader.evidence({ workflowId }, { limit: 5, ...(next === undefined ? {} : { cursor: next }) });
    const items = page.items
      .filter((row) => row.kind === 'drift-found' && row.target === target)
      .flatMap(({ data }) => findingsSchema.parse(data).findings);
    if (page.next === undefined) return { items };
    if (items.length > 0) return { items, next: page.next };
    next = page.next;
  }
}
