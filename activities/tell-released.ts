import type { WorkflowClient } from '@temporalio/client';
import type { Settlement } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import type { Reservation } from '../src/model/hold.ts';
import {
  eventWorkflowId,
  type PersonInput,
  type ReleasedMessage,
  releasedSignal,
  workflowTypes,
} from '../src/model/messages.ts';
import { personStart } from '../src/person-start.ts';
import { tell } from './settle.ts';

/** What becomes of an event that an operator rejected. */
export const rejection = (event: string, decided: Reservation['data']['decided']): Settlement => ({
  event,
  outcome: 'dropped',
  reason: `rejected by ${decided?.by ?? 'an operator'}: ${decided?.reason ?? ''}`,
});

/** Messages under way at a time. */
const aside = 20;

/** Tells everybody concerned, the most urgent first. Those whose day is still to come have nothing to be told. */
export async function tellAll(workflows: WorkflowClient, hold: string, decided: Reservation[]): Promise<void> {
  const waiting = decided
    .filter(({ data }) => data.ahead !== true)
    .sort((a, b) => a.data.priority - b.data.priority || a.at.localeCompare(b.at));
  const all = waiting.length;
  let failed: unknown;
  let untold = 0;
  const next = async () => {
    for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
      try {
        await tellOne(workflows, hold, each);
      } catch (error) {
        failed = error;
        untold += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: aside }, next));
  if (untold === 0) return;
  throw new Failure('unavailable', `it is decided, and ${untold} of ${all} workflows could not be told yet`, {
    advice: 'Say the same again once Temporal is in reach: it tells them again.',
    cause: failed,
  });
}

async function tellOne(workflows: WorkflowClient, hold: string, { person, event, state, data }: Reservation) {
  if (state === 'rejected') await tell(workflows, eventWorkflowId(event), rejection(event, data.decided));
  await tellPerson(workflows, person, hold, data.priority);
}

/** Has a person look again at what a hold kept of them; their workflow is started if none is open. */
export async function tellPerson(
  workflows: WorkflowClient,
  person: string,
  hold: string,
  priority: number,
): Promise<void> {
  await workflows.signalWithStart<(input: PersonInput) => Promise<void>, [ReleasedMessage]>(workflowTypes.person, {
    ...personStart(person, priority),
    signal: releasedSignal,
    signalArgs: [{ hold }],
  });
}
