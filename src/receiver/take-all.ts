/** At once in a batch: enough to keep Temporal busy, too few to shut others out. */
const atOnce = 16;

/** Runs `take` over all items, a few at once, with results in the items' order. The first failure stops what has not begun, and is thrown. */
export async function takeAll<T, R>(items: readonly T[], take: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length && !failed; index = next++) {
      const item = items[index];
      if (item === undefined) continue;
      try {
        results[index] = await take(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
