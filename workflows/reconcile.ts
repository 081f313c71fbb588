import { isCancellation, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import {
  type CheckRun,
  type ReconcileActivities,
  type Reconciled,
  type Reconciliation,
  runName,
} from '../src/model/checks.ts';
import { failureWords } from './failure-words.ts';
import { fullRead } from './full-read.ts';
import { now } from './muster-activities.ts';

const short = proxyLocalActivities<ReconcileActivities>({
  startToCloseTimeout: '30s',
  localRetryThreshold: '10s',
  retry: { initialInterval: '100ms', maximumInterval: '10s' },
});

/** Reads every target in full, side by side, and compares it with what should be. One that cannot be read stops no other. */
export async function reconcile(): Promise<Reconciliation> {
  const { workflowId } = workflowInfo();
  const run: CheckRun = { workflowId, run: runName(workflowId), now: now() };
  const targets = await short.targetsToReconcile();
  const read = await Promise.all(targets.map((target) => reconcileOne(run, target)));
  return {
    targets: read.filter((one) => typeof one !== 'string'),
    unread: read.filter((one) => typeof one === 'string'),
  };
}

async function reconcileOne(run: CheckRun, target: string): Promise<Reconciled | string> {
  try {
    return await fullRead(target, `read ${target} in full and compare`).reconcileTarget({ ...run, target });
  } catch (error) {
    if (isCancellation(error)) throw error;
    await short.targetUnread({ ...run, now: now(), target, message: failureWords(error) });
    return target;
  }
}
