import { describe, expect, it } from 'vitest';
import { parseXml } from '../../src/sources/xml.ts';

const read = (text: string) => parseXml(Buffer.from(text));
const fault = (problem: string, path = '') => ({ ok: false, faults: [{ path, problem }] });

describe('parseXml', () => {
  it('reads elements as text, lists, nulls and objects, whatever their prefix', () => {
    const text =
      '\uFEFF<?xml version="1.0"?><!-- c --><wd:e xmlns:wd="urn:x"><wd:id>007</wd:id><on>true</on><b/>' +
      '<n xsi:nil="true"/><a>1</a><a>2</a><deep><id x="y">z</id></deep><c><![CDATA[<&>]]></c></wd:e>';
    expect(read(text)).toEqual({
      ok: true,
      value: { id: '007', on: 'true', b: '', n: null, a: ['1', '2'], deep: { id: 'z' }, c: '<&>' },
    });
  });

  it("decodes XML's own entities once", () => {
    expect(read('<e><a>&lt;R&amp;D&gt; &quot;&apos; &#233;&#xE9; &amp;lt;</a></e>')).toEqual({
      ok: true,
      value: { a: '<R&D> "\' éé &lt;' },
    });
  });

  it.each([
    '<!DOCTYPE e [<!ENTITY a "b">]><e><a>&a;</a></e>',
    '<!doctype e SYSTEM "file:///etc/passwd"><e><a>1</a></e>',
  ])('refuses a document type: %s', (text) => {
    expect(read(text)).toEqual(fault('must not have a document type or entities'));
  });

  it.each(['&eacute;', '&#0;', '&#xD800;', '&#x110000;', 'a & b', '&amp'])('refuses the reference %s', (reference) => {
    expect(read(`<e><a>${reference}</a></e>`).ok).toBe(false);
  });

  it.each([
    ['<e><a>1</e>', /well-formed/],
    ['Sarah', /well-formed/],
    ['', /well-formed/],
    ['<a/><b/>', /one root element/],
    ['<e>text</e>', /elements below its root/],
    ['<e/>', /elements below its root/],
    ['<?xml version="1.0" encoding="ISO-8859-1"?><e><a>1</a></e>', /UTF-8/],
    ['<e><__proto__>1</__proto__></e>', /well-formed/],
    [`${'<e>'.repeat(60)}x${'</e>'.repeat(60)}`, /well-formed/],
  ])('refuses %s and repeats nothing of it', (text, problem) => {
    const result = read(text);
    expect(result).toEqual({ ok: false, faults: [{ path: '', problem: expect.stringMatching(problem) }] });
    expect(JSON.stringify(result)).not.toContain('Sarah');
  });

  it('refuses text beside elements, by path', () => {
    expect(read('<e><a>x<b>1</b></a></e>')).toEqual(fault('has text beside its elements', '/a'));
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(parseXml(Buffer.from([0x3c, 0x65, 0x3e, 0xc3, 0x28]))).toEqual(fault('is not valid UTF-8'));
  });
});
