import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Store } from '../directory/store.ts';
import type { ExceptionKind } from '../model/exception.ts';
import { type PersonInput, priorities, workflowTypes } from '../model/messages.ts';
import { personStart } from '../person-start.ts';
import type { ConnectedTargets } from '../targets/connect.ts';
import { alertOpenExceptions, closeAlertsOfResolved } from './alert.ts';

export interface WatchOptions {
  client: Client;
  store: Store;
  targets: ConnectedTargets;
  /** The name of the target that takes incidents; absent: alerts are in the log alone. */
  incidents?: string | undefined;
  /** Who looks after what the watch finds, and within how many milliseconds. */
  exceptions: { owner: string; dueIn: number };
  log: Logger;
  /** Between rounds. Default 15 s. */
  everyMs?: number;
  /** An event that is not settled this long after its arrival is looked at by a person. Default 15 min. */
  unsettledMs?: number;
  /** Somebody whose date passed this long ago and who has no open workflow is started again. Default 30 s. */
  overdueMs?: number;
}

/** Looks after everything from outside the workflows, because alarms must not live in what may be dead. */
export function startWatch(options: WatchOptions): { stop(): Promise<void> } {
  const everyMs = options.everyMs ?? 15_000;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  const next = () => {
    round = watchOnce(options).finally(() => {
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

/** One round. Each look is taken whatever became of the others; what is out of reach is said in the log. */
export async function watchOnce(options: WatchOptions): Promise<void> {
  const { store, targets, log } = options;
  const look = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      log.error({ error: String(error) }, `the watch could not ${what}`);
    }
  };
  await look('look for workflows that failed', () => findFailedWorkflows(options));
  await look('look for events that are stuck', () => findStuckEvents(options));
  await look('start people again whose date has passed', () => reviveOverdue(options));
  const incidents = options.incidents === undefined ? undefined : targets.get(options.incidents);
  await look('send alerts', () => alertOpenExceptions({ store, incidents, log }));
  await look('close alerts', () => closeAlertsOfResolved({ store, incidents, log }));
}

async function findFailedWorkflows({ client, store, exceptions }: WatchOptions): Promise<void> {
  const since = new Date(Date.now() - 24 * 3_600_000).toISOString();
  const query = `WorkflowType IN ("${Object.values(workflowTypes).join('","')}") AND ExecutionStatus IN ("Failed","Terminated","TimedOut","Canceled") AND CloseTime > "${since}"`;
  for await (const info of client.workflow.list({ query })) {
    await raise(store, exceptions, {
      id: `watch/${info.workflowId}/${info.runId}`,
      kind: 'workflow-failed',
      workflowId: info.workflowId,
      reason: `${info.workflowId} ended ${info.status.name.toLowerCase()} and should not have. ${whatNow(info)}`,
      ...aboutWhom(info.workflowId),
    });
  }
}

function whatNow(info: WorkflowExecutionInfo): string {
  return info.workflowId.startsWith('person:')
    ? 'Whatever was under way is taken up again from the directory; look at its history to see who or what ended it.'
    : `Its event is kept in the ledger. Look at the history, mend the cause, and reset it: temporal workflow reset --workflow-id '${info.workflowId}' --type FirstWorkflowTask --reason mended`;
}

async function findStuckEvents({ store, exceptions, unsettledMs = 15 * 60_000 }: WatchOptions): Promise<void> {
  const before = new Date(Date.now() - unsettledMs).toISOString();
  const { items } = await store.transaction((tx) => tx.arrivals({ unsettledBefore: before }, { limit: 500 }));
  for (const arrival of items) {
    // Held and parked events have exceptions of their own, and a person's step that is late has one by its deadline.
    if (arrival.outcome !== undefined) continue;
    const late = arrival.person === undefined ? [] : await openOf(store, arrival.person);
    if (late.some((exception) => exception.event === arrival.key)) continue;
    await raise(store, exceptions, {
      id: `watch/stuck/${arrival.key}`,
      kind: 'event-stuck',
      event: arrival.key,
      workflowId: arrival.workflowId,
      reason: `${arrival.key} (${arrival.event.type} for ${arrival.event.subject}) arrived at ${arrival.receivedAt} and is not settled. Look at ${arrival.workflowId} and its person's workflow: are workers running, and what do their pending activities say?`,
      ...(arrival.person === undefined ? {} : { person: arrival.person }),
    });
  }
}

async function openOf(store: Store, person: string) {
  return (await store.transaction((tx) => tx.exceptions({ open: true, person }, { limit: 100 }))).items;
}

async function reviveOverdue({ client, store, log, overdueMs = 30_000 }: WatchOptions): Promise<void> {
  const until = new Date(Date.now() - overdueMs).toISOString();
  const overdue = await store.transaction((tx) => tx.due(until, 500));
  for (const person of overdue) {
    const handle = await client.workflow.start<(input: PersonInput) => Promise<void>>(
      workflowTypes.person,
      personStart(person, priorities.termination),
    );
    log.debug({ person, workflow: handle.workflowId }, 'a date has passed; their workflow is open');
  }
}

interface Found {
  id: string;
  kind: ExceptionKind;
  workflowId: string;
  reason: string;
  person?: string;
  event?: string;
}

async function raise(store: Store, { owner, dueIn }: WatchOptions['exceptions'], found: Found): Promise<void> {
  const now = new Date();
  await store.transaction(async (tx) => {
    const opened = await tx.openException({
      ...found,
      owner,
      openedAt: now.toISOString(),
      dueAt: new Date(now.getTime() + dueIn).toISOString(),
    });
    if (!opened) return;
    const { id, kind, workflowId, person, event } = found;
    const about = { ...(person === undefined ? {} : { person }), ...(event === undefined ? {} : { event }) };
    await tx.addEvidence([
      {
        workflowId,
        step: id,
        kind: 'exception-opened',
        ...about,
        at: now.toISOString(),
        data: { exception: kind, by: 'watch' },
      },
    ]);
  });
}

function aboutWhom(workflowId: string): { person?: string; event?: string } {
  if (workflowId.startsWith('person:')) return { person: workflowId.slice('person:'.length) };
  if (workflowId.startsWith('event:')) return { event: workflowId.slice('event:'.length) };
  return {};
}
