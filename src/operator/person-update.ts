import { createHmac, randomUUID } from 'node:crypto';
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { HttpProblem } from '../http/problem.ts';
import {
  musterQueue,
  type PersonInput,
  personWorkflowId,
  priorities,
  searchAttributes,
  workflowTypes,
} from '../model/messages.ts';
import { proofText } from '../model/proof.ts';

const musterPerson = defineSearchAttributeKey('MusterPerson', searchAttributes.MusterPerson);

/** Vouches for who says what to a workflow, so that it believes it. */
export async function proofOf(
  claim: { workflowId: string; item: string; action: string; by: string },
  proofKey: () => Promise<string>,
): Promise<{ nonce: string; mac: string }> {
  const nonce = randomUUID();
  const hmac = createHmac('sha256', await proofKey());
  return { nonce, mac: hmac.update(proofText({ ...claim, nonce })).digest('hex') };
}

/** Sends a person's workflow an update and gives its answer. One that somebody ended by hand is started again by this. */
export function updatePerson<Message>(
  client: Client,
  person: string,
  update: string,
  message: Message,
): Promise<string> {
  const startWorkflowOperation = new WithStartWorkflowOperation<(input: PersonInput) => Promise<void>>(
    workflowTypes.person,
    {
      workflowId: personWorkflowId(person),
      taskQueue: musterQueue,
      args: [{ person }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      priority: { priorityKey: priorities.termination },
      staticSummary: `${person}: in flight`,
      typedSearchAttributes: [{ key: musterPerson, value: person }],
    },
  );
  return client.workflow.executeUpdateWithStart<(input: PersonInput) => Promise<void>, string, [Message]>(update, {
    args: [message],
    startWorkflowOperation,
  });
}

/**
 * What went wrong with an update, for whoever sent it: 409 in the workflow's own words where it refuses, 503 where nobody
 * answered in time.
 * @param done what shows that it was heard all the same: `the exception is resolved`
 */
export function updateProblem(error: unknown, workflowId: string, answerMs: number, done: string): HttpProblem {
  if (error instanceof WorkflowUpdateFailedError) return new HttpProblem(409, error.cause?.message ?? error.message);
  if (error instanceof WorkflowNotFoundError) {
    const advice = 'Look at its history; if it should not have ended, reset it and send this again.';
    return new HttpProblem(409, `${workflowId}, which this belongs to, does not run any more. ${advice}`);
  }
  return new HttpProblem(
    503,
    `${workflowId} did not answer within ${answerMs / 1_000} s: Temporal is out of reach, or no worker runs. ` +
      `Whether it was heard is not known: look whether ${done}, and send this again if it is not.`,
    { headers: { 'retry-after': '5' }, cause: error },
  );
}
