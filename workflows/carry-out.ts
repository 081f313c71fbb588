import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { TargetActivities } from '../activities/activities.ts';
import { targetQueue } from '../src/model/messages.ts';
import type { Change, ChangeAction } from '../src/model/plan.ts';
import type { Begun, ChangeResult, Step } from '../src/model/work.ts';
import { now } from './muster-activities.ts';
import type { PersonDesk } from './person.ts';

/** Newer work for this person has begun; this one touches nothing any more. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

export type Confirmed = Extract<ChangeResult, { status: 'confirmed' }>;

/** What was skipped by two people comes back on its day: nothing was confirmed, and nothing is tried until then. */
export interface Skipped {
  status: 'skipped';
}

/** Has a call wait until it is its turn at its target. A pause between two calls keeps nobody waiting. */
export type Turn = <T>(call: () => Promise<T>) => Promise<T>;

/**
 * Carries a step out until its target confirms it. Taking access away never gives up: a target that is throttled or away is
 * tried again at most a minute apart, one that refuses every quarter of an hour, and whenever a person says `retry`. What
 * only gives stops at `stopAt`, and goes on when somebody says so.
 */
export async function carryOut(
  desk: PersonDesk,
  begun: Begun,
  step: Step,
  stopAt?: string,
  turn: Turn = (call) => call(),
): Promise<Confirmed | Skipped> {
  const title = begun.titles[step.target] ?? step.target;
  const failed = `${begun.event}/${step.id}/step-failed`;
  for (;;) {
    const result = await oneTry(desk, begun, step, stopAt, turn);
    if (result === 'again') continue;
    if (result === 'skipped') return { status: 'skipped' };
    if (result !== 'stopped') {
      if (result.status === 'superseded') throw new Superseded(result.message);
      if (result.status === 'confirmed') {
        await desk.settle([failed, nearStep(begun, step), deadlineStep(begun, step)]);
        await handOver(desk, begun, step, result.handover ?? []);
        return result;
      }
    }
    const isOver = stopAt !== undefined && Date.parse(stopAt) <= Date.now();
    await desk.raise(begun.owner, [
      {
        step: failed,
        kind: 'step-failed',
        event: begun.event,
        person: desk.person,
        target: step.target,
        reason: `${step.summary}: ${whatHappened(title, result)} ${isOver ? 'It was to be done by then and is not tried any more; "retry" begins again.' : `Tried again every ${Math.round(desk.view.timing.slowRetryMs / 60_000)} minutes, or at once by "retry".`}`,
      },
    ]);
    const pause = isOver ? undefined : desk.view.timing.slowRetryMs;
    const code = result === 'stopped' ? 'its time is up' : result.code;
    if ((await desk.untilRetry(desk.exceptionId(failed), pause, `try ${title} again: ${code}`)) === 'skipped') {
      return { status: 'skipped' };
    }
    if (isOver) stopAt = new Date(Date.now() + 24 * 3_600_000).toISOString();
  }
}

function whatHappened(title: string, result: 'stopped' | Extract<ChangeResult, { status: 'blocked' }>): string {
  if (result === 'stopped') return `${title} did not answer in time.`;
  const advice = result.advice === undefined ? '' : ` ${result.advice}`;
  return `${title} says no (${result.code}): ${result.message}.${advice}`;
}

/** The name of the exception for a step that is late. */
export const deadlineStep = (begun: Pick<Begun, 'event'>, step: Pick<Step, 'id'>): string =>
  `${begun.event}/${step.id}/deadline-missed`;

/** The name of the exception for a step that will be late, as it looks at half of its time. */
export const nearStep = (begun: Pick<Begun, 'event'>, step: Pick<Step, 'id'>): string =>
  `${begun.event}/${step.id}/deadline-near`;

/** A change that is a step by itself. */
export const stepOf = (change: Change): Step => ({
  id: change.id,
  target: change.target,
  summary: change.summary,
  changes: [change],
});

/** Shared and service accounts are never disabled with a leaver: that each gets a new owner, and new secrets, is somebody's to see to. */
function handOver(
  desk: PersonDesk,
  begun: Begun,
  step: Step,
  accounts: { account: string; kind: string }[],
): Promise<void> {
  const title = begun.titles[step.target] ?? step.target;
  return desk.raise(
    begun.owner,
    accounts.map(({ account, kind }) => ({
      step: `${begun.event}/${step.id}/handover/${account}`,
      kind: 'handover',
      event: begun.event,
      person: desk.person,
      target: step.target,
      reason: `${desk.person} leaves and owns the ${kind} account ${account} in ${title}, which was not disabled. Give it a new owner and new secrets, then resolve this with "done".`,
    })),
  );
}

/** One activity, which Temporal repeats while its target is away. A person's `retry` ends its pause and begins a new one. */
async function oneTry(
  desk: PersonDesk,
  begun: Begun,
  step: Step,
  stopAt: string | undefined,
  turn: Turn,
): Promise<ChangeResult | 'again' | 'stopped' | 'skipped'> {
  const scope = new CancellationScope();
  let cut: 'again' | 'skipped' | undefined;
  const exceptions = [nearStep(begun, step), deadlineStep(begun, step), `${begun.event}/${step.id}/step-failed`].map(
    (each) => desk.exceptionId(each),
  );
  const interrupt = (how: 'again' | 'skipped') => {
    cut = how;
    scope.cancel();
  };
  try {
    return await desk.retryable(exceptions, interrupt, () =>
      scope.run(() => turn(() => call(desk, begun, step, stopAt))),
    );
  } catch (error) {
    if (cut !== undefined && isCancellation(error)) return cut;
    if (stopAt !== undefined && !isCancellation(error) && Date.parse(stopAt) <= Date.now()) return 'stopped';
    throw error;
  }
}

function call(desk: PersonDesk, begun: Begun, step: Step, stopAt: string | undefined): Promise<ChangeResult> {
  const left = stopAt === undefined ? undefined : Math.max(1_000, Date.parse(stopAt) - Date.now());
  const target = targetActivities(desk, begun.priority, step.target, step.summary, left);
  const { person, workflowId } = desk;
  const work = { person, event: begun.event, epoch: begun.epoch, now: now(), workflowId };
  const [first] = step.changes;
  if (first?.action === 'ticket') return target.openTicket({ ...work, change: first });
  if (first?.action === 'close') return target.closeAccess({ ...work, change: first });
  if (first?.action === 'restore') return target.restoreAccess({ ...work, change: first });
  if (first?.action === 'message') return target.sendMessages({ ...work, step });
  return target.applyChanges({ ...work, step });
}

const taking: ReadonlySet<ChangeAction> = new Set(['close', 'revoke', 'disable', 'remove']);

/** Does the step take anything away? Then it is never given up. */
export const takes = (step: Step): boolean => step.changes.some(({ action }) => takesAway(action));

/** Is it done to take something away? */
export const takesAway = (action: ChangeAction): boolean => taking.has(action);

/** The activities of one target on its own queue, with the priority of the event they serve and a summary a person can read. */
export function targetActivities(
  desk: PersonDesk,
  priorityKey: number,
  target: string,
  summary: string,
  withinMs?: number,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED' | 'ABANDON' = 'WAIT_CANCELLATION_COMPLETED',
) {
  const { callMs, retryInitialMs, retryMaximumMs } = desk.view.timing;
  return proxyActivities<TargetActivities>({
    taskQueue: targetQueue(target),
    startToCloseTimeout: callMs,
    ...(withinMs === undefined ? {} : { scheduleToCloseTimeout: withinMs }),
    retry: { initialInterval: retryInitialMs, maximumInterval: retryMaximumMs, backoffCoefficient: 2 },
    cancellationType,
    priority: { priorityKey },
    summary,
  });
}
