import { BerReader } from 'ldapts';
import { eachIn, readFilter, type WireFilter } from './sandbox-filter.ts';

export interface WireChange {
  operation: 'add' | 'delete' | 'replace';
  attribute: string;
  values: Buffer[];
}

export interface SearchAsked {
  kind: 'search';
  base: string;
  scope: 'base' | 'one' | 'sub' | 'children';
  sizeLimit: number;
  namesOnly: boolean;
  filter: WireFilter;
  attributes: string[];
}

/** What a client may ask, RFC 4511. */
export type Asked =
  /** `password` is absent for anything but a simple bind. */
  | { kind: 'bind'; name: string; password?: string }
  | { kind: 'unbind' }
  | { kind: 'abandon'; id: number }
  | SearchAsked
  | { kind: 'modify'; dn: string; changes: WireChange[] }
  | { kind: 'add'; dn: string; attributes: { attribute: string; values: Buffer[] }[] }
  | { kind: 'delete'; dn: string }
  | { kind: 'rename'; dn: string; rdn: string; parent?: string }
  | { kind: 'other'; answer: number };

/** A request that changes something. */
export type ChangeAsked = Extract<Asked, { kind: 'modify' | 'add' | 'delete' | 'rename' }>;

export const isChange = (asked: Asked): asked is ChangeAsked =>
  ['modify', 'add', 'delete', 'rename'].includes(asked.kind);

export interface WireControl {
  oid: string;
  critical: boolean;
  value: Buffer;
}

export interface Asking {
  id: number;
  asked: Asked;
  controls: WireControl[];
  /** As it was received. */
  bytes: Buffer;
}

/** The tag of the answer that belongs to a request. */
export function answerTag(asked: Asked): number {
  const tags = { bind: 0x61, search: 0x65, modify: 0x67, add: 0x69, delete: 0x6b, rename: 0x6d };
  if (asked.kind === 'other') return asked.answer;
  return asked.kind === 'unbind' || asked.kind === 'abandon' ? 0 : tags[asked.kind];
}

const longest = 10_000_000;

/** Takes the first whole message off the buffer; undefined while it is not complete. Throws what is not LDAP. */
export function takeMessage(buffer: Buffer): { asking: Asking; rest: Buffer } | undefined {
  const reader = new BerReader(buffer);
  if (reader.readSequence(0x30) === null) return undefined;
  if (reader.length < 0 || reader.length > longest) throw new Error('the message is too long');
  if (reader.remain < reader.length) return undefined;
  const end = reader.offset + reader.length;
  const message = new BerReader(buffer.subarray(reader.offset, end));
  const id = message.readInt() ?? 0;
  const asked = readAsked(message);
  const controls = message.peek() === 0xa0 ? readControls(message) : [];
  return { asking: { id, asked, controls, bytes: buffer.subarray(0, end) }, rest: buffer.subarray(end) };
}

function readAsked(reader: BerReader): Asked {
  const tag = reader.peek() ?? 0;
  switch (tag) {
    case 0x60: {
      reader.readSequence(tag);
      reader.readInt();
      const name = text(reader);
      if (reader.peek() === 0x80) return { kind: 'bind', name, password: reader.readString(0x80) ?? '' };
      skip(reader);
      return { kind: 'bind', name };
    }
    case 0x42:
      return { kind: 'unbind' };
    case 0x50:
      return { kind: 'abandon', id: reader.readTag(tag) ?? 0 };
    case 0x63:
      return readSearch(reader, tag);
    case 0x66: {
      reader.readSequence(tag);
      const dn = text(reader);
      const changes: WireChange[] = [];
      eachIn(reader, 0x30, () => {
        reader.readSequence(0x30);
        const operation = (['add', 'delete', 'replace'] as const)[reader.readEnumeration() ?? -1];
        if (operation === undefined) throw new Error('no such change');
        changes.push({ operation, ...readAttribute(reader) });
      });
      return { kind: 'modify', dn, changes };
    }
    case 0x68: {
      reader.readSequence(tag);
      const dn = text(reader);
      const attributes: { attribute: string; values: Buffer[] }[] = [];
      eachIn(reader, 0x30, () => attributes.push(readAttribute(reader)));
      return { kind: 'add', dn, attributes };
    }
    case 0x4a:
      return { kind: 'delete', dn: reader.readString(tag) ?? '' };
    case 0x6c: {
      reader.readSequence(tag);
      const dn = text(reader);
      const rdn = text(reader);
      reader.readBoolean();
      return { kind: 'rename', dn, rdn, ...(reader.peek() === 0x80 ? { parent: reader.readString(0x80) ?? '' } : {}) };
    }
    case 0x6e:
    case 0x77:
      skip(reader);
      return { kind: 'other', answer: tag + 1 };
    default:
      throw new Error(`no request has the tag ${tag}`);
  }
}

function readSearch(reader: BerReader, tag: number): SearchAsked {
  reader.readSequence(tag);
  const base = text(reader);
  const scope = (['base', 'one', 'sub', 'children'] as const)[reader.readEnumeration() ?? -1];
  if (scope === undefined) throw new Error('no such scope');
  reader.readEnumeration();
  const sizeLimit = reader.readInt() ?? 0;
  reader.readInt();
  const namesOnly = reader.readBoolean() ?? false;
  const filter = readFilter(reader);
  const attributes: string[] = [];
  eachIn(reader, 0x30, () => attributes.push(text(reader)));
  return { kind: 'search', base, scope, sizeLimit, namesOnly, filter, attributes };
}

function readAttribute(reader: BerReader): { attribute: string; values: Buffer[] } {
  reader.readSequence(0x30);
  const attribute = text(reader);
  const values: Buffer[] = [];
  eachIn(reader, 0x31, () => values.push(reader.readString(0x04, true) ?? Buffer.alloc(0)));
  return { attribute, values };
}

function readControls(reader: BerReader): WireControl[] {
  const controls: WireControl[] = [];
  eachIn(reader, 0xa0, () => {
    reader.readSequence(0x30);
    const end = reader.offset + reader.length;
    const oid = text(reader);
    const critical = reader.offset < end && reader.peek() === 0x01 ? (reader.readBoolean() ?? false) : false;
    const value = reader.offset < end ? (reader.readString(0x04, true) ?? Buffer.alloc(0)) : Buffer.alloc(0);
    controls.push({ oid, critical, value });
  });
  return controls;
}

const text = (reader: BerReader): string => reader.readString() ?? '';

function skip(reader: BerReader): void {
  reader.readSequence();
  reader.offset += reader.length;
}
