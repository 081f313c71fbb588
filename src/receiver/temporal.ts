import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { IdentityEvent } from '../model/event.ts';
import { Failure } from '../model/failure.ts';
import { searchAttributes } from '../model/messages.ts';
import { eventStart } from './event-start.ts';

/** A client of Temporal, or what makes one when it is first needed. */
export type TemporalClient = Client | (() => Promise<Client>);

/** What is known of a workflow that was there before. */
export interface Started {
  payloadHash: string | undefined;
  /** Epoch milliseconds. */
  startedAt: number;
  outcome: string | undefined;
}

const outcomeKey = defineSearchAttributeKey('MusterOutcome', searchAttributes.MusterOutcome);

/** The four things the receiver asks of Temporal, each within a deadline. What Temporal did not do for any reason is `unavailable`. */
export class Frontend {
  readonly #client: TemporalClient;
  readonly #deadlineMs: number;

  constructor(client: TemporalClient, deadlineMs: number) {
    this.#client = client;
    this.#deadlineMs = deadlineMs;
  }

  /** False when a workflow of that id is there or was, whatever became of it. */
  async start(type: string, workflowId: string, event: IdentityEvent): Promise<boolean> {
    return this.#ask(`start ${workflowId}`, async (client) => {
      try {
        await client.workflow.start(type, eventStart(workflowId, event));
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    });
  }

  /** Undefined when Temporal knows no such workflow, or no more. */
  async look(workflowId: string): Promise<Started | undefined> {
    return this.#ask(`describe ${workflowId}`, async (client) => {
      try {
        const { memo, startTime, typedSearchAttributes } = await client.workflow.getHandle(workflowId).describe();
        const { payloadHash, receivedAt } = memo ?? {};
        return {
          payloadHash: typeof payloadHash === 'string' ? payloadHash : undefined,
          startedAt: typeof receivedAt === 'string' ? Date.parse(receivedAt) : startTime.getTime(),
          outcome: typedSearchAttributes.get(outcomeKey),
        };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    });
  }

  /** Throws unless Temporal answers and has the namespace. */
  async ready(): Promise<void> {
    await this.#ask('look at the namespace', (client) =>
      client.workflowService.describeNamespace({ namespace: client.options.namespace }),
    );
  }

  async #ask<T>(what: string, ask: (client: Client) => Promise<T>): Promise<T> {
    try {
      const client = typeof this.#client === 'function' ? await this.#client() : this.#client;
      return await client.withDeadline(Date.now() + this.#deadlineMs, () => ask(client));
    } catch (error) {
      throw new Failure('unavailable', `Temporal did not ${what}: ${reasonOf(error)}`, {
        cause: error,
        advice: 'Look whether Temporal is up and `muster setup` has run; senders were told to send again.',
      });
    }
  }
}

/** The gRPC cause lies one deeper, and the outer message says only "failed". */
function reasonOf(error: unknown): string {
  const inner = error instanceof ServiceError && error.cause !== undefined ? error.cause : error;
  if (isGrpcServiceError(inner)) return `gRPC ${inner.code}, ${inner.details}`;
  return inner instanceof Error ? inner.message : String(inner);
}
