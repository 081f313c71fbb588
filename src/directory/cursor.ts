import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import type { Page, PageRequest } from './store.ts';

const mostPerPage = 500;

/** How many items a page holds: 50 unless asked otherwise, never more than 500. */
export function pageSize(request: PageRequest): number {
  const limit = request.limit ?? 50;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new Failure('refused', 'limit must be a whole number from 1 to 500');
  }
  return Math.min(limit, mostPerPage);
}

/** Where the page begins: the sort key after which to go on, `undefined` for the first page. Throws Failure `refused`. */
export function pageStart<T>(request: PageRequest, list: string, key: z.ZodType<T>): T | undefined {
  if (request.cursor === undefined) return undefined;
  const read = z.tuple([z.literal(list), key]).safeParse(decode(request.cursor));
  if (!read.success) {
    throw new Failure('refused', `the cursor is not one that the list of ${list} gave`, {
      advice: 'Take `next` of the page before as it is, or leave the cursor away to begin at the first page.',
    });
  }
  return read.data[1];
}

/** Cuts the one row too many that tells whether another page follows. */
export function page<Row, T>(
  rows: Row[],
  size: number,
  list: string,
  sortKey: (row: Row) => unknown,
  item: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  const items = shown.map(item);
  if (rows.length <= size || last === undefined) return { items };
  return { items, next: cursorAfter(list, sortKey(last)) };
}

/** The cursor of the page that begins after this sort key. */
export const cursorAfter = (list: string, sortKey: unknown): string =>
  Buffer.from(JSON.stringify([list, sortKey])).toString('base64url');

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
