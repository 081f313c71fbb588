import { BerReader, BerWriter } from 'ldapts';
import type { Asking } from './sandbox-requests.ts';

/** Who answers one connection's requests. */
export interface Answering {
  /** The whole answer as it is sent. With `lie`, a change is answered by success and not made. */
  to(asking: Asking, lie: boolean): Buffer | Promise<Buffer>;
  /** The connection is closed. */
  end?(): void;
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
