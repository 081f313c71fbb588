import type { BerReader } from 'ldapts';
import { guidText } from './names.ts';

/** A search filter as it comes over the wire, RFC 4511 4.5.1.7; names of attributes and values in lower case. */
export type WireFilter =
  | { op: 'and' | 'or'; of: WireFilter[] }
  | { op: 'not'; of: WireFilter }
  | { op: 'equal' | 'atLeast' | 'atMost'; attribute: string; value: string }
  | { op: 'substrings'; attribute: string; initial: string; any: string[]; final: string }
  | { op: 'present'; attribute: string }
  | { op: 'rule'; rule: string; attribute: string; value: string };

/** Reads one filter. ldapts' own parser is for filters it writes itself: it misreads presence. */
export function readFilter(reader: BerReader): WireFilter {
  const tag = reader.peek();
  switch (tag) {
    case 0xa0:
    case 0xa1: {
      const of: WireFilter[] = [];
      eachIn(reader, tag, () => of.push(readFilter(reader)));
      return { op: tag === 0xa0 ? 'and' : 'or', of };
    }
    case 0xa2:
      reader.readSequence(tag);
      return { op: 'not', of: readFilter(reader) };
    case 0xa3:
    case 0xa5:
    case 0xa6:
    case 0xa8: {
      reader.readSequence(tag);
      const attribute = text(reader).toLowerCase();
      const bytes = reader.readString(0x04, true) ?? Buffer.alloc(0);
      const value =
        attribute === 'objectguid' && bytes.length === 16 ? guidText(bytes) : bytes.toString().toLowerCase();
      return { op: tag === 0xa5 ? 'atLeast' : tag === 0xa6 ? 'atMost' : 'equal', attribute, value };
    }
    case 0xa4:
      return readSubstrings(reader);
    case 0x87:
      return { op: 'present', attribute: (reader.readString(tag) ?? '').toLowerCase() };
    case 0xa9:
      return readRule(reader);
    default:
      throw new Error(`no filter has the tag ${tag}`);
  }
}

function readSubstrings(reader: BerReader): WireFilter {
  reader.readSequence(0xa4);
  const filter = { op: 'substrings' as const, attribute: text(reader).toLowerCase(), initial: '', final: '' };
  const any: string[] = [];
  eachIn(reader, 0x30, () => {
    const tag = reader.peek() ?? 0;
    const part = (reader.readString(tag) ?? '').toLowerCase();
    if (tag === 0x80) filter.initial = part;
    else if (tag === 0x82) filter.final = part;
    else any.push(part);
  });
  return { ...filter, any };
}

function readRule(reader: BerReader): WireFilter {
  const parts = new Map<number, string>();
  eachIn(reader, 0xa9, () => {
    const tag = reader.peek() ?? 0;
    parts.set(tag, reader.readString(tag) ?? '');
  });
  return {
    op: 'rule',
    rule: parts.get(0x81) ?? '',
    attribute: (parts.get(0x82) ?? '').toLowerCase(),
    value: parts.get(0x83) ?? '',
  };
}

/** Calls `read` until what stands under `tag` is used up. */
export function eachIn(reader: BerReader, tag: number, read: () => void): void {
  reader.readSequence(tag);
  const end = reader.offset + reader.length;
  while (reader.offset < end) read();
}

const text = (reader: BerReader): string => reader.readString() ?? '';

/** How a filter sees an entry: the values of an attribute, and whether one of them equals what was asked for. */
export interface Filterable {
  texts(attribute: string): string[];
  has(attribute: string, value: string): boolean;
}

const bitRules: Readonly<Record<string, (held: number, asked: number) => boolean>> = {
  '1.2.840.113556.1.4.803': (held, asked) => (held & asked) === asked,
  '1.2.840.113556.1.4.804': (held, asked) => (held & asked) !== 0,
};

/** Whether an entry matches. An attribute it does not have matches nothing, as in Active Directory. */
export function matches(filter: WireFilter, entry: Filterable): boolean {
  switch (filter.op) {
    case 'and':
      return filter.of.every((part) => matches(part, entry));
    case 'or':
      return filter.of.some((part) => matches(part, entry));
    case 'not':
      return !matches(filter.of, entry);
    case 'equal':
      return entry.has(filter.attribute, filter.value);
    case 'atLeast':
      return entry.texts(filter.attribute).some((held) => compare(held, filter.value) >= 0);
    case 'atMost':
      return entry.texts(filter.attribute).some((held) => compare(held, filter.value) <= 0);
    case 'present':
      return entry.texts(filter.attribute).length > 0;
    case 'substrings':
      return entry.texts(filter.attribute).some((held) => isMadeOf(held.toLowerCase(), filter));
    case 'rule': {
      const rule = bitRules[filter.rule];
      return (
        rule !== undefined && entry.texts(filter.attribute).some((held) => rule(Number(held), Number(filter.value)))
      );
    }
  }
}

const compare = (a: string, b: string): number =>
  /^-?\d+$/.test(a) && /^-?\d+$/.test(b) ? Number(a) - Number(b) : a.toLowerCase().localeCompare(b.toLowerCase(), 'en');

function isMadeOf(held: string, parts: { initial: string; any: string[]; final: string }): boolean {
  if (!held.startsWith(parts.initial)) return false;
  let from = parts.initial.length;
  for (const part of parts.any) {
    const at = held.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return held.endsWith(parts.final) && held.length - parts.final.length >= from;
}

/** Where an index says who can match at all, those; undefined where everybody must be looked at. */
export function candidates<T>(
  filter: WireFilter,
  index: (attribute: string, value: string) => Iterable<T> | undefined,
): Set<T> | undefined {
  switch (filter.op) {
    case 'equal': {
      const having = index(filter.attribute, filter.value);
      return having === undefined ? undefined : new Set(having);
    }
    case 'and': {
      for (const part of filter.of) {
        const found = candidates(part, index);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    case 'or': {
      const all = new Set<T>();
      for (const part of filter.of) {
        const found = candidates(part, index);
        if (found === undefined) return undefined;
        for (const one of found) all.add(one);
      }
      return all;
    }
    default:
      return undefined;
  }
}
