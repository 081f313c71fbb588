import { ApplicationFailure } from '@temporalio/common';
import type { DeliveryActivities, FullReadActivities, ReconcileActivities } from '../src/model/checks.ts';
import { Failure } from '../src/model/failure.ts';
import { dueWindows } from '../src/reconciliation/windows.ts';
import { adoptAccounts } from './adopt-accounts.ts';
import { checkDelivery, reportUnread } from './check-delivery.ts';
import { checkSilence } from './check-silence.ts';
import { deliveryCursors } from './delivery-cursor.ts';
import type { Dependencies } from './dependencies.ts';
import { needsSomebody, toApplicationFailure } from './failures.ts';
import { reconcileTarget, targetsToReconcile, targetUnread } from './reconcile-target.ts';

const longestPauseMs = 30_000;

/** Activities of the scheduled checks, for the worker on the queue `muster`. */
export function createCheckActivities(dependencies: Dependencies): DeliveryActivities & ReconcileActivities {
  const { policy, reports, store } = dependencies;
  return {
    dueDeliveryChecks: async ({ now }) => {
      const sources = Object.keys(policy.deliveryChecks).filter((source) => reports?.has(source) === true);
      const cursors = await store.read((reader) => deliveryCursors(reader, sources));
      const checkedTo = [...cursors].flatMap(([source, { checkedTo: to }]) =>
        to === undefined ? [] : [[source, to] as const],
      );
      return dueWindows(policy.deliveryChecks, new Set(sources), new Map(checkedTo), now);
    },
    checkDelivery: (request) => tolerating(() => checkDelivery(dependencies, request)),
    reportUnread: (request) => reportUnread(dependencies, request),
    checkSilence: (request) => checkSilence(dependencies, request),
    targetsToReconcile: async () => targetsToReconcile(dependencies),
    targetUnread: (request) => targetUnread(dependencies, request),
  };
}

/** Activities that read a whole target, for the worker on its own queue. */
export function createFullReadActivities(dependencies: Dependencies): FullReadActivities {
  return {
    reconcileTarget: (request) => tolerating(() => reconcileTarget(dependencies, request)),
    adoptAccounts: (request) => tolerating(() => adoptAccounts(dependencies, request)),
  };
}

/**
 * Runs a check. What only somebody can cure (a refused login above all: trying again locks accounts) is not tried again in
 * this run; the next one is soon enough.
 */
export async function tolerating<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof Failure && needsSomebody(error)) {
      const advice = error.advice === undefined ? '' : ` ${error.advice}`;
      throw ApplicationFailure.create({ type: error.code, message: `${error.message}${advice}`, nonRetryable: true });
    }
    throw toApplicationFailure(error, longestPauseMs);
  }
}
