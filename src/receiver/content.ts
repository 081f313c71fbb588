/** A `Content-Type` in its parts, lower case: `Application/JSON ; charset="UTF-8"` → `application/json`, `utf-8`. */
export function contentOf(header: string | undefined): { mediaType: string; charset?: string } {
  const [mediaType = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase());
  for (const parameter of parameters) {
    const match = /^charset\s*=\s*"?([^"\s]*)"?$/.exec(parameter);
    if (match?.[1] !== undefined) return { mediaType, charset: match[1] === 'utf8' ? 'utf-8' : match[1] };
  }
  return { mediaType };
}
