import { z } from 'zod';
import type { Propagation, Transaction } from '../directory/store.ts';
import type { PropagationProgress } from '../model/propagation.ts';
import type { EntitlementRef } from '../policy/separation.ts';

const entitlementRef = z.object({ target: z.string(), entitlement: z.string() });

const propagationData = z.object({
  /** What the policy speaks of: what a later one speaks of no more is taken back by this. */
  governs: z.array(entitlementRef).default([]),
  /** The people of this batch whose events are not settled. */
  batch: z.array(z.object({ person: z.string(), revoke: z.array(entitlementRef) })).default([]),
  /** Their events have been started. */
  started: z.boolean().default(false),
  /** Everybody has been looked at. */
  isLast: z.boolean().default(false),
  people: z.number().default(0),
  held: z.number().default(0),
  /** Asked for again, of a policy that everybody has had: what was asked and told then is not asked again. */
  again: z.boolean().default(false),
  /** Nobody was looked at: later policies are compared with this one. */
  baseline: z.boolean().default(false),
  /** The workflow's run that began it. */
  run: z.string().exactOptional(),
  reason: z.string().exactOptional(),
});

/** What the row of a propagation remembers beside its columns. */
export type PropagationData = z.infer<typeof propagationData>;

/** Reads it. */
export const dataOf = (row: Propagation): PropagationData => propagationData.parse(row.data);

/** The row as everybody may see it. */
export function progressOf(row: Propagation): PropagationProgress {
  const { id, policy, before, state, by, startedAt, endedAt, looked, changed } = row;
  const { batch, held, people, reason } = dataOf(row);
  return {
    ...{ id, policy, ...(before === undefined ? {} : { before }), state, by, startedAt },
    ...(endedAt === undefined ? {} : { endedAt }),
    ...{ looked, people, changed, inFlight: batch.length, held },
    ...(reason === undefined ? {} : { reason }),
  };
}

/** How far the last one is that was more than noted; undefined where there was none. */
export async function lastPropagation(reader: Pick<Transaction, 'propagations'>): Promise<Propagation | undefined> {
  return (await reader.propagations(20)).find((row) => !dataOf(row).baseline);
}

/** What earlier policies spoke of: the last that reached everybody, and those after it that were stopped on their way. */
export function governedBefore(rows: readonly Propagation[]): EntitlementRef[] {
  const finished = rows.findIndex(({ state }) => state === 'finished');
  const counted = finished === -1 ? rows : rows.slice(0, finished + 1);
  const all = counted.flatMap((row) => dataOf(row).governs);
  return [...new Map(all.map((ref) => [`${ref.target}/${ref.entitlement}`, ref])).values()];
}

/** Stops what is on its way; no event is started any more, those that are go on. Undefined where nothing was. */
export async function stopPropagation(
  tx: Transaction,
  { by, at, reason }: { by: string; at: string; reason: string },
): Promise<PropagationProgress | undefined> {
  const [latest] = await tx.propagations(1);
  const row = latest === undefined ? undefined : await tx.propagation(latest.id, { lock: true });
  if (row?.state !== 'running') return undefined;
  const stopped: Propagation = {
    ...row,
    state: 'stopped',
    endedAt: at,
    data: { ...row.data, reason: `stopped by ${by}: ${reason}` },
  };
  await tx.putPropagation(stopped);
  await note(tx, stopped, 'policy-propagation-stopped', at, { by, reason });
  return progressOf(stopped);
}

/** A piece of evidence about a propagation. */
export function note(
  tx: Pick<Transaction, 'addEvidence'>,
  row: Propagation,
  kind: string,
  at: string,
  data: Record<string, unknown>,
): Promise<void> {
  const { id, policy, looked, changed } = row;
  const workflowId = `propagate-policy:${policy}`;
  return tx.addEvidence([{ workflowId, step: `${id}/${at}`, kind, at, data: { policy, looked, changed, ...data } }]);
}
