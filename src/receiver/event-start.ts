import { WorkflowExecutionAlreadyStartedError, type WorkflowOptions } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { IdentityEvent } from '../model/event.ts';
import { type EventInput, eventWorkflowId, musterQueue, searchAttributes, workflowTypes } from '../model/messages.ts';
import { eventPriority, eventWords } from './event-words.ts';

const keys = {
  event: defineSearchAttributeKey('MusterEvent', searchAttributes.MusterEvent),
  source: defineSearchAttributeKey('MusterSource', searchAttributes.MusterSource),
};

/** How an event's workflow is started, by whoever starts it: a second start of its id is refused. */
export function eventStart(workflowId: string, event: IdentityEvent): WorkflowOptions & { args: [EventInput] } {
  return {
    taskQueue: musterQueue,
    workflowId,
    args: [{ event }],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    ...eventWords(event),
    // The receipt outlives a reset or a continue-as-new, which the start time does not.
    memo: { payloadHash: event.payloadHash, receivedAt: event.receivedAt },
    typedSearchAttributes: [
      { key: keys.event, value: event.key },
      { key: keys.source, value: event.source },
    ],
    priority: { priorityKey: eventPriority(event) },
  };
}

/** What starts workflows: `client.workflow`, that is. */
export interface WorkflowStarter {
  start(type: string, options: WorkflowOptions & { args: [EventInput] }): Promise<unknown>;
}

/** Starts the workflow of an event that Muster itself brings in; false when that id is there or was. */
export async function startEvent(workflows: WorkflowStarter, event: IdentityEvent): Promise<boolean> {
  try {
    await workflows.start(workflowTypes.identityEvent, eventStart(eventWorkflowId(event.key), event));
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
