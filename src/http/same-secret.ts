import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in a time that tells nothing of either, not even their lengths. */
export const sameSecret = (given: string, right: string): boolean => timingSafeEqual(digest(given), digest(right));

/** The token of `Authorization: Bearer …`. */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  /^Bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1];
