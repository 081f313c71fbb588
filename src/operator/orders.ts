import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { HttpProblem } from '../http/problem.ts';
import { type EventType, eventOutcomes } from '../model/event.ts';
import { Failure } from '../model/failure.ts';
import { eventWorkflowId, workflowTypes } from '../model/messages.ts';
import type { Person } from '../model/person.ts';
import { insideEvent } from '../receiver/inside-event.ts';
import type { Frontend } from '../receiver/temporal.ts';
import type { Operator } from './operators.ts';

/** An operator's word that becomes an event. */
export interface Order {
  type: EventType;
  /** A worker id of the person. */
  subject: string;
  data: Record<string, unknown>;
  operator: Operator;
  /** The client's own id of it, if it has one. */
  idempotencyKey?: string;
  /** ISO instant. */
  now: string;
}

/** What became of an order at the door. */
export const orderedShape = z.strictObject({
  status: z.enum(['accepted', 'duplicate']),
  /** Its key, for `GET /api/events/{key}`. */
  eventId: z.string(),
  workflowId: z.string(),
  outcome: z.enum(eventOutcomes).exactOptional(),
});

/** Makes an event of an order and hands it to Temporal, as the receiver does with any other. */
export async function takeOrder(frontend: Frontend, order: Order): Promise<z.input<typeof orderedShape>> {
  const event = eventOf(order);
  const workflowId = eventWorkflowId(event.key);
  const found = { eventId: event.key, workflowId };
  if (await frontend.start(workflowTypes.identityEvent, workflowId, event)) return { status: 'accepted', ...found };
  const first = await frontend.look(workflowId);
  if (first === undefined) throw new Failure('unavailable', `${workflowId} was there and is gone`);
  if (first.payloadHash !== event.payloadHash) {
    throw new HttpProblem(409, 'that Idempotency-Key was used before, for another order', { members: found });
  }
  const outcome = eventOutcomes.find((known) => known === first.outcome);
  return { status: 'duplicate', ...found, ...(outcome === undefined ? {} : { outcome }) };
}

function eventOf({ type, subject, data, operator, idempotencyKey, now }: Order) {
  // Two operators who happen to use the same key have two orders.
  const id = idempotencyKey === undefined ? randomUUID() : `${operator.id}.${idempotencyKey}`;
  try {
    return insideEvent({ source: 'operator', id, type, subject, data, by: operator.id, now });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'refused') throw error;
    throw new HttpProblem(400, error.message);
  }
}

/** The worker id that an order names the person by: the one it was asked by, where that is one, or their first. */
export function subjectOf({ id, identifiers, engagements }: Person, alias: string): string {
  const numbers = [
    ...engagements.map(({ workerId }) => workerId),
    ...identifiers.flatMap(({ type, value }) => (type === 'workerId' ? [value] : [])),
  ];
  if (numbers.includes(alias)) return alias;
  const primary = engagements.find((engagement) => engagement.primary && engagement.endDate === undefined);
  return primary?.workerId ?? numbers[0] ?? id;
}
