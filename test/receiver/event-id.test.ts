import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprint, ownId, payloadHash } from '../../src/receiver/event-id.ts';
import type { NormalisedEvent } from '../../src/sources/source.ts';

const event: NormalisedEvent = {
  type: 'terminated',
  subject: 'GT-48291',
  enteredAt: '2025-11-14T10:00:00.000Z',
  effectiveDate: '2025-11-15',
  data: { effectiveDate: '2025-11-15', category: 'voluntary' },
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('an own id', () => {
  it.each(['msg_1', 'a', '2025-11-15.GT-48291', 'x'.repeat(200)])('%s is kept as it is', (id) => {
    expect(ownId(id)).toBe(id);
  });

  it.each(['a:b', 'a b', 'a/b', 'ä', 'x'.repeat(201), '../x', `fp-${'0'.repeat(64)}.1`, `h-${'0'.repeat(64)}`])(
    '%s is hashed, because it would break a workflow id or pass for one of ours',
    (id) => {
      expect(ownId(id)).toBe(`h-${sha256(id)}`);
    },
  );
});

describe('a fingerprint', () => {
  it('is the SHA-256 of the RFC 8785 form', () => {
    const canonical =
      '{"data":{"category":"voluntary","effectiveDate":"2025-11-15"},"effectiveDate":"2025-11-15",' +
      '"enteredAt":"2025-11-14T10:00:00.000Z","subject":"GT-48291","type":"terminated"}';
    expect(fingerprint(event)).toBe(`fp-${sha256(canonical)}`);
  });

  it('does not depend on the order of fields, and does on everything else', () => {
    const turned = { ...event, data: { category: 'voluntary', effectiveDate: '2025-11-15' } } as const;
    expect(fingerprint(turned)).toBe(fingerprint(event));
    expect(fingerprint({ ...event, enteredAt: '2025-11-14T11:00:00.000Z' })).not.toBe(fingerprint(event));
    expect(fingerprint({ ...event, subject: 'GT-1' })).not.toBe(fingerprint(event));
  });
});

describe('a payload hash', () => {
  it('leaves the entry moment to the own id that names it', () => {
    const own = { ...event, id: 'A-1' };
    expect(payloadHash({ ...own, enteredAt: '2025-11-14T11:00:00.000Z' })).toBe(payloadHash(own));
    expect(payloadHash({ ...own, id: 'A-2' })).toBe(payloadHash(own));
    expect(payloadHash({ ...own, effectiveDate: '2025-11-16' })).not.toBe(payloadHash(own));
  });

  it('has the entry moment in it where no id does', () => {
    expect(payloadHash({ ...event, enteredAt: '2025-11-14T11:00:00.000Z' })).not.toBe(payloadHash(event));
  });
});
