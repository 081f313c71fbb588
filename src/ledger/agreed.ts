import type { Transaction } from '../directory/store.ts';

/** Hashes of what people have agreed to for this person, item by item. */
export async function agreedItems(reader: Pick<Transaction, 'approvals'>, person: string): Promise<Set<string>> {
  const agreed = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await reader.approvals({ person }, { limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    for (const { state, data } of page.items) {
      if (state === 'approved') for (const item of data.items) agreed.add(item.hash);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return agreed;
}
