import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { priorities, statusQuery } from '../src/model/messages.ts';
import {
  type PropagationActivities,
  type PropagationInput,
  type PropagationLook,
  type PropagationProgress,
  propagationBatch,
} from '../src/model/propagation.ts';
import { now } from './muster-activities.ts';

export const status = defineQuery<PropagationProgress | null>(statusQuery);

const { lookForChange, beginPropagation, propagate, giveUpPropagation } = proxyActivities<PropagationActivities>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  priority: { priorityKey: priorities.bulk },
});

/** Between looks whether a batch is done: first, longest. */
const pauses = { first: 1_000, longest: 15_000 };
/** While workers are replaced by others with the new policy, some still have the old one. */
const otherPolicy = { pause: 15_000, looks: 40 };

/**
 * Brings everybody in line with a policy that has changed, in batches; nobody of the next batch begins before the events of
 * this one are settled or wait for somebody. Where it stands is in the directory: it can be stopped, lost and begun again.
 */
export async function propagatePolicy(input: PropagationInput): Promise<PropagationProgress | PropagationLook> {
  const { policy, by = 'muster', size = propagationBatch } = input;
  if (policy === undefined) return lookForChange({ now: now() });
  let progress: PropagationProgress | null = null;
  setHandler(status, () => progress, { description: 'How far it is' });

  const step = (id: string | undefined) =>
    id === undefined
      ? beginPropagation({ policy, by, now: now(), run: workflowInfo().firstExecutionRunId })
      : propagate({ id, size, now: now() });
  let { id } = input;
  let pause = pauses.first;
  let others = 0;
  for (;;) {
    const before: PropagationProgress | null = progress;
    const latest = await step(id);
    progress = latest;
    if (latest.state !== 'running') return latest;
    if (latest.otherPolicy === true) {
      others += 1;
      if (others > otherPolicy.looks) return id === undefined ? latest : giveUpPropagation({ id, now: now() });
      await sleep(otherPolicy.pause, { summary: 'wait for workers with this policy' });
      continue;
    }
    others = 0;
    id = latest.id;
    if (latest.inFlight > 0) {
      const isMoving = before?.inFlight !== latest.inFlight;
      pause = isMoving ? pauses.first : Math.min(pause * 1.5, pauses.longest);
      await sleep(pause, { summary: `wait for ${latest.inFlight} people` });
    }
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof propagatePolicy>({ ...input, id });
    }
  }
}
