/** Does `work` for each item, `width` of them at a time, and gives the results in the items' order. After a failure none begins. */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<number, Result>();
  const left = items.entries();
  let failed = false;
  const lane = async () => {
    // All lanes take from the same iterator, so none waits for another.
    for (const [at, item] of left) {
      if (failed) return;
      try {
        results.set(at, await work(item));
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return [...results].sort(([one], [other]) => one - other).map(([, result]) => result);
}
