import type { Reader } from '../directory/store.ts';
import { Secrecy } from '../operator/secrecy.ts';

/** Whoever opens the database itself is kept from nothing in it. */
export function whoReadsTheDirectory(reader: Reader): Secrecy {
  return new Secrecy(reader, { id: 'the command line', roles: new Set(['admin']) }, new Date().toISOString());
}

/** A line for what is to come. */
export function dueInWords({ dueAt, what, event, confidential }: Due): string {
  return `  due      ${dueAt}  ${what}, from ${event}${confidential ? '  (confidential)' : ''}`;
}

interface Due {
  dueAt: string;
  what: string;
  event: string;
  confidential: boolean;
}
