import anyAscii from 'any-ascii';
import type { Person } from '../model/person.ts';
import type { PolicyFile } from './schema.ts';

/** How logins and addresses are made. */
export type NameRules = NonNullable<PolicyFile['names']>;

/** The login that policy's template gives a person, before anybody asks whether it is taken: a-z, 0-9, `.`, `-` and `_`. */
export function wantedLogin({ login, maxLength }: NameRules, person: Person): string {
  const { first, last } = partsOf(person);
  const id = plain(person.id);
  const values: Record<string, string> = { first, last, f: first.slice(0, 1), l: last.slice(0, 1), id };
  // Whoever's name has no letter that ASCII knows a sound for is known by their number, and never by the template's dots.
  const named = first !== '' || last !== '' || login.includes('{id}');
  const filled = named ? login.toLowerCase().replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '') : '';
  return cut(plain(filled), maxLength) || cut(id, maxLength) || 'user';
}

/** The n-th who wants the same login: `sarah.chen`, `sarah.chen2`, `sarah.chen3`, …, none longer than policy allows. */
export function numbered(login: string, n: number, maxLength: number): string {
  if (n === 1) return login;
  return `${cut(login, maxLength - String(n).length)}${n}`;
}

/** Is a login one of those that `numbered` makes of another? */
export function isNumbered(login: string, wanted: string, maxLength: number): boolean {
  const n = /(\d+)$/.exec(login)?.[1] ?? '';
  const numbers = Array.from(n, (_, index) => Number(n.slice(index)));
  return login === wanted || numbers.some((each) => each > 1 && numbered(wanted, each, maxLength) === login);
}

function partsOf({ id, name, attributes }: Person): { first: string; last: string } {
  // Some sources say the whole name alone; one that is only the number is none.
  const words = name === id ? [] : name.trim().split(/\s+/);
  const first = attributes.firstName ?? words[0] ?? '';
  const last = attributes.lastName ?? (words.length > 1 ? (words.at(-1) ?? '') : '');
  return { first: plain(first).replaceAll('.', ''), last: plain(last).replaceAll('.', '') };
}

/** What every system takes in a login: each separator once, none at either end. */
function plain(text: string): string {
  return trim(
    anyAscii(text.normalize('NFC'))
      .toLowerCase()
      .replace(/[^a-z0-9._-]/g, '')
      .replace(/([._-])[._-]+/g, '$1'),
  );
}

const trim = (text: string): string => text.replace(/^[._-]+|[._-]+$/g, '');
const cut = (text: string, length: number): string => trim(text.slice(0, Math.max(0, length)));
