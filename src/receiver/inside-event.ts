import type { EventType, IdentityEvent } from '../model/event.ts';
import { Failure } from '../model/failure.ts';
import { eventKey, type internalSources } from '../model/messages.ts';
import { readEventData } from '../sources/event-data.ts';
import { ownId, payloadHash } from './event-id.ts';

/** Something that comes from inside Muster: an operator's order, a schedule, a signal. */
export interface InsideEvent {
  source: (typeof internalSources)[number];
  /** Unique at its source. */
  id: string;
  type: EventType;
  /** A worker id, or Muster's own. */
  subject: string;
  data: Record<string, unknown>;
  /** Who caused it, where a person did. */
  by?: string;
  /** ISO instant. */
  now: string;
}

/** Makes it an event like any other, checked as strictly. Throws Failure `refused` that names every fault. */
export function insideEvent({ source, id, type, subject, data, by, now }: InsideEvent): IdentityEvent {
  const details = readEventData(type, data);
  if (!details.ok) {
    const faults = details.faults.map(({ path, problem }) => `${path.slice(1) || 'it'} ${problem}`);
    throw new Failure('refused', faults.join('; '));
  }
  // What comes from inside tells nobody when somebody was born.
  const { birthDate: _, ...said } = details.value;
  const normalised = { enteredAt: now, ...said, type, subject, id };
  const own = ownId(id);
  return {
    ...normalised,
    id: own,
    key: eventKey(source, own),
    source,
    receivedAt: now,
    payloadHash: payloadHash(normalised),
    ...(by === undefined ? {} : { by }),
  };
}
