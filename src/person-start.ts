import type { WorkflowOptions } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { musterQueue, type PersonInput, personWorkflowId } from './model/messages.ts';

const musterPerson = defineSearchAttributeKey('MusterPerson', 'KEYWORD');

/** How a person's workflow is started, by whoever starts it: an event for them, or the watch that found them lost. */
export function personStart(
  person: string,
  priority: number,
): WorkflowOptions & { args: [PersonInput]; workflowIdConflictPolicy: 'USE_EXISTING' } {
  return {
    workflowId: personWorkflowId(person),
    taskQueue: musterQueue,
    args: [{ person }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    priority: { priorityKey: Math.min(priority, 2) },
    staticSummary: `${person}: in flight`,
    typedSearchAttributes: [{ key: musterPerson, value: person }],
  };
}
