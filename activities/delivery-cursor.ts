import { z } from 'zod';
import type { Reader } from '../src/directory/store.ts';
import { schedules } from '../src/model/checks.ts';

const comparedSchema = z.looseObject({
  source: z.string(),
  to: z.string(),
  complete: z.boolean(),
  hashes: z.array(z.string()),
});

/** Where the check of a source stands, as its evidence says. */
export interface Cursor {
  /** The end of the last window whose list was read to its end. */
  checkedTo?: string;
  /** Hashes of what was missing when it was last compared. */
  told: string[];
}

/** Comparisons of all sources that are looked back at: a source without any among them begins anew. */
const most = 2_000;

/** How far the checks came, by source. `before`: as they stood before the window that ended then. */
export async function deliveryCursors(
  reader: Reader,
  sources: readonly string[],
  before?: string,
): Promise<Map<string, Cursor>> {
  const cursors = new Map<string, Cursor>();
  let cursor: string | undefined;
  let looked = 0;
  do {
    const page = await reader.evidence(
      { workflowId: schedules.deliveryCheck, newestFirst: true },
      { limit: 200, ...(cursor === undefined ? {} : { cursor }) },
    );
    for (const { kind, data } of page.items) {
      const compared = kind === 'delivery-compared' ? comparedSchema.safeParse(data) : undefined;
      if (compared?.success !== true || (before !== undefined && compared.data.to >= before)) continue;
      const { source, to, complete, hashes } = compared.data;
      const known = cursors.get(source) ?? { told: hashes };
      if (known.checkedTo === undefined && complete) known.checkedTo = to;
      cursors.set(source, known);
    }
    looked += page.items.length;
    const found = sources.every((source) => cursors.get(source)?.checkedTo !== undefined);
    cursor = found || looked >= most ? undefined : page.next;
  } while (cursor !== undefined);
  return cursors;
}
