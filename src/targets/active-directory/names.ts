/** The parts of a distinguished name as written: `CN=Chen\, Sarah`, `OU=People`, `DC=corp`. */
export const partsOf = (dn: string): string[] => dn.match(/(?:\\.|[^,\\])+/gs)?.map((part) => part.trim()) ?? [];

/** What lies above it: `OU=People,DC=corp`. */
export const parentOf = (dn: string): string => partsOf(dn).slice(1).join(',');

/** The first part alone, as written: `CN=Chen\, Sarah`. */
export const rdnOf = (dn: string): string => partsOf(dn)[0] ?? '';

/** The value of a part without its escapes: `Chen, Sarah`. RFC 4514 2.4. */
export const plainValue = (part: string): string => unescaped(part.slice(part.indexOf('=') + 1)).trim();

/** One spelling for all that name the same object: case, spaces and ways of escaping do not count. */
export const canonical = (dn: string): string =>
  partsOf(dn)
    .map((part) => `${part.slice(0, part.indexOf('=')).trim()}=${plainValue(part)}`.toLowerCase())
    .join('\n');

export const sameName = (a: string, b: string): boolean => canonical(a) === canonical(b);

/** Whether `dn` is `container` or lies anywhere below it. */
export const liesIn = (dn: string, container: string): boolean =>
  `\n${canonical(dn)}`.endsWith(`\n${canonical(container)}`);

/** `DC=corp,DC=example` → `corp.example`. */
export const domainOf = (baseDn: string): string =>
  partsOf(baseDn)
    .filter((part) => /^dc=/i.test(part))
    .map(plainValue)
    .join('.');

const guidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether this can be an objectGUID; only then may it become part of a name. */
export const isGuid = (text: string): boolean => guidPattern.test(text);

/** objectGUID's 16 bytes → text. Its first three fields are little-endian, MS-DTYP 2.3.4. */
export function guidText(bytes: Buffer): string {
  const hex = swapped(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The way back: text → objectGUID's 16 bytes. */
export const guidBytes = (text: string): Buffer => swapped(Buffer.from(text.replaceAll('-', ''), 'hex'));

/** The name that survives moves and renames, accepted wherever a request names an object. MS-ADTS 3.1.1.3.1.2.4. */
export const guidName = (guid: string): string => `<GUID=${guid}>`;

function swapped(bytes: Buffer): Buffer {
  const field = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).reverse();
  return Buffer.concat([field(0, 4), field(4, 6), field(6, 8), bytes.subarray(8)]);
}

function unescaped(text: string): string {
  return text.replace(/((?:\\[0-9a-f]{2})+)|\\(.)/gis, (_match, hex: string | undefined, character: string) =>
    hex === undefined ? character : Buffer.from(hex.replaceAll('\\', ''), 'hex').toString('utf8'),
  );
}
