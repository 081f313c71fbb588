import { allHandlersFinished, condition, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Settlement } from '../src/model/event.ts';
import type { EventInput, ResolveMessage } from '../src/model/messages.ts';
import { resolve, status } from './identity-event.ts';
import { now, records } from './muster-activities.ts';
import { checkResolution, type Resolution, vouchedFor } from './resolution.ts';
import { attributes } from './search-attributes.ts';

/** Keeps an event that came under an id already taken by another: nothing is done with it until a person has looked. */
export async function refusal({ event }: EventInput): Promise<Settlement> {
  let resolution: Resolution | undefined;
  let done = false;
  setHandler(status, () => ({ event: event.key, type: event.type, waitingFor: 'exception' }));
  setHandler(
    resolve,
    async (message: ResolveMessage) => {
      resolution = { ...message, by: await vouchedFor(message, event.key, message.action) };
      await condition(() => done);
      return `${heldKey} is dropped`;
    },
    { validator: (message) => checkResolution(message, ['drop']), description: 'drop the event that was refused' },
  );
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const request = () => ({
    event: { ...event, key: heldKey },
    now: now(),
    workflowId,
    firstRunId: firstExecutionRunId,
  });
  const heldKey = `${event.key}.${event.payloadHash.slice(0, 12)}`;

  await records.parkEvent({
    ...request(),
    exception: {
      step: 'conflicting-event',
      kind: 'conflicting-event',
      event: heldKey,
      reason: `${event.source} sent a second, different event under the id ${event.id} (${event.type} for ${event.subject}). The first stands. Compare the two, have the source send the right one under a new id, and "drop" this one.`,
    },
  });
  upsertSearchAttributes([
    { key: attributes.outcome, value: 'held' },
    { key: attributes.waitingFor, value: ['exception'] },
  ]);
  await condition(() => resolution !== undefined);
  const settlement: Settlement = { event: heldKey, outcome: 'dropped', reason: resolution?.reason ?? 'dropped' };
  await records.settleParked({
    ...request(),
    settlement,
    action: 'drop',
    by: resolution?.by ?? 'unverified',
    reason: settlement.reason ?? '',
  });
  done = true;
  upsertSearchAttributes([
    { key: attributes.outcome, value: 'dropped' },
    { key: attributes.waitingFor, value: [] },
  ]);
  await condition(allHandlersFinished);
  return settlement;
}
