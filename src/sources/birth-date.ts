import { createHmac } from 'node:crypto';
import type { NormalisedEvent } from './source.ts';

/**
 * What is kept of a date of birth, so that somebody who was here before is recognised: an HMAC-SHA256, which nobody can undo by
 * trying all dates without the key. Another key makes another hash, so it is never rotated.
 */
export function birthDateHash(date: string, key: string): string {
  return createHmac('sha256', key).update(`muster birth date ${date}`).digest('hex');
}

/** The event as it may go on: its date of birth is a hash, or gone where there is no key. A sender's own hash is worth nothing. */
export function withoutBirthDate({ birthDate, ...event }: NormalisedEvent, key: string | undefined): NormalisedEvent {
  const { birthDateHash: _, ...data } = event.data;
  if (birthDate === undefined || key === undefined) return { ...event, data };
  return { ...event, data: { ...data, birthDateHash: birthDateHash(birthDate, key) } };
}
