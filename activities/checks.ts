import { ApplicationFailure } from '@temporalio/common';
import type { DeliveryActivities } from '../src/model/checks.ts';
import { Failure } from '../src/model/failure.ts';
import { dueWindows } from '../src/reconciliation/windows.ts';
import { checkDelivery, reportUnread } from './check-delivery.ts';
import { checkSilence } from './check-silence.ts';
import type { Dependencies } from './dependencies.ts';
import { needsSomebody, toApplicationFailure } from './failures.ts';

const longestPauseMs = 30_000;

/** Activities of the delivery check, for the worker on the queue `muster`. */
export function createDeliveryActivities(dependencies: Dependencies): DeliveryActivities {
  const { policy, reports } = dependencies;
  return {
    dueDeliveryChecks: async ({ now, cursor }) =>
      dueWindows(policy.deliveryChecks, new Set(reports?.keys()), cursor, now),
    checkDelivery: (request) => tolerating(() => checkDelivery(dependencies, request)),
    reportUnread: (request) => reportUnread(dependencies, request),
    checkSilence: (request) => checkSilence(dependencies, request),
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
