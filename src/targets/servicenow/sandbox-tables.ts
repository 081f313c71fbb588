import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const rowSchema = z.record(z.string(), z.string());
/** A row as ServiceNow keeps it: every value a string. */
export type StoredRow = z.infer<typeof rowSchema>;

/** Everything that the stand-in remembers over a restart; its tokens it forgets. */
export const instanceSchema = z.object({
  /** Rows by table, oldest first. */
  tables: z.record(z.string(), z.array(rowSchema)),
  /** Tickets ever made; the last one's number. */
  made: z.int(),
  /** What lies in the cart of Muster's user, oldest first. */
  cart: z.array(z.object({ item: z.string(), variables: z.record(z.string(), z.string()) })).default([]),
});
export type Instance = z.infer<typeof instanceSchema>;

/** The tables whose rows are tickets. */
export const ticketTables = ['incident', 'sc_task', 'task', 'sc_req_item'];
const tableNames = [...ticketTables, 'sc_request', 'sc_item_option_mtom'];
const prefixes: Readonly<Record<string, string>> = {
  incident: 'INC',
  sc_task: 'SCTASK',
  task: 'TASK',
  sc_req_item: 'RITM',
  sc_request: 'REQ',
};

/** States in which a row is no longer active. An incident that is Resolved (6) still is. */
const inactive: Readonly<Record<string, string[]>> = {
  incident: ['7', '8'],
  sc_task: ['3', '4', '7'],
  task: ['3', '4', '7'],
  sc_req_item: ['3', '4', '7', '8'],
};

/** What the workflow of an order writes beside the state that a fulfiller sets. */
const stages: Readonly<Record<string, string>> = {
  '3': 'complete',
  '4': 'Request Cancelled',
  '7': 'Request Cancelled',
  '8': 'Request Cancelled',
};

/** An instance with empty tables. */
export const emptyInstance = (): Instance => ({
  tables: Object.fromEntries(tableNames.map((name) => [name, []])),
  made: 0,
  cart: [],
});

/** The columns that conditions may name; a condition on anything else is dropped, as the vendor does. */
const columns = new Set([
  'sys_id',
  'number',
  'state',
  'active',
  'correlation_id',
  'short_description',
  'sys_created_on',
  'request',
  'cat_item',
  'request_item',
  'request_item.cat_item',
  'sc_item_option.value',
  'sc_item_option.item_option_new.name',
]);

/** Makes a row with the fields that ServiceNow fills in itself. */
export function addRow(instance: Instance, table: string, fields: StoredRow, now: Date): StoredRow {
  instance.made += 1;
  const row: StoredRow = {
    state: '1',
    active: 'true',
    ...fields,
    // Longer than the column: cut without a word.
    correlation_id: (fields['correlation_id'] ?? '').slice(0, 100),
    sys_id: randomBytes(16).toString('hex'),
    number: `${prefixes[table] ?? 'TASK'}${String(10_000 + instance.made).padStart(7, '0')}`,
    sys_created_on: now.toISOString().slice(0, 19).replace('T', ' '),
  };
  instance.tables[table]?.push(row);
  return row;
}

/** Sets fields; where they do not say it, the state decides whether the row is active, and of an order its stage. */
export function changeRow(table: string, row: StoredRow, fields: StoredRow): void {
  const stage = table === 'sc_req_item' ? stages[fields['state'] ?? ''] : undefined;
  Object.assign(row, stage === undefined ? {} : { stage }, fields);
  if (fields['active'] === undefined) row['active'] = String(inactive[table]?.includes(row['state'] ?? '') !== true);
}

/** An encoded query: `field=value` and `ORDERBYfield`, joined by `^`. `unreadable` is a column that an ACL hides. */
export function queryRows(rows: readonly StoredRow[], query: string, unreadable?: string): StoredRow[] {
  const terms = query.split('^').filter((term) => term !== '');
  const conditions = terms.flatMap((term) => {
    const match = /^([\w.]+)=(.*)$/.exec(term);
    const column = match?.[1] ?? '';
    return columns.has(column) && column !== unreadable ? [{ column, value: match?.[2] ?? '' }] : [];
  });
  const orders = terms.flatMap((term) => /^ORDERBY([a-z_]+)$/.exec(term)?.[1] ?? []);
  // Without an order the vendor promises none; the newest first catches whoever takes the first for the oldest.
  return [...rows]
    .reverse()
    .filter((row) => conditions.every(({ column, value }) => row[column] === value))
    .sort((one, other) => {
      const order = orders.find((column) => one[column] !== other[column]);
      return order === undefined ? 0 : (one[order] ?? '').localeCompare(other[order] ?? '');
    });
}

/** What was answered to the variables of a requested item, in their order. */
export const answersOf = (instance: Instance, item: StoredRow): [string, string][] =>
  (instance.tables['sc_item_option_mtom'] ?? [])
    .filter((row) => row['request_item'] === item['sys_id'])
    .map((row) => [row['sc_item_option.item_option_new.name'] ?? '', row['sc_item_option.value'] ?? '']);

/** The values alone. */
export const variablesOf = (instance: Instance, item: StoredRow): string[] =>
  answersOf(instance, item).map(([, value]) => value);
