import { type Client, isGrpcServiceError, ServiceError } from '@temporalio/client';
import type { ExceptionRow } from '../directory/store.ts';
import { musterQueue, statusQuery, targetQueue } from '../model/messages.ts';
import { kindsOf, type QueueKind, type QueueState, queueState } from '../queue-state.ts';
import { close, raise } from './found.ts';
import type { Watching } from './watching.ts';

/** A queue without a worker for this long is told of. Milliseconds. */
const usualPatienceMs = 30_000;
/** Whoever finds no work asks again within a minute: who last asked longer ago than this is gone, and not only idle. */
const longestPollMs = 65_000;
/** A worker whose slots are all taken by calls asks for nothing until the first of them ends. */
const busyMs = 45_000;
/** What waits for this long in front of somebody who asks is not being handed out to anybody. */
const waitsMs = 10_000;
const answerMs = 4_000;

const prefix = 'watch/queue-unpolled/';
const separator = '/since/';

/** Finds queues that no worker asks for work. Temporal shows a dead worker's last request for minutes: what tells is what waits. */
export class Queues {
  readonly #watching: Watching;
  readonly #patienceMs: number;
  /** Since when a queue that nobody ever asked is looked at. */
  readonly #firstSeen = new Map<string, number>();

  constructor(watching: Watching, patienceMs = usualPatienceMs) {
    this.#watching = watching;
    this.#patienceMs = patienceMs;
  }

  async look(): Promise<void> {
    const { store, targets } = this.#watching;
    const queues = [musterQueue, ...[...targets.keys()].map(targetQueue)];
    const filter = { open: true, kind: 'queue-unpolled' };
    const { items: known } = await store.read((reader) => reader.exceptions(filter, { limit: 500 }));
    const gone: string[] = [];
    for (const queue of queues) {
      const since = await this.#unpolledSince(queue);
      if (since === undefined) continue;
      gone.push(queue);
      if (!known.some((exception) => queueIn(exception) === queue)) await this.#raise(queue, since);
    }
    for (const exception of known) {
      if (gone.includes(queueIn(exception))) continue;
      await close(store, exception, 'workers ask for its work', this.#now());
    }
  }

  async #raise(queue: string, since: number): Promise<void> {
    const { store, policy, targets } = this.#watching;
    const target = [...targets.keys()].find((name) => targetQueue(name) === queue);
    // A target's queue where nothing waits and nobody is in flight holds nothing up.
    if (target !== undefined && !(await this.#isWanted(queue))) return;
    const at = new Date(since).toISOString();
    const found = {
      id: `${prefix}${queue}${separator}${at}`,
      kind: 'queue-unpolled' as const,
      workflowId: 'watch',
      ...(target === undefined ? {} : { target }),
      reason: `No worker has asked for the work of the queue ${queue} since ${at}: ${queue === musterQueue ? 'events are taken and wait, and nothing is done about anybody' : `nothing is done at ${target ?? queue}`}. Start a worker (\`muster worker\`), and look in the log of the last one why it ended.`,
    };
    await raise(store, policy.exceptions, found, this.#now());
  }

  async #isWanted(queue: string): Promise<boolean> {
    const { client } = this.#watching;
    if ((await queueState(client, queue, 'activity')).backlog > 0) return true;
    return (await client.workflow.count('ExecutionStatus = "Running"')).count > 0;
  }

  async #unpolledSince(queue: string): Promise<number | undefined> {
    for (const kind of kindsOf(queue)) {
      const state = await queueState(this.#watching.client, queue, kind);
      const since = await this.#goneSince(queue, kind, state);
      if (since !== undefined) return since;
    }
    return undefined;
  }

  async #goneSince(queue: string, kind: QueueKind, state: QueueState): Promise<number | undefined> {
    const now = this.#watching.clock();
    const { polledAt, limit, backlog, oldestMs } = state;
    // Halted by an operator: it waits because somebody wants it to.
    if (limit === 0) return undefined;
    if (polledAt === undefined) {
      const since = this.#firstSeen.get(`${queue}/${kind}`) ?? now;
      this.#firstSeen.set(`${queue}/${kind}`, since);
      return now - since >= this.#patienceMs ? since : undefined;
    }
    this.#firstSeen.delete(`${queue}/${kind}`);
    const silentMs = now - polledAt;
    if (silentMs < this.#patienceMs) return undefined;
    const waits = backlog > 0 && oldestMs >= waitsMs && silentMs >= (kind === 'workflow' ? 0 : busyMs);
    if (silentMs >= longestPollMs || waits) return polledAt;
    return kind === 'workflow' && (await anybodyAnswers(this.#watching.client)) === false ? polledAt : undefined;
  }

  #now(): string {
    return new Date(this.#watching.clock()).toISOString();
  }
}

const queueIn = ({ id }: ExceptionRow): string => id.slice(prefix.length, id.lastIndexOf(separator));

/** Asks up to three open workflows how they are: a worker must answer that. Undefined where none is open. */
async function anybodyAnswers(client: Client): Promise<boolean | undefined> {
  const asked: Promise<boolean>[] = [];
  const query = 'ExecutionStatus = "Running" AND TemporalReportedProblems IS NULL';
  for await (const { workflowId } of client.workflow.list({ query, pageSize: 3 })) {
    if (asked.push(answers(client, workflowId)) === 3) break;
  }
  return asked.length === 0 ? undefined : (await Promise.all(asked)).includes(true);
}

async function answers(client: Client, workflowId: string): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + answerMs, () => client.workflow.getHandle(workflowId).query(statusQuery));
    return true;
  } catch (error) {
    // Whatever else it says, somebody said it.
    return !(error instanceof ServiceError || isGrpcServiceError(error));
  }
}
