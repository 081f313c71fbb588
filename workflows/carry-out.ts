import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { TargetActivities } from '../activities/activities.ts';
import { targetQueue } from '../src/model/messages.ts';
import type { Change } from '../src/model/plan.ts';
import type { BegunEnd, ChangeResult } from '../src/model/work.ts';
import { now } from './muster-activities.ts';
import type { PersonDesk } from './person.ts';

/** Newer work for this person has begun; this one touches nothing any more. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

export type Confirmed = Extract<ChangeResult, { status: 'confirmed' }>;

/**
 * Carries one change out until its target confirms it. Taking access away never gives up: a target that is throttled or
 * away is tried again at most a minute apart, one that refuses every quarter of an hour, and whenever a person says `retry`.
 */
export async function carryOut(desk: PersonDesk, end: BegunEnd, change: Change): Promise<Confirmed> {
  const title = end.titles[change.target] ?? change.target;
  const step = `${end.event}/${change.id}/step-failed`;
  for (;;) {
    const result = await oneTry(desk, end, change);
    if (result === 'again') continue;
    if (result.status === 'superseded') throw new Superseded(result.message);
    if (result.status === 'confirmed') {
      await desk.settle([step, `${end.event}/${change.id}/deadline-missed`]);
      await handOver(desk, end, change, result.handover ?? []);
      return result;
    }
    const advice = result.advice === undefined ? '' : ` ${result.advice}`;
    await desk.raise(end.owner, [
      {
        step,
        kind: 'step-failed',
        event: end.event,
        person: desk.person,
        target: change.target,
        reason: `${change.summary}: ${title} says no (${result.code}): ${result.message}.${advice} Tried again every ${Math.round(desk.view.timing.slowRetryMs / 60_000)} minutes, or at once by "retry".`,
      },
    ]);
    await desk.untilRetry(desk.exceptionId(step), desk.view.timing.slowRetryMs, `try ${title} again: ${result.code}`);
  }
}

/** Shared and service accounts are never disabled with a leaver: that each gets a new owner, and new secrets, is somebody's to see to. */
function handOver(
  desk: PersonDesk,
  end: BegunEnd,
  change: Change,
  accounts: { account: string; kind: string }[],
): Promise<void> {
  const title = end.titles[change.target] ?? change.target;
  return desk.raise(
    end.owner,
    accounts.map(({ account, kind }) => ({
      step: `${end.event}/${change.id}/handover/${account}`,
      kind: 'handover',
      event: end.event,
      person: desk.person,
      target: change.target,
      reason: `${desk.person} leaves and owns the ${kind} account ${account} in ${title}, which was not disabled. Give it a new owner and new secrets, then resolve this with "done".`,
    })),
  );
}

/** One activity, which Temporal repeats while its target is away. A person's `retry` ends its pause and begins a new one. */
async function oneTry(desk: PersonDesk, end: BegunEnd, change: Change): Promise<ChangeResult | 'again'> {
  const scope = new CancellationScope();
  let cut = false;
  const exception = desk.exceptionId(`${end.event}/${change.id}/deadline-missed`);
  const interrupt = () => {
    cut = true;
    scope.cancel();
  };
  try {
    return await desk.retryable(exception, interrupt, () => scope.run(() => call(desk, end, change)));
  } catch (error) {
    if (cut && isCancellation(error)) return 'again';
    throw error;
  }
}

function call(desk: PersonDesk, end: BegunEnd, change: Change): Promise<ChangeResult> {
  const target = targetActivities(desk, end.priority, change.target, change.summary);
  const work = {
    person: desk.person,
    event: end.event,
    epoch: end.epoch,
    change,
    now: now(),
    workflowId: desk.workflowId,
  };
  return change.action === 'ticket' ? target.openTicket(work) : target.closeAccess(work);
}

/** The activities of one target on its own queue, with the priority of the event they serve and a summary a person can read. */
export function targetActivities(desk: PersonDesk, priorityKey: number, target: string, summary: string) {
  const { callMs, retryInitialMs, retryMaximumMs } = desk.view.timing;
  return proxyActivities<TargetActivities>({
    taskQueue: targetQueue(target),
    startToCloseTimeout: callMs,
    retry: { initialInterval: retryInitialMs, maximumInterval: retryMaximumMs, backoffCoefficient: 2 },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    priority: { priorityKey },
    summary,
  });
}
