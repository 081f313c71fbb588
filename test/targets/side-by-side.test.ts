import { expect, test } from 'vitest';
import { sideBySide } from '../../src/targets/side-by-side.ts';

/** Work that ends when it is let go, by item. */
function gated() {
  const gates = new Map<number, () => void>();
  let running = 0;
  let most = 0;
  return {
    most: () => most,
    open: async (item: number) => {
      while (!gates.has(item)) await Promise.resolve();
      gates.get(item)?.();
    },
    work: async (item: number) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => gates.set(item, resolve));
      running -= 1;
      return item * 10;
    },
  };
}

test('results come in the items’ order, whichever was done first, and never more than the width run', async () => {
  const { most, open, work } = gated();
  const done = sideBySide([1, 2, 3, 4], 2, work);
  for (const item of [2, 3, 1, 4]) await open(item);
  expect(await done).toEqual([10, 20, 30, 40]);
  expect(most()).toBe(2);
});

test('no items are no work, and after a failure none begins', async () => {
  expect(await sideBySide([], 3, async () => 1)).toEqual([]);
  const begun: number[] = [];
  const failing = sideBySide([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    if (item === 2) throw new Error('no');
    return item;
  });
  await expect(failing).rejects.toThrow('no');
  expect(begun).toEqual([1, 2, 3]);
});
