import { proxyActivities } from '@temporalio/workflow';
import type { FullReadActivities } from '../src/model/checks.ts';
import { priorities, targetQueue } from '../src/model/messages.ts';

/** The activities that read a whole target: for hours where it must be, and given up two minutes after their last sign of life. */
export function fullRead(target: string, summary: string): FullReadActivities {
  return proxyActivities<FullReadActivities>({
    taskQueue: targetQueue(target),
    startToCloseTimeout: '6h',
    scheduleToCloseTimeout: '12h',
    heartbeatTimeout: '2m',
    retry: { initialInterval: '10s', maximumInterval: '10m', backoffCoefficient: 3 },
    priority: { priorityKey: priorities.bulk },
    summary,
  });
}
