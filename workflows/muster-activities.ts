import { CancellationScope, proxyActivities, proxyLocalActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { MusterActivities } from '../activities/activities.ts';

const transactions = proxyLocalActivities<MusterActivities>({
  startToCloseTimeout: '10s',
  localRetryThreshold: '10s',
  retry: { initialInterval: '100ms', maximumInterval: '10s' },
});

/**
 * Short transactions, in the worker that runs the workflow. They are tried until the database is back: without it nothing is
 * changed. None is cancelled: what has begun commits, whatever becomes of who asked for it. And one at a time: two that end
 * in one workflow task are answered together when it is replayed, and what follows from them would come in another order.
 */
export const records: typeof transactions = new Proxy(transactions, {
  get:
    (all, name) =>
    (...request: unknown[]) =>
      inTurn(() => CancellationScope.nonCancellable(() => Reflect.get(all, name)(...request))),
});

/** What does not come to an end keeps an end of access waiting no longer than this. */
const patience = '15s';

/** The last transaction of each run; empty while none is under way. */
const last = new Map<string, Promise<void>>();

function inTurn(call: () => Promise<unknown>): Promise<unknown> {
  const { runId } = workflowInfo();
  const before = last.get(runId);
  const called = before === undefined ? call() : after(before).then(call);
  const ended = called.then(
    () => undefined,
    () => undefined,
  );
  last.set(runId, ended);
  void ended.then(() => {
    if (last.get(runId) === ended) last.delete(runId);
  });
  return called;
}

async function after(before: Promise<void>): Promise<void> {
  const waiting = new CancellationScope();
  const tooLong = waiting.run(() => sleep(patience, { summary: 'let another transaction end' }));
  try {
    await Promise.race([before, tooLong]);
  } finally {
    waiting.cancel();
  }
}

/** Those that wait for a workflow task of somebody else: as local activities they could hold every slot such a task needs. */
export const messages = proxyActivities<MusterActivities>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '500ms', maximumInterval: '30s' },
});

/** Workflow time, as activities are given it. */
export const now = (): string => new Date(Date.now()).toISOString();
