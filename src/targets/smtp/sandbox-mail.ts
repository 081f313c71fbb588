/** A mail in the parts that people look at. */
export interface MailRead {
  /** `<…@…>`, with the brackets. */
  id: string;
  title: string;
  text: string;
  /** By lower-case name, unfolded. */
  headers: Record<string, string>;
}

/** A plain-text mail in any of the usual encodings → its parts. Of several parts it shows what was sent. */
export function readMail(raw: Buffer): MailRead {
  const source = raw.toString('latin1');
  const end = source.indexOf('\r\n\r\n');
  const headers = headersOf(end < 0 ? source : source.slice(0, end));
  const body = end < 0 ? '' : source.slice(end + 4);
  return {
    id: headers['message-id'] ?? '',
    title: wordsOf(headers['subject'] ?? ''),
    text: decoded(body, headers['content-transfer-encoding'] ?? '7bit')
      .replaceAll('\r\n', '\n')
      .trimEnd(),
    headers,
  };
}

function headersOf(source: string): Record<string, string> {
  const lines = source.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]];
    }),
  );
}

function decoded(body: string, encoding: string): string {
  if (encoding.toLowerCase() === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding.toLowerCase() === 'quoted-printable') return utf8(bytesOf(body.replace(/=\r\n/g, '')));
  return utf8(body);
}

/** Encoded words in a header, RFC 2047; white space between two of them is not part of the text. */
const wordsOf = (value: string): string =>
  utf8(
    value
      .replace(/\?=\s+=\?/g, '?==?')
      .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
        kind.toUpperCase() === 'B'
          ? Buffer.from(text, 'base64').toString('latin1')
          : bytesOf(text.replaceAll('_', ' ')),
      ),
  );

/** `=C3=A4` → its bytes, a character each. */
const bytesOf = (text: string): string =>
  text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
