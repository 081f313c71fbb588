import { Client } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createCheckActivities, createFullReadActivities } from '../activities/checks.ts';
import type { Dependencies } from '../activities/dependencies.ts';
import { createMusterActivities, createTargetActivities } from '../activities/index.ts';
import { createPropagationActivities } from '../activities/propagate.ts';
import type { Config } from './config.ts';
import type { Store } from './directory/store.ts';
import { musterQueue, targetQueue } from './model/messages.ts';
import type { PersonTiming } from './model/work.ts';
import type { Policy } from './policy/schema.ts';
import type { SourceCallbacks } from './sources/callback.ts';
import type { SourceReports } from './sources/report.ts';
import type { Certifications } from './sources/sailpoint-certifications.ts';
import type { ConnectedTargets } from './targets/connect.ts';

export interface WorkerStart {
  connection: NativeConnection;
  namespace: string;
  store: Store;
  config: Config;
  policy: Policy;
  /** Other durations and sizes than policy's and the usual ones. */
  timing?: Partial<PersonTiming>;
  targets: ConnectedTargets;
  /** What sources say they have; those without a report cannot be checked. */
  reports?: SourceReports;
  /** How sources that ask are answered. */
  callbacks?: SourceCallbacks;
  /** Reads certifications back. */
  certifications?: Certifications;
  /** The pre-built workflow bundle. */
  bundle: { codePath: string };
  proofKey(): Promise<string>;
  log: Logger;
}

export interface RunningWorkers {
  /** Resolves when all have stopped; rejects when one of them failed. */
  run: Promise<void>;
  shutdown(): Promise<void>;
  ready(): boolean;
}

type Tuning = Pick<
  WorkerOptions,
  | 'shutdownGraceTime'
  | 'shutdownForceTime'
  | 'maxCachedWorkflows'
  | 'maxConcurrentWorkflowTaskExecutions'
  | 'maxConcurrentLocalActivityExecutions'
  | 'maxConcurrentActivityTaskExecutions'
  | 'maxTaskQueueActivitiesPerSecond'
  | 'stickyQueueScheduleToStartTimeout'
  | 'workflowTaskPollerBehavior'
  | 'activityTaskPollerBehavior'
>;

const shutdown: Tuning = { shutdownGraceTime: '5s', shutdownForceTime: '20s' };

/**
 * The worker of the queue `muster`: sized to those active at once, not to those waiting. All of them share one process and
 * one database, so with more at once none is done sooner, and what is urgent waits behind more that has begun.
 */
export const musterWorker: Tuning = {
  ...shutdown,
  maxCachedWorkflows: 500,
  maxConcurrentWorkflowTaskExecutions: 24,
  maxConcurrentLocalActivityExecutions: 48,
  maxConcurrentActivityTaskExecutions: 100,
  stickyQueueScheduleToStartTimeout: '5s',
  workflowTaskPollerBehavior: { type: 'autoscaling', minimum: 2, maximum: 10, initial: 5 },
  activityTaskPollerBehavior: { type: 'autoscaling', minimum: 1, maximum: 10, initial: 3 },
};

/** The worker of one target: as many calls at once, and as many a second, as its vendor takes. */
export const targetWorker = (entry: { concurrency: number; ratePerSecond?: number | undefined }): Tuning => ({
  ...shutdown,
  maxConcurrentActivityTaskExecutions: entry.concurrency,
  activityTaskPollerBehavior: { type: 'autoscaling', minimum: 1, maximum: 10, initial: 2 },
  ...(entry.ratePerSecond === undefined ? {} : { maxTaskQueueActivitiesPerSecond: entry.ratePerSecond }),
});

/** A target that does not answer a look holds up the plan for the others no longer than this. */
const longestLookMs = 10_000;

const longestSleepMs = 7 * 24 * 3_600_000;

function timingOf({ ends, retries }: Policy): PersonTiming {
  return {
    readAgainMs: ends.readAgainAfter,
    slowRetryMs: retries.refused,
    seeMs: Math.min(retries.call, longestLookMs),
    retryInitialMs: retries.first,
    retryMaximumMs: retries.longest,
    hopMs: longestSleepMs,
    callMs: retries.call,
  };
}

/** One worker for the workflows and Muster's own activities, and one for each target on that target's own queue. */
export async function startWorkers(start: WorkerStart): Promise<RunningWorkers> {
  const { connection, namespace, targets, log } = start;
  const dependencies: Dependencies = {
    store: start.store,
    policy: start.policy,
    targets,
    ...(start.reports === undefined ? {} : { reports: start.reports }),
    ...(start.callbacks === undefined ? {} : { callbacks: start.callbacks }),
    ...(start.certifications === undefined ? {} : { certifications: start.certifications }),
    // The workers' own connection: a second one would only be another thing that can be down.
    workflows: new Client({ connection, namespace }).workflow,
    sources: start.config.sources,
    timing: { ...timingOf(start.policy), ...start.timing },
    proofKey: start.proofKey,
    log,
  };
  const common = { connection, namespace };
  const workers = [
    await Worker.create({
      ...common,
      ...musterWorker,
      taskQueue: musterQueue,
      workflowBundle: start.bundle,
      activities: {
        ...createMusterActivities(dependencies),
        ...createCheckActivities(dependencies),
        ...createPropagationActivities(dependencies),
      },
    }),
  ];
  for (const { name, entry } of targets.values()) {
    workers.push(
      await Worker.create({
        ...common,
        ...targetWorker(entry),
        taskQueue: targetQueue(name),
        activities: { ...createTargetActivities(dependencies), ...createFullReadActivities(dependencies) },
      }),
    );
  }
  const runs = workers.map((worker) => worker.run());
  const run = Promise.all(runs).then(() => undefined);
  run.catch((error: unknown) => log.error({ error: String(error) }, 'a worker stopped by itself'));
  return {
    run,
    ready: () => workers.every((worker) => worker.getState() === 'RUNNING'),
    async shutdown() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.allSettled(runs);
    },
  };
}
