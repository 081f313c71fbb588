import {
  type Client,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';

/** One start as it reached Temporal. */
export interface FakeStart {
  type: string;
  options: WorkflowStartOptions;
  startTime: Date;
}

/** Temporal as far as the receiver knows it, with its faults at hand. */
export class FakeTemporal {
  readonly started = new Map<string, FakeStart>();
  readonly asked: string[] = [];
  /** Called before anything is done; may throw. */
  before: (what: string, workflowId: string) => void = () => {};
  /** Called when a start is done and before the receiver hears of it; may throw. */
  after: (workflowId: string) => void = () => {};
  now = () => Date.parse('2025-11-15T12:00:00Z');

  readonly client: Client = {
    options: { namespace: 'default' },
    withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
    workflow: {
      start: async (type: string, options: WorkflowStartOptions) => {
        this.#ask('start', options.workflowId);
        if (this.started.has(options.workflowId)) {
          throw new WorkflowExecutionAlreadyStartedError('there already', options.workflowId, type);
        }
        this.started.set(options.workflowId, { type, options, startTime: new Date(this.now()) });
        this.after(options.workflowId);
      },
      getHandle: (workflowId: string) => ({
        describe: async () => {
          this.#ask('describe', workflowId);
          const found = this.started.get(workflowId);
          if (found === undefined) throw new WorkflowNotFoundError('not found', workflowId, undefined);
          return {
            memo: found.options.memo,
            startTime: found.startTime,
            typedSearchAttributes: new TypedSearchAttributes(),
          };
        },
      }),
    },
    workflowService: {
      describeNamespace: async () => this.#ask('describeNamespace', ''),
    },
  } as unknown as Client;

  #ask(what: string, workflowId: string): void {
    this.asked.push(`${what} ${workflowId}`.trim());
    this.before(what, workflowId);
  }
}

/** What the SDK throws when the server says no; 14 is UNAVAILABLE. */
export function grpcError(code: number): ServiceError {
  const cause = Object.assign(new Error(`${code} UNAVAILABLE: secret-host:7233`), {
    code,
    details: 'no connection',
    metadata: {},
  });
  return new ServiceError('Failed to start Workflow', { cause });
}
