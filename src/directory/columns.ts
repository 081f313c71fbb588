import { customType, pgSchema } from 'drizzle-orm/pg-core';

/** All of Muster's tables stand in a schema of their own, so that a database can be shared and an auditor be granted one thing. */
export const muster = pgSchema('muster');

/** An instant as everybody else sees it: ISO 8601, UTC, milliseconds. The database keeps no more than those, or hashes would not repeat. */
export const instant = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamp(3) with time zone',
  fromDriver: (text) => new Date(text).toISOString(),
});

/** Ids and names of things: compared byte by byte, so that order and uniqueness are the same on every machine. */
export const key = customType<{ data: string; driverData: string }>({ dataType: () => 'text COLLATE "C"' });

/** Words for people, from wherever they come: PostgreSQL takes no NUL in text, and that is no reason to lose a sentence. */
export const words = customType<{ data: string; driverData: string }>({
  dataType: () => 'text',
  toDriver: (text) => text.replaceAll('\0', '\ufffd'),
});

/**
 * JSON that may be searched; what `jsonb` does not take (NUL, half a surrogate pair) becomes U+FFFD. Drizzle's own column
 * would read the string `"12"` back as the number 12.
 */
export const document = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (value) => toJson(value).replace(refusedEscape, '$1\\ufffd'),
});

const refusedEscape = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** JSON kept letter by letter; unlike `jsonb` it takes whatever a source or target sends, `\u0000` too. */
export const verbatim = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'json',
  toDriver: toJson,
});

function toJson(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}
