import { createHmac, randomUUID } from 'node:crypto';
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { ExceptionRow } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import {
  itemOf,
  musterQueue,
  type PersonInput,
  personWorkflowId,
  priorities,
  type ResolveMessage,
  resolveUpdate,
  searchAttributes,
  workflowTypes,
} from '../model/messages.ts';
import { proofText } from '../model/proof.ts';
import type { TemporalClient } from '../receiver/temporal.ts';

/** What an operator decides about an exception. */
export type Resolution = Pick<ResolveMessage, 'action' | 'reason' | 'person'>;

export interface ResolutionsOptions {
  client: TemporalClient;
  /** The key that workers check our proofs with. */
  proofKey(): Promise<string>;
  /** Milliseconds to wait: an update is held until a worker answers it. */
  answerMs: number;
}

const musterPerson = defineSearchAttributeKey('MusterPerson', searchAttributes.MusterPerson);

/** Tells workflows what operators decide about exceptions, and vouches for who decides. */
export class Resolutions {
  readonly #options: ResolutionsOptions;

  constructor(options: ResolutionsOptions) {
    this.#options = options;
  }

  /** Gives the workflow's answer. Throws 409 in the workflow's own words where it refuses, 503 where nobody answers in time. */
  async tell(exception: ExceptionRow, resolution: Resolution, by: string): Promise<string> {
    const proof = await this.#proof(exception, resolution.action, by);
    const message: ResolveMessage = { ...resolution, exception: exception.id, by, proof };
    const { client: given, answerMs } = this.#options;
    try {
      const client = typeof given === 'function' ? await given() : given;
      return await client.withDeadline(Date.now() + answerMs, () => update(client, exception.workflowId, message));
    } catch (error) {
      throw problemOf(error, exception.workflowId, answerMs);
    }
  }

  async #proof(exception: ExceptionRow, action: string, by: string): Promise<{ nonce: string; mac: string }> {
    const nonce = randomUUID();
    const claim = { workflowId: exception.workflowId, item: itemOf(exception), action, by, nonce };
    const hmac = createHmac('sha256', await this.#options.proofKey());
    return { nonce, mac: hmac.update(proofText(claim)).digest('hex') };
  }
}

/** A person's workflow that somebody ended is started again by this; an event's is not, for only a reset takes it up where it was. */
async function update(client: Client, workflowId: string, message: ResolveMessage): Promise<string> {
  if (!workflowId.startsWith(personWorkflowId(''))) {
    return client.workflow.getHandle(workflowId).executeUpdate<string, [ResolveMessage]>(resolveUpdate, {
      args: [message],
    });
  }
  const person = workflowId.slice(personWorkflowId('').length);
  const startWorkflowOperation = new WithStartWorkflowOperation<(input: PersonInput) => Promise<void>>(
    workflowTypes.person,
    {
      workflowId,
      taskQueue: musterQueue,
      args: [{ person }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      priority: { priorityKey: priorities.termination },
      staticSummary: `${person}: in flight`,
      typedSearchAttributes: [{ key: musterPerson, value: person }],
    },
  );
  return client.workflow.executeUpdateWithStart<(input: PersonInput) => Promise<void>, string, [ResolveMessage]>(
    resolveUpdate,
    { args: [message], startWorkflowOperation },
  );
}

function problemOf(error: unknown, workflowId: string, answerMs: number): HttpProblem {
  if (error instanceof WorkflowUpdateFailedError) return new HttpProblem(409, error.cause?.message ?? error.message);
  if (error instanceof WorkflowNotFoundError) {
    const advice = 'Look at its history; if it should not have ended, reset it and send this again.';
    return new HttpProblem(409, `${workflowId}, which this belongs to, does not run any more. ${advice}`);
  }
  return new HttpProblem(
    503,
    `${workflowId} did not answer within ${answerMs / 1_000} s: Temporal is out of reach, or no worker runs. ` +
      'Whether it was heard is not known: look whether the exception is resolved, and send this again if it is not.',
    { headers: { 'retry-after': '5' }, cause: error },
  );
}
