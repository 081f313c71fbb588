import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Store } from '../directory/store.ts';
import { type PersonInput, priorities, workflowTypes } from '../model/messages.ts';
import { personStart } from '../person-start.ts';
import type { ConnectedTargets } from '../targets/connect.ts';
import { Alerts } from './alert.ts';
import { Database, Frontier } from './database.ts';
import { checkAhead } from './ends-ahead.ts';
import { InFlight } from './in-flight.ts';
import { Queues } from './queues.ts';
import { reopenSkipped } from './skipped.ts';
import { StuckEvents } from './stuck-events.ts';
import { tellUntold } from './untold.ts';
import type { Watching, WatchPolicy } from './watching.ts';
import { findFailedWorkflows, findWedgedWorkflows } from './workflows.ts';

export interface WatchOptions {
  client: Client;
  store: Store;
  targets: ConnectedTargets;
  policy: WatchPolicy;
  /** The target that takes incidents where policy has no routes; without either, alerts are in the log alone. */
  incidents?: string | undefined;
  log: Logger;
  /** Between rounds. Default 15 s. */
  everyMs?: number;
  /** An event that is not settled this long after its arrival is looked at by a person. Default 15 min. */
  unsettledMs?: number;
  /** Somebody whose date passed this long ago and who has no open workflow is started again. Default 30 s. */
  overdueMs?: number;
  /** A queue without workers, a database or a Temporal that do not answer are told of after this. Defaults 30 s and 20 s. */
  patienceMs?: number;
  /** A place that could not be told of an exception for this long is an exception itself. Default 5 min. */
  alertFailedMs?: number;
  /** The longest that one call to a place that is told may take. Default 10 s. */
  callMs?: number;
  /** Epoch milliseconds. */
  clock?: () => number;
}

/** Looks after everything from outside the workflows, because alarms must not live in what may be dead. */
export function startWatch(options: WatchOptions): { stop(): Promise<void> } {
  const everyMs = options.everyMs ?? 15_000;
  const watch = new Watch(options);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  const next = () => {
    round = watch.round().finally(() => {
      if (!stopped) timer = setTimeout(next, everyMs);
    });
  };
  timer = setTimeout(next, 0);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}

/** Longest that one look may ask Temporal for, in milliseconds; in-flight people take longer after a loss. */
const lookMs = 10_000;
const sweepMs = 60_000;

/** The looks of a round, and what they remember from one to the next. */
export class Watch {
  readonly #watching: Watching;
  readonly #stuckEvents: StuckEvents;
  readonly #overdueMs: number;
  readonly #database: Database;
  readonly #frontier: Frontier;
  readonly #queues: Queues;
  readonly #inFlight: InFlight;
  readonly #alerts: Alerts;

  constructor(options: WatchOptions) {
    const { client, store, targets, policy, log, clock = Date.now, callMs = 10_000, patienceMs } = options;
    this.#watching = { client, store, targets, policy, log, clock };
    this.#stuckEvents = new StuckEvents(this.#watching, options.unsettledMs ?? 15 * 60_000);
    this.#overdueMs = options.overdueMs ?? 30_000;
    this.#database = new Database(this.#watching, callMs, patienceMs);
    this.#frontier = new Frontier(this.#watching, patienceMs);
    this.#queues = new Queues(this.#watching, patienceMs);
    this.#inFlight = new InFlight(this.#watching, this.#overdueMs);
    this.#alerts = new Alerts({
      ...{ store, targets, policy, log, clock, callMs },
      incidents: options.incidents,
      failedMs: options.alertFailedMs ?? 5 * 60_000,
    });
  }

  /** One round. Each look is taken whatever became of the others; what is out of reach is said in the log. */
  async round(): Promise<void> {
    const watching = this.#watching;
    if ((await this.#look('look at the database', lookMs, () => this.#database.look())) !== true) return;
    // At both ends: what workflows raised does not wait for what Temporal takes its time to answer.
    await this.#look('send alerts', undefined, () => this.#alerts.round());
    await this.#look('look for events that are stuck', lookMs, () => this.#stuckEvents.look());
    await this.#look('look at ends that are to come', undefined, () => checkAhead(watching));
    const isThere = await this.#look('look whether Temporal is there', lookMs, () => this.#frontier.look());
    if (isThere === true) {
      await this.#look('look for workers', lookMs, () => this.#queues.look());
      await this.#look('look for workflows that failed', lookMs, () => findFailedWorkflows(watching));
      await this.#look('look for workflows whose code fails', lookMs, () => findWedgedWorkflows(watching));
      await this.#look('start people again whose date has passed', lookMs, () => this.#reviveOverdue());
      await this.#look('tell people whose hold was decided about', lookMs, () => tellUntold(watching));
      await this.#look('open again what was skipped', lookMs, () => reopenSkipped(watching));
      await this.#look('compare what is in flight with Temporal', sweepMs, () => this.#inFlight.look());
    }
    await this.#look('send and close alerts', undefined, () => this.#alerts.round());
  }

  async #look<T>(what: string, ms: number | undefined, work: () => Promise<T>): Promise<T | undefined> {
    const { client, log } = this.#watching;
    try {
      return await (ms === undefined ? work() : client.withDeadline(Date.now() + ms, work));
    } catch (error) {
      log.error({ error: String(error) }, `the watch could not ${what}`);
      return undefined;
    }
  }

  async #reviveOverdue(): Promise<void> {
    const { client, store, log, clock } = this.#watching;
    const until = new Date(clock() - this.#overdueMs).toISOString();
    for (const person of await store.read((reader) => reader.due(until, 500))) {
      const handle = await client.workflow.start<(input: PersonInput) => Promise<void>>(
        workflowTypes.person,
        personStart(person, priorities.termination),
      );
      log.debug({ person, workflow: handle.workflowId }, 'a date has passed; their workflow is open');
    }
  }
}
