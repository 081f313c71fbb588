import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  type ScheduleHandle,
  ScheduleNotFoundError,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Config } from './config.ts';
import { schedules } from './model/checks.ts';
import { musterQueue, priorities, workflowTypes } from './model/messages.ts';
import type { Policy } from './policy/schema.ts';
import { graceMs } from './reconciliation/windows.ts';
import { splitReport } from './sources/report.ts';

/** A schedule as it is to be. */
export interface WantedSchedule {
  id: string;
  workflowType: string;
  /** Input of its workflows. */
  args?: unknown[];
  /** Milliseconds: every so often, this long after the full interval since 1970. Several are one after the other. */
  intervals: { every: number; offset: number }[];
  /** What the Web UI shows of its workflows. */
  summary: string;
}

/** What a run that was missed while Temporal was down is worth: later than this the next one does it. */
const catchupWindowMs = 3_600_000;

const dayMs = 86_400_000;

/** The schedules that policy and muster.yaml ask for. */
export function wantedSchedules(
  policy: Pick<Policy, 'deliveryChecks' | 'drift'>,
  config: Pick<Config, 'sources'>,
): WantedSchedule[] {
  const { deliveryCheck, reconcile, propagatePolicy } = schedules;
  const checked = checkedSources(policy, config).map(({ every }) => every);
  const intervals = [...new Set(checked)].sort((one, other) => one - other);
  const { every } = policy.drift;
  return [
    ...(intervals.length === 0
      ? []
      : [
          {
            id: deliveryCheck,
            workflowType: workflowTypes.deliveryCheck,
            intervals: intervals.map((each) => ({ every: each, offset: graceMs(each) })),
            summary: 'what sources sent, against what arrived',
          },
        ]),
    {
      id: reconcile,
      workflowType: workflowTypes.reconcile,
      // Not at the full day: midnight is when people begin and end.
      intervals: [{ every, offset: Math.floor(every / 8) }],
      summary: 'what targets hold, against what should be',
    },
    {
      id: propagatePolicy,
      workflowType: workflowTypes.propagatePolicy,
      args: [{}],
      // In the morning of those who made the change, rather than in their night.
      intervals: [{ every: dayMs, offset: dayMs / 3 }],
      summary: 'a policy that has changed goes to everybody',
    },
  ];
}

/** Sources whose deliveries are checked: policy says so, and there is a list to ask for or a usual time to wait for. */
function checkedSources({ deliveryChecks }: Pick<Policy, 'deliveryChecks'>, { sources }: Pick<Config, 'sources'>) {
  return Object.entries(deliveryChecks).flatMap(([name, check]) => {
    const source = sources[name];
    const hasReport = source !== undefined && splitReport(source.settings).report !== undefined;
    return source !== undefined && (hasReport || check.usual !== undefined) ? [check] : [];
  });
}

/** What a namespace's schedules were brought up to; nothing where all was as it is to be. */
export interface ScheduleChanges {
  created: string[];
  updated: string[];
  removed: string[];
}

/** Creates what is missing, updates what differs, removes what nobody wants any more. One that is paused stays paused. */
export async function ensureSchedules(
  client: Pick<Client, 'schedule'>,
  wanted: readonly WantedSchedule[],
): Promise<ScheduleChanges> {
  const changes: ScheduleChanges = { created: [], updated: [], removed: [] };
  for (const schedule of wanted) {
    const options = optionsOf(schedule);
    const handle = client.schedule.getHandle(schedule.id);
    const before = await describe(handle);
    if (before !== undefined && isAsWanted(before, schedule)) continue;
    if (before === undefined && (await create(client, options))) changes.created.push(schedule.id);
    else {
      const { spec, action, policies } = options;
      await handle.update(({ state }) => ({ spec, action, policies: policies ?? {}, state }));
      changes.updated.push(schedule.id);
    }
  }
  for (const id of Object.values(schedules).filter((each) => !wanted.some((schedule) => schedule.id === each))) {
    if (await remove(client.schedule.getHandle(id))) changes.removed.push(id);
  }
  return changes;
}

/** What is not as it is to be, in words; empty where all is well. */
export async function scheduleFaults(
  client: Pick<Client, 'schedule'>,
  wanted: readonly WantedSchedule[],
): Promise<string[]> {
  const faults: string[] = [];
  for (const schedule of wanted) {
    const found = await describe(client.schedule.getHandle(schedule.id));
    if (found === undefined) faults.push(`${schedule.id} is missing`);
    else if (!isAsWanted(found, schedule)) faults.push(`${schedule.id} is not as policy.yaml and muster.yaml say`);
    else if (found.state.paused)
      faults.push(`${schedule.id} is paused${found.state.note ? ` (${found.state.note})` : ''}`);
  }
  return faults;
}

function optionsOf({ id, workflowType, args = [], intervals, summary }: WantedSchedule): ScheduleOptions {
  // Temporal takes a priority with it; the type that the SDK gives has no name for it.
  const action = {
    type: 'startWorkflow' as const,
    ...{ workflowType, workflowId: id, taskQueue: musterQueue, args, staticSummary: summary },
    priority: { priorityKey: priorities.bulk },
  };
  return {
    scheduleId: id,
    spec: { intervals },
    action,
    // The next run looks at what this one has no time for.
    policies: { overlap: 'SKIP', catchupWindow: catchupWindowMs },
  };
}

function isAsWanted(
  { spec, action, policies }: ScheduleDescription,
  { workflowType, intervals }: WantedSchedule,
): boolean {
  const plain = (some: { every: number; offset: number }[]) =>
    JSON.stringify(some.map(({ every, offset }) => [every, offset]).sort(([one = 0], [other = 0]) => one - other));
  const there = (spec.intervals ?? []).map(({ every, offset }) => ({ every, offset: offset ?? 0 }));
  return (
    action.workflowType === workflowType &&
    action.taskQueue === musterQueue &&
    plain(there) === plain(intervals) &&
    policies.overlap === 'SKIP' &&
    policies.catchupWindow === catchupWindowMs
  );
}

async function describe(handle: ScheduleHandle): Promise<ScheduleDescription | undefined> {
  try {
    return await handle.describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** False where somebody else was quicker. */
async function create(client: Pick<Client, 'schedule'>, options: ScheduleOptions): Promise<boolean> {
  try {
    await client.schedule.create(options);
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

async function remove(handle: ScheduleHandle): Promise<boolean> {
  try {
    await handle.delete();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
