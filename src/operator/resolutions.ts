import type { Client } from '@temporalio/client';
import type { ExceptionRow } from '../directory/store.ts';
import { itemOf, personWorkflowId, type ResolveMessage, resolveUpdate } from '../model/messages.ts';
import type { TemporalClient } from '../receiver/temporal.ts';
import { proofOf, updatePerson, updateProblem } from './person-update.ts';

/** What an operator decides about an exception. */
export type Resolution = Pick<ResolveMessage, 'action' | 'reason' | 'person' | 'until'>;

export interface ResolutionsOptions {
  client: TemporalClient;
  /** The key that workers check our proofs with. */
  proofKey(): Promise<string>;
  /** Milliseconds to wait: an update is held until a worker answers it. */
  answerMs: number;
}

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
      return await client.withDeadline(Date.now() + answerMs, () =>
        sendResolution(client, exception.workflowId, message),
      );
    } catch (error) {
      throw updateProblem(error, exception.workflowId, answerMs, 'the exception is resolved');
    }
  }

  #proof(exception: ExceptionRow, action: string, by: string): Promise<{ nonce: string; mac: string }> {
    return proofOf({ workflowId: exception.workflowId, item: itemOf(exception), action, by }, this.#options.proofKey);
  }
}

/** Sends the update. A person's workflow that somebody ended is started again by this; an event's is not, for only a reset takes it up where it was. */
export async function sendResolution(client: Client, workflowId: string, message: ResolveMessage): Promise<string> {
  if (!workflowId.startsWith(personWorkflowId(''))) {
    return client.workflow.getHandle(workflowId).executeUpdate<string, [ResolveMessage]>(resolveUpdate, {
      args: [message],
    });
  }
  return updatePerson(client, workflowId.slice(personWorkflowId('').length), resolveUpdate, message);
}
