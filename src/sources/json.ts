import type { Fault } from './source.ts';

/** What reading bytes gives: a value, or every fault by its path. */
export type Read<T> = { ok: true; value: T } | { ok: false; faults: Fault[] };

const deepest = 32;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);
// PostgreSQL keeps neither, so an event with one would be accepted here and could never be recorded.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the NUL is what is looked for
const unstorable = /\p{Surrogate}|\u0000/u;

/**
 * Bytes → JSON value, stricter than `JSON.parse`: valid UTF-8, no key twice, no key that reaches a prototype, at most 32
 * levels, no number that would be rounded, no text that the ledger could not keep.
 */
export function parseJson(body: Uint8Array): Read<unknown> {
  const text = decodeUtf8(body);
  if (text === undefined) return refuse('', 'is not valid UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse('', `is not valid JSON${positionIn(text, error)}`);
  }
  const faults = faultsOf(text);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, value };
}

/** False for text with a NUL or half a character, which no database column keeps. */
export const isStorable = (text: string): boolean => !unstorable.test(text);

/** Text, or undefined where the bytes are not UTF-8; a byte order mark is left out. */
export function decodeUtf8(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** A JSON Pointer (RFC 6901) to a member of the value at `path`. */
export const pointer = (path: string, key: PropertyKey): string =>
  `${path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

const refuse = (path: string, problem: string): { ok: false; faults: Fault[] } => ({
  ok: false,
  faults: [{ path, problem }],
});

/** The engine's own message may quote the body, so only the position is taken from it. */
function positionIn(text: string, error: unknown): string {
  const match = /position (\d+)/.exec(error instanceof Error ? error.message : '');
  if (match === null) return '';
  const before = text.slice(0, Number(match[1])).split('\n');
  return `, line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

interface Level {
  path: string;
  /** Keys seen so far; undefined in an array. */
  keys: Set<string> | undefined;
  key: string | number;
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[{}[\]:,]/g;

/** Walks a text that `JSON.parse` has accepted and names what it let pass. Without recursion, so that depth cannot overflow it. */
function faultsOf(text: string): Fault[] {
  const faults: Fault[] = [];
  const levels: Level[] = [];
  let expectsKey = false;
  for (const [token] of text.matchAll(tokens)) {
    const level = levels.at(-1);
    const here = level === undefined ? '' : pointer(level.path, level.key);
    if (token === '{' || token === '[') {
      if (levels.length === deepest) return [{ path: here, problem: `is nested deeper than ${deepest} levels` }];
      levels.push({ path: here, keys: token === '{' ? new Set() : undefined, key: token === '{' ? '' : 0 });
      expectsKey = token === '{';
    } else if (token === '}' || token === ']') {
      levels.pop();
      expectsKey = false;
    } else if (token === ',') {
      expectsKey = level?.keys !== undefined;
      if (level !== undefined && typeof level.key === 'number') level.key += 1;
    } else if (token === ':') {
      expectsKey = false;
    } else if (expectsKey && level?.keys !== undefined) {
      level.key = String(JSON.parse(token));
      const problem = keyFault(level.key, level.keys);
      if (problem !== undefined) faults.push({ path: pointer(level.path, level.key), problem });
      level.keys.add(level.key);
    } else {
      const problem = valueFault(token);
      if (problem !== undefined) faults.push({ path: here, problem });
    }
    if (faults.length >= 20) break;
  }
  return faults;
}

function keyFault(key: string, seen: ReadonlySet<string>): string | undefined {
  if (seen.has(key)) return 'stands there twice';
  if (forbiddenKeys.has(key)) return 'is not allowed as a name';
  return isStorable(key) ? undefined : 'has a character that cannot be kept';
}

function valueFault(token: string): string | undefined {
  const value: unknown = JSON.parse(token);
  if (typeof value === 'string') return isStorable(value) ? undefined : 'has a character that cannot be kept';
  if (typeof value !== 'number') return undefined;
  const exact = Number.isFinite(value) && (!/^-?\d+$/.test(token) || Number.isSafeInteger(value));
  return exact ? undefined : 'is a number that cannot be kept exactly; send it as text';
}
