import { Context } from '@temporalio/activity';
import type { IdentityEvent, Settlement } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { eventKey } from '../src/model/messages.ts';
import type { EventRequest } from '../src/model/work.ts';
import { ownId, payloadHash } from '../src/receiver/event-id.ts';
import { startEvent } from '../src/receiver/event-start.ts';
import type { Review } from '../src/sources/sailpoint-certifications.ts';
import type { Dependencies } from './dependencies.ts';
import { toApplicationFailure } from './failures.ts';

/** A certification that was signed off, read back at its source: each person's part of it becomes an event of its own. */
export async function spreadCertification(dependencies: Dependencies, request: EventRequest): Promise<Settlement> {
  const { certifications, store, timing, workflows } = dependencies;
  const { event, workflowId, now } = request;
  try {
    const id = event.data['certification'];
    if (certifications === undefined || typeof id !== 'string')
      throw new Failure('misconfigured', `nothing of muster.yaml reads the certification of ${event.key}`);
    const reviews = await certifications.reviews(event.source, id, Context.current().cancellationSignal);
    for (const review of reviews) await startEvent(workflows, partOf(event, review));
    const settlement: Settlement = {
      ...{ event: event.key, outcome: 'applied' },
      reason: `read back: ${reviews.length} people were reviewed, each in an event of their own`,
    };
    await store.transaction(async (tx) => {
      await tx.removeWaiting(event.key);
      await tx.updateArrival(event.key, { outcome: 'applied', reason: settlement.reason ?? '', settledAt: now });
      const people = reviews.map(({ worker, items }) => ({ worker, items: items.length }));
      const piece = { workflowId, step: event.key, event: event.key, at: now };
      await tx.addEvidence([{ ...piece, kind: 'certification-read', data: { certification: id, people } }]);
    });
    return settlement;
  } catch (error) {
    throw toApplicationFailure(error, timing.retryMaximumMs, timing.slowRetryMs);
  }
}

/** Read back twice, a person's part is the same event: it is theirs once. */
function partOf(event: IdentityEvent, { worker, items }: Review): IdentityEvent {
  const { key: _, payloadHash: __, source, receivedAt, ...rest } = event;
  const id = ownId(`${event.id}.${worker}`);
  const said = { ...rest, id, subject: worker, data: { ...event.data, items } };
  return { ...said, key: eventKey(source, id), source, receivedAt, payloadHash: payloadHash(said) };
}
