import { randomBytes } from 'node:crypto';
import type { Change } from 'ldapts';
import { alteration } from './client.ts';

/** A password nobody knows: 256 bits, with all four kinds of characters for any complexity rule. */
export const randomPassword = (): string => `Aa1!${randomBytes(32).toString('base64url')}`;

/** As unicodePwd wants it: quoted, UTF-16, little-endian. MS-ADTS 3.1.1.3.1.5.1. */
export const encodedPassword = (password: string): Buffer => Buffer.from(`"${password}"`, 'utf16le');

/** An administrative reset to a password nobody knows. */
export const passwordReset = (): Change => alteration('replace', 'unicodePwd', encodedPassword(randomPassword()));
