import { BerReader, BerWriter } from 'ldapts';
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

export interface WireControl {
  oid: string;
  critical: boolean;
  value: Buffer;
}

export interface Asking {
  id: number;
  asked: Asked;
  controls: WireControl[];
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
  return { asking: { id, asked, controls }, rest: buffer.subarray(end) };
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

/** An answer other than success, with a text in the form Active Directory gives it. */
export class Refused extends Error {
  readonly result: number;
  readonly matched: string;
  /** For code 10: where the object is. */
  readonly referral: string | undefined;

  constructor(result: number, message: string, more: { matched?: string; referral?: string } = {}) {
    super(message);
    this.result = result;
    this.matched = more.matched ?? '';
    this.referral = more.referral;
  }
}

export const pagedResults = '1.2.840.113556.1.4.319';

/** The paged results control's value: page size and cookie. RFC 2696. */
export function readPage(value: Buffer): { size: number; cookie: string } {
  const reader = new BerReader(value);
  reader.readSequence(0x30);
  return { size: reader.readInt() ?? 0, cookie: reader.readString() ?? '' };
}

function message(id: number, tag: number, write: (writer: BerWriter) => void, cookie?: string): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  write(writer);
  writer.endSequence();
  if (cookie !== undefined) writePage(writer, cookie);
  writer.endSequence();
  return writer.buffer;
}

function writePage(writer: BerWriter, cookie: string): void {
  const value = new BerWriter();
  value.startSequence();
  value.writeInt(0);
  value.writeString(cookie);
  value.endSequence();
  writer.startSequence(0xa0);
  writer.startSequence();
  writer.writeString(pagedResults);
  writer.writeBuffer(value.buffer, 0x04);
  writer.endSequence();
  writer.endSequence();
}

/** The last message of an answer: success, or why not. `cookie` is sent in a paged results control. */
export const resultMessage = (id: number, tag: number, refused?: Refused, cookie?: string): Buffer =>
  message(
    id,
    tag,
    (writer) => {
      writer.writeEnumeration(refused?.result ?? 0);
      writer.writeString(refused?.matched ?? '');
      writer.writeString(refused?.message ?? '');
      if (refused?.referral === undefined) return;
      writer.startSequence(0xa3);
      writer.writeString(refused.referral);
      writer.endSequence();
    },
    cookie,
  );

/** One entry of a search's answer. */
export const entryMessage = (id: number, dn: string, attributes: { name: string; values: Buffer[] }[]): Buffer =>
  message(id, 0x64, (writer) => {
    writer.writeString(dn);
    writer.startSequence();
    for (const { name, values } of attributes) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(0x31);
      for (const value of values) writer.writeBuffer(value, 0x04);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });

/** A pointer to where more of the tree lies, which clients may follow or leave. */
export const referenceMessage = (id: number, url: string): Buffer =>
  message(id, 0x73, (writer) => writer.writeString(url));
