import { isCancellation, proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import {
  type CheckRun,
  type DeliveryActivities,
  type DeliveryCursor,
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

/**
 * Asks every source that has a list of its own what it sent, and compares. Its result is what the next run begins with:
 * Temporal hands a schedule's last result on.
 */
export async function deliveryCheck(): Promise<DeliveryCursor> {
  const { workflowId, lastResult } = workflowInfo();
  const run: CheckRun = { workflowId, run: runName(workflowId), now: now() };
  const cursor = cursorOf(lastResult);
  const due = await short.dueDeliveryChecks({ now: run.now, cursor });
  const [checked] = await Promise.all([
    Promise.all(due.map((window) => checkOne(run, window, cursor.told[window.source] ?? []))),
    short.checkSilence(run),
  ]);
  return {
    checkedTo: { ...cursor.checkedTo, ...bySource(checked, ({ window, unread }) => (unread ? undefined : window.to)) },
    told: { ...cursor.told, ...bySource(checked, ({ missing }) => missing) },
  };
}

interface Checked {
  window: DeliveryWindow;
  /** Not all of its list, or nothing of it. */
  unread: boolean;
  missing?: string[];
}

function bySource<T>(checked: readonly Checked[], value: (one: Checked) => T | undefined): Record<string, T> {
  return Object.fromEntries(
    checked.flatMap((one) => {
      const known = value(one);
      return known === undefined ? [] : [[one.window.source, known]];
    }),
  );
}

async function checkOne(run: CheckRun, window: DeliveryWindow, told: string[]): Promise<Checked> {
  const patience = Math.max(Date.parse(window.to) + answerMs - Date.now(), leastMs);
  const { checkDelivery } = proxyActivities<DeliveryActivities>({
    startToCloseTimeout: Math.min(90_000, patience),
    scheduleToCloseTimeout: patience,
    retry: { initialInterval: '5s', maximumInterval: '30s' },
    priority: { priorityKey: priorities.bulk },
    summary: `what did ${window.source} send until ${window.to}?`,
  });
  try {
    const { missing, unread } = await checkDelivery({ ...run, window, told });
    if (unread !== undefined) await short.reportUnread({ ...run, now: now(), window, message: sentence(unread) });
    return { window, missing, unread: unread !== undefined };
  } catch (error) {
    if (isCancellation(error)) throw error;
    await short.reportUnread({ ...run, now: now(), window, message: failureWords(error) });
    return { window, unread: true };
  }
}

/** The first run begins with nothing, and so does one after a result that means nothing. */
function cursorOf(result: unknown): DeliveryCursor {
  const { checkedTo, told }: Partial<Record<keyof DeliveryCursor, unknown>> =
    typeof result === 'object' && result !== null ? result : {};
  return {
    checkedTo: recordOf(checkedTo, (value) => (typeof value === 'string' ? value : undefined)),
    told: recordOf(told, (value) => (Array.isArray(value) ? value.map(String) : undefined)),
  };
}

function recordOf<T>(value: unknown, read: (value: unknown) => T | undefined): Record<string, T> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      const known = read(each);
      return known === undefined ? [] : [[name, known]];
    }),
  );
}
