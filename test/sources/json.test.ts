import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/sources/json.ts';

const read = (text: string) => parseJson(Buffer.from(text));
const fault = (path: string, problem: string) => ({ ok: false, faults: [{ path, problem }] });

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    const textOf = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\u0000'));
    const key = textOf.filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));
    const leaf = fc.oneof(textOf, fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('any')), fc.dictionary(key, tie('any'))),
    })).any;
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (given, indent) => {
        const text = JSON.stringify(given, null, indent);
        expect(read(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['{"a":1,"a":2}', '/a'],
    ['{"a":1,"a":1}', '/a'],
    [String.raw`{"a":1,"\u0061":1}`, '/a'],
    ['{"x":[{"b":{}},{"a/b":1,"a/b":2}]}', '/x/1/a~1b'],
    ['{"":1,"":2}', '/'],
  ])('refuses a key that stands twice in %s', (text, path) => {
    expect(read(text)).toEqual(fault(path, 'stands there twice'));
  });

  it('takes the same key in two objects', () => {
    expect(read('[{"a":1},{"a":{"a":"a"}}]')).toEqual({ ok: true, value: [{ a: 1 }, { a: { a: 'a' } }] });
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s at any depth', (key) => {
    expect(read(`{"a":[{"${key}":{}}]}`)).toEqual(fault(`/a/0/${key}`, 'is not allowed as a name'));
    expect(read(`["${key}"]`)).toEqual({ ok: true, value: [key] });
  });

  it('names every fault', () => {
    expect(read('{"a":1,"a":2,"n":12345678901234567890,"__proto__":0}')).toEqual({
      ok: false,
      faults: [
        { path: '/a', problem: 'stands there twice' },
        { path: '/n', problem: 'is a number that cannot be kept exactly; send it as text' },
        { path: '/__proto__', problem: 'is not allowed as a name' },
      ],
    });
  });

  it.each(['9007199254740993', '-9007199254740993', '1e999'])(
    'refuses the number %s, which would be rounded',
    (number) => {
      expect(read(`[${number}]`)).toEqual(fault('/0', 'is a number that cannot be kept exactly; send it as text'));
    },
  );

  it('refuses text that the ledger could not keep', () => {
    expect(read(String.raw`{"a":"x\u0000"}`)).toEqual(fault('/a', 'has a character that cannot be kept'));
    expect(read(String.raw`{"a":"\ud83d"}`)).toEqual(fault('/a', 'has a character that cannot be kept'));
    expect(read(String.raw`{"a":"\ud83d\ude00"}`)).toEqual({ ok: true, value: { a: '😀' } });
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(parseJson(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toEqual(fault('', 'is not valid UTF-8'));
  });

  it('refuses more than 32 levels, a million of them too', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(read(nested(32)).ok).toBe(true);
    expect(read(nested(33))).toEqual(fault('/0'.repeat(32), 'is nested deeper than 32 levels'));
    expect(read(nested(500_000)).ok).toBe(false);
  });

  it('says where JSON breaks off, and repeats nothing of it', () => {
    expect(read('{"name":"Sarah",\n "x" 1}')).toEqual(fault('', 'is not valid JSON, line 2, column 6'));
    for (const broken of ['', 'Sarah', '{"a":', '{"a":1}x', "{'a':1}", '[1,]', '{"Sarah"']) {
      const result = read(broken);
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain('Sarah');
    }
  });
});
