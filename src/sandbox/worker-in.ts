/** The worker that a ticket or message is about: the first named in its texts, in their order; a known one before any other. */
export function workerIn(texts: readonly (string | undefined)[], known: readonly string[]): string | undefined {
  for (const text of texts) {
    const named = (text ?? '').match(/\b[A-Z]{2,5}-\d{3,}\b/g) ?? [];
    const worker = named.find((id) => known.includes(id)) ?? named[0];
    if (worker !== undefined) return worker;
  }
  return undefined;
}
