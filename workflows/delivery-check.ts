import { isCancellation, proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import {
  type CheckRun,
  type DeliveryActivities,
  type DeliveryCheck,
  type DeliveryWindow,
  runName,
} from '../src/model/checks.ts';
import { priorities } from '../src/model/messages.ts';
import { failureWords, sentence } from './failure-words.ts';
import { now } from './muster-activities.ts';

const short = proxyLocalActivities<DeliveryActivities>({
  startToCloseTimeout: '30s',
  localRetryThreshold: '10s',
  retry: { initialInterval: '100ms', maximumInterval: '10s' },
});

/** What is missing is said within five minutes of the window's end, and that the source cannot say it as well. */
const answerMs = 270_000;
/** For a check that began late all the same. */
const leastMs = 60_000;

/** Asks every source that has a list of its own what it sent, and compares. Where it stands is in the ledger. */
export async function deliveryCheck(): Promise<DeliveryCheck> {
  const { workflowId } = workflowInfo();
  const run: CheckRun = { workflowId, run: runName(workflowId), now: now() };
  const due = await short.dueDeliveryChecks({ now: run.now });
  const [windows] = await Promise.all([
    Promise.all(due.map((window) => checkOne(run, window))),
    short.checkSilence(run),
  ]);
  return { windows };
}

async function checkOne(run: CheckRun, window: DeliveryWindow): Promise<DeliveryCheck['windows'][number]> {
  const patience = Math.max(Date.parse(window.to) + answerMs - Date.now(), leastMs);
  const { checkDelivery } = proxyActivities<DeliveryActivities>({
    startToCloseTimeout: Math.min(90_000, patience),
    scheduleToCloseTimeout: patience,
    retry: { initialInterval: '5s', maximumInterval: '30s' },
    priority: { priorityKey: priorities.bulk },
    summary: `what did ${window.source} send until ${window.to}?`,
  });
  try {
    const { missing, unread } = await checkDelivery({ ...run, window });
    if (unread !== undefined) await short.reportUnread({ ...run, now: now(), window, message: sentence(unread) });
    return { ...window, missing, unread: unread !== undefined };
  } catch (error) {
    if (isCancellation(error)) throw error;
    await short.reportUnread({ ...run, now: now(), window, message: failureWords(error) });
    return { ...window, unread: true };
  }
}
