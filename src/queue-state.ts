import type { Client } from '@temporalio/client';
import { musterQueue } from './model/messages.ts';

/** What a worker asks a queue for. */
export type QueueKind = 'workflow' | 'activity';

/** A task queue as Temporal shows it. */
export interface QueueState {
  /** Tasks that wait for a worker, about. */
  backlog: number;
  /** How long the oldest of them has waited, in milliseconds. */
  oldestMs: number;
  /** When a worker last asked for work, epoch milliseconds; absent: none in the last minutes. One that finds nothing asks again within a minute. */
  polledAt?: number;
  /** Tasks a second that are handed out at most, where somebody has said so; 0: the queue is halted. */
  limit?: number;
  /** Tasks a second that were handed out lately. */
  rate: number;
}

const types = { workflow: 1, activity: 2 } as const;
/** The limit was set by an operator or a worker; otherwise it is the server's own, far above anything. */
const ownLimits: ReadonlySet<number> = new Set([1, 2]);

/** The kinds of work that a queue has: targets' queues have activities alone. */
export const kindsOf = (queue: string): QueueKind[] =>
  queue === musterQueue ? ['workflow', 'activity'] : ['activity'];

/** Asks Temporal how a queue is. */
export async function queueState(client: Client, queue: string, kind: QueueKind): Promise<QueueState> {
  const { pollers, stats, effectiveRateLimit } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: queue },
    taskQueueType: types[kind],
    reportStats: true,
    reportConfig: true,
  });
  const polled = pollers.map(({ lastAccessTime }) => milliseconds(lastAccessTime));
  const own = effectiveRateLimit != null && ownLimits.has(effectiveRateLimit.rateLimitSource ?? 0);
  return {
    backlog: Number(stats?.approximateBacklogCount ?? 0),
    oldestMs: milliseconds(stats?.approximateBacklogAge),
    rate: stats?.tasksDispatchRate ?? 0,
    ...(polled.length === 0 ? {} : { polledAt: Math.max(...polled) }),
    ...(own ? { limit: effectiveRateLimit.requestsPerSecond ?? 0 } : {}),
  };
}

/** A timestamp or a duration of protobuf; seconds come as numbers or as Longs. */
function milliseconds(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1_000 + Number(time?.nanos ?? 0) / 1_000_000;
}
