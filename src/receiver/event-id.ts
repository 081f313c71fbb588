import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { NormalisedEvent } from '../sources/source.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A source's own id as it is, or hashed where it would break a workflow's id or could be taken for one of ours. */
export function ownId(id: string): string {
  return /^[\w.-]{1,200}$/.test(id) && !/^(h|fp)-[0-9a-f]{64}/.test(id) ? id : `h-${sha256(id)}`;
}

/** `fp-<sha256>` of an event that came without an id; the receiver adds `.<n>`. */
export const fingerprint = (event: NormalisedEvent): string => `fp-${hashOf(withoutId(event))}`;

/**
 * SHA-256 (hex) over the RFC 8785 form of what the event says, to tell a duplicate from another event under the same id.
 * The entry moment is left out where the event has an own id, which names the entry already: a CloudEvent that is sent again
 * may well carry a new `time`.
 */
export function payloadHash(event: NormalisedEvent): string {
  const { enteredAt: _, ...said } = withoutId(event);
  return event.id === undefined ? hashOf(withoutId(event)) : hashOf(said);
}

function withoutId({ id: _, ...event }: NormalisedEvent): Omit<NormalisedEvent, 'id'> {
  return event;
}

const hashOf = (value: object): string => sha256(canonicalize(value) ?? '');
