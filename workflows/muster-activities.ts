import { CancellationScope, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { MusterActivities } from '../activities/activities.ts';

const transactions = proxyLocalActivities<MusterActivities>({
  startToCloseTimeout: '10s',
  localRetryThreshold: '10s',
  retry: { initialInterval: '100ms', maximumInterval: '10s' },
});

/**
 * Short transactions, in the worker that runs the workflow. They are tried until the database is back: without it nothing is
 * changed. None is cancelled: what has begun commits, whatever becomes of who asked for it.
 */
export const records: typeof transactions = new Proxy(transactions, {
  get:
    (all, name) =>
    (...request: unknown[]) =>
      CancellationScope.nonCancellable(() => Reflect.get(all, name)(...request)),
});

/** Those that wait for a workflow task of somebody else: as local activities they could hold every slot such a task needs. */
export const messages = proxyActivities<MusterActivities>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '500ms', maximumInterval: '30s' },
});

/** Workflow time, as activities are given it. */
export const now = (): string => new Date(Date.now()).toISOString();
