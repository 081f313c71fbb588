import type { Arrival, Reader } from '../src/directory/store.ts';
import { type CheckRun, schedules } from '../src/model/checks.ts';
import { isTakenIn } from './check-delivery.ts';
import type { Dependencies } from './dependencies.ts';
import { raise } from './exceptions.ts';
import { resolveSettled } from './resolve-settled.ts';

/** A source from which nothing came for its usual time is alerted; its return closes that. */
export async function checkSilence(dependencies: Dependencies, { now }: CheckRun): Promise<void> {
  for (const [source, { usual }] of Object.entries(dependencies.policy.deliveryChecks)) {
    if (usual !== undefined) await checkOne(dependencies, { source, usual, now });
  }
}

async function checkOne(
  dependencies: Dependencies,
  { source, usual, now }: { source: string; usual: number; now: string },
): Promise<void> {
  await dependencies.store.transaction(async (tx) => {
    const last = await lastArrival(tx, source);
    // Inserted once: of a source that never sent anything, silence is counted from the first look.
    await tx.addEvidence([
      { workflowId: schedules.deliveryCheck, step: source, kind: 'source-watched', at: now, data: { source } },
    ]);
    const since = last?.receivedAt ?? (await firstLook(tx, source)) ?? now;
    const prefix = `${schedules.deliveryCheck}/${source}/silent/`;
    if (Date.parse(now) - Date.parse(since) <= usual) {
      await resolveSettled(tx, { kind: 'silent-source', prefix, now, reason: 'it sends again' });
      return;
    }
    await raise(tx, dependencies, {
      request: {
        step: `${source}/silent/${since}`,
        kind: 'silent-source',
        reason: `nothing came from ${source} since ${since}, which is longer than its usual ${wordsOf(usual)}. Look whether it sends (its deliveries, its credentials, the network between), and whether the receiver answers. This closes by itself when something comes.`,
      },
      workflowId: schedules.deliveryCheck,
      now,
    });
  });
}

/** What the delivery check took in itself is no sign of life. */
async function lastArrival(reader: Reader, source: string): Promise<Arrival | undefined> {
  let cursor: string | undefined;
  do {
    const page = await reader.arrivals({ source }, { limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    const own = page.items.find((arrival) => !isTakenIn(arrival));
    if (own !== undefined) return own;
    cursor = page.next;
  } while (cursor !== undefined);
  return undefined;
}

async function firstLook(reader: Reader, source: string): Promise<string | undefined> {
  let cursor: string | undefined;
  do {
    const page = await reader.evidence(
      { workflowId: schedules.deliveryCheck },
      { limit: 500, ...(cursor === undefined ? {} : { cursor }) },
    );
    const watched = page.items.find(({ kind, step }) => kind === 'source-watched' && step === source);
    if (watched !== undefined) return watched.at;
    cursor = page.next;
  } while (cursor !== undefined);
  return undefined;
}

function wordsOf(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return `${Math.round(ms / 1_000)} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}
