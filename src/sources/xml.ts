import { XMLParser } from 'fast-xml-parser';
import { decodeUtf8, isStorable, pointer, type Read } from './json.ts';
import type { Fault } from './source.ts';

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

// XML's own five entities and character references; a document type could declare more, and is refused before.
const decoder = {
  setExternalEntities: () => {},
  addInputEntities: () => {},
  reset: () => {},
  setXmlVersion: () => {},
  decode: (text: string) =>
    text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+))?;?/gi, (reference, hex, decimal, name) => {
      if (name !== undefined && Object.hasOwn(named, name) && reference.endsWith(';')) return named[name] ?? '';
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      if (!reference.endsWith(';') || !isCharacter(code)) throw new XmlFault(`has the unknown reference ${reference}`);
      return String.fromCodePoint(code);
    }),
};

class XmlFault extends Error {}

const isCharacter = (code: number): boolean =>
  code === 9 || code === 10 || code === 13 || (code >= 32 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff));

const parser = new XMLParser({
  ignoreAttributes: false,
  removeNSPrefix: true,
  parseTagValue: false,
  ignorePiTags: true,
  maxNestedTags: 32,
  entityDecoder: decoder,
});

/**
 * Bytes → the children of the root element as an object: text stays text, an element given twice becomes a list,
 * `xsi:nil="true"` becomes null. No document types, no entities but XML's own.
 */
export function parseXml(body: Uint8Array): Read<Record<string, unknown>> {
  const text = decodeUtf8(body);
  if (text === undefined || !isStorable(text)) return refuse('', 'is not valid UTF-8');
  const encoding = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']*)["']/i.exec(text)?.[1];
  if (encoding !== undefined && !/^(utf-8|us-ascii)$/i.test(encoding)) return refuse('', 'must be encoded in UTF-8');
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) return refuse('', 'must not have a document type or entities');
  const document = parseDocument(text);
  if (!document.ok) return document;
  const roots = Object.entries(document.value).filter(([name]) => !name.startsWith('?'));
  const root = roots[0]?.[1];
  if (roots.length !== 1 || Array.isArray(root)) return refuse('', 'must have one root element');
  const faults: Fault[] = [];
  const value = plain(root, '', faults);
  if (faults.length > 0) return { ok: false, faults };
  return isObject(value) ? { ok: true, value } : refuse('', 'must have elements below its root');
}

function parseDocument(text: string): Read<Record<string, unknown>> {
  try {
    const value: unknown = parser.parse(text, true);
    return isObject(value) ? { ok: true, value } : refuse('', 'is not well-formed XML');
  } catch (error) {
    if (error instanceof XmlFault) return refuse('', error.message);
    // The parser's own message may quote the body, so only the position is taken from it.
    const at = /:(\d+):(\d+)$/.exec(error instanceof Error ? error.message : '');
    return refuse('', `is not well-formed XML${at === null ? '' : `, line ${at[1]}, column ${at[2]}`}`);
  }
}

function plain(node: unknown, path: string, faults: Fault[]): unknown {
  if (Array.isArray(node)) return node.map((item, index) => plain(item, pointer(path, index), faults));
  if (!isObject(node)) return node;
  const children = Object.entries(node).filter(([name]) => !name.startsWith('@_') && name !== '#text');
  if (children.length === 0) return node['@_nil'] === 'true' || node['@_nil'] === '1' ? null : (node['#text'] ?? '');
  if (node['#text'] !== undefined) faults.push({ path, problem: 'has text beside its elements' });
  return Object.fromEntries(children.map(([name, child]) => [name, plain(child, pointer(path, name), faults)]));
}

const refuse = (path: string, problem: string): { ok: false; faults: Fault[] } => ({
  ok: false,
  faults: [{ path, problem }],
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
