import { z } from 'zod';
import { type EventType, eventTypes } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { startEvent } from '../src/receiver/event-start.ts';
import { insideEvent } from '../src/receiver/inside-event.ts';
import type { MusterActivities } from './activities.ts';
import type { Dependencies } from './dependencies.ts';

type Request = Parameters<MusterActivities['takeSignal']>[0];

const date = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'must be a date such as 2026-02-02');
const reason = z.string().trim().min(1, 'is required').max(500);

const shapes = {
  changeStartDate: z.strictObject({ startDate: date, reason, by: z.string().max(200).optional() }),
  cancelHire: z.strictObject({ reason, by: z.string().max(200).optional() }),
  changeEndDate: z.strictObject({ endDate: z.union([date, z.null()]), reason, by: z.string().max(200).optional() }),
  event: z.looseObject({
    type: z.string(),
    subject: z.string().optional(),
    data: z.record(z.string(), z.unknown()).default({}),
  }),
};

/**
 * Makes an event of a signal, which takes the same way as any other. Nobody vouches for who sent it: Temporal's own identity
 * of the sender is kept with it, and what its payload says of itself counts for nothing.
 */
export async function takeSignal(
  dependencies: Dependencies,
  request: Request,
): Promise<{ event: string } | { refused: string }> {
  const { store, workflows } = dependencies;
  const { person, signal, id, now, workflowId } = request;
  const read = meaningOf(request);
  const piece = { workflowId, step: id, person, at: now };
  if ('refused' in read) {
    await store.write({ evidence: [{ ...piece, kind: 'signal-refused', data: { signal, why: read.refused } }] });
    return read;
  }
  const by = await senderOf(dependencies, request);
  try {
    const event = insideEvent({ source: 'signal', id, type: read.type, subject: person, data: read.data, by, now });
    await store.write({ evidence: [{ ...piece, kind: 'signal-taken', data: { signal, event: event.key, by } }] });
    await startEvent(workflows, event);
    return { event: event.key };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'refused') throw error;
    await store.write({ evidence: [{ ...piece, kind: 'signal-refused', data: { signal, why: error.message } }] });
    return { refused: error.message };
  }
}

function meaningOf({
  signal,
  payload,
}: Request): { type: EventType; data: Record<string, unknown> } | { refused: string } {
  switch (signal) {
    case 'changeStartDate': {
      const read = shapes.changeStartDate.safeParse(payload);
      if (!read.success) return refused(signal, read.error);
      return { type: 'start-date-changed', data: { startDate: read.data.startDate, reason: read.data.reason } };
    }
    case 'cancelHire': {
      const read = shapes.cancelHire.safeParse(payload);
      return read.success
        ? { type: 'hire-cancelled', data: { reason: read.data.reason } }
        : refused(signal, read.error);
    }
    case 'changeEndDate': {
      const read = shapes.changeEndDate.safeParse(payload);
      if (!read.success) return refused(signal, read.error);
      return { type: 'contract-end-changed', data: { endDate: read.data.endDate, reason: read.data.reason } };
    }
    default: {
      const read = shapes.event.safeParse(payload);
      if (!read.success) return refused(signal, read.error);
      const type = eventTypes.find((known) => read.data.type === `muster.${known}` || read.data.type === known);
      if (type === undefined) return { refused: `event: "${read.data.type}" is no event type that Muster knows` };
      return { type, data: read.data.data };
    }
  }
}

function refused(signal: string, error: z.ZodError): { refused: string } {
  const faults = error.issues.map(({ path, message }) => `${path.join('.') || 'it'} ${message}`);
  return { refused: `${signal}: ${faults.join('; ')}` };
}

/** Who sent it, in Temporal's words: `12345@host`. */
async function senderOf({ workflows }: Dependencies, { signal, nth, workflowId, runId }: Request): Promise<string> {
  const { events = [] } = await workflows.getHandle(workflowId, runId).fetchHistory();
  const sent = (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: attributes }) =>
    attributes?.signalName === signal ? [attributes.identity ?? ''] : [],
  );
  return `temporal:${sent[nth] || 'unknown'}`;
}
