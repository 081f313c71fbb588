import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { httpUrl, secretReference } from '../setting-types.ts';

const fields = z.record(z.string().regex(/^[a-z]\w*$/, 'must be a field of the table'), z.string());

const table = z.strictObject({
  /** The table that takes tickets of this kind: `incident`, `sc_task`, `sn_hr_core_case`. */
  table: z.string().regex(/^[a-z]\w*$/, 'must be the name of a table'),
  /** Set on every new ticket: an assignment group's sys_id, a category. */
  fields: fields.default({}),
  /** Values of `state` that count as closed. A ticket that is no longer `active` is closed too. */
  closedStates: z.array(z.string()).min(1),
  /** Set when Muster closes a ticket; it must lead to a closed state. */
  closeWith: fields,
  /** The field that takes the note. */
  noteField: z.string().default('close_notes'),
});
/** Where and how tickets of one kind are kept. */
export type TicketTable = z.infer<typeof table>;

const catalogTask: TicketTable = {
  table: 'sc_task',
  fields: {},
  closedStates: ['3', '4', '7'],
  closeWith: { state: '3' },
  noteField: 'close_notes',
};

const variableName = z.string().regex(/^\w+$/, 'must be the name of a variable');

const order = z.strictObject({
  /** The catalogue item's sys_id. */
  item: z.string().regex(/^[0-9a-f]{32}$/, 'must be the sys_id of a catalogue item'),
  /** The item's variable that takes the correlation id: text in one line, on the item itself. */
  correlationVariable: variableName.default('muster_correlation'),
  /** Variables that take the ticket's title and its body. Absent: the order carries neither. */
  titleVariable: variableName.exactOptional(),
  bodyVariable: variableName.exactOptional(),
  /** Set on every order, beside what the policy fills in. */
  variables: z.record(variableName, z.string()).default({}),
  /** Values of the requested item's `state` that mean it was delivered, and that it was not and will not be. */
  doneStates: z.array(z.string()).min(1).default(['3']),
  failedStates: z.array(z.string()).default(['4', '7', '8']),
  /** Set when Muster takes an order back; it must lead to a closed state. */
  closeWith: fields.default({ state: '4' }),
  /** The field that takes the note. */
  noteField: z.string().default('close_notes'),
});
/** What is ordered for tickets of one kind. */
export type CatalogueOrder = z.infer<typeof order>;

/** The base system's tables. 6 Resolved, 7 Closed, 8 Canceled; of tasks 3 Closed Complete, 4 Incomplete, 7 Skipped. */
const baseSystem: Readonly<Record<string, TicketTable>> = {
  incident: {
    table: 'incident',
    fields: {},
    closedStates: ['6', '7', '8'],
    closeWith: { state: '6', close_code: 'Solution provided' },
    noteField: 'close_notes',
  },
  offboarding: catalogTask,
  onboarding: catalogTask,
};

/** What `muster.yaml` says about a ServiceNow instance; the README lists it for people. */
export const settingsSchema = z
  .strictObject({
    /** `https://globaltech.service-now.com`. */
    baseUrl: httpUrl,
    login: z.discriminatedUnion('type', [
      /** OAuth client credentials; the client's "OAuth Application User" is who Muster is there. */
      z.strictObject({ type: z.literal('oauth'), clientId: z.string().min(1), clientSecret: secretReference }),
      z.strictObject({ type: z.literal('basic'), username: z.string().min(1), password: secretReference }),
    ]),
    /** PEM of the authority that signed the certificate, where it is not a public one. */
    ca: z.string().exactOptional(),
    /** Tables by kind of ticket, beside or instead of those of the base system. */
    tables: z.record(z.string().min(1), table).default({}),
    /** Catalogue items by kind of ticket: such a ticket is an order. */
    orders: z.record(z.string().min(1), order).default({}),
    /** Milliseconds for connecting, headers and body each. */
    timeoutMs: z.int().positive().default(10_000),
  })
  .superRefine(({ tables, orders }, context) => {
    for (const kind of Object.keys(orders).filter((each) => Object.hasOwn(tables, each))) {
      const message = 'is a kind of "tables" too: a ticket is a row or an order';
      context.addIssue({ code: 'custom', path: ['orders', kind], message });
    }
  });

export type Settings = z.infer<typeof settingsSchema>;

/** All kinds of tickets that are rows of a table. */
export const tablesOf = ({ tables, orders }: Settings): Record<string, TicketTable> =>
  Object.fromEntries(Object.entries({ ...baseSystem, ...tables }).filter(([kind]) => !Object.hasOwn(orders, kind)));

/** What is ordered for a kind of ticket; undefined when such tickets are rows of a table. */
export const orderOf = ({ orders }: Settings, kind: string): CatalogueOrder | undefined =>
  Object.hasOwn(orders, kind) ? orders[kind] : undefined;

/** The table for a kind of ticket; a kind that nobody set up is a fault of muster.yaml or policy.yaml. */
export function tableOf(settings: Settings, kind: string): TicketTable {
  const tables = tablesOf(settings);
  const found = Object.hasOwn(tables, kind) ? tables[kind] : undefined;
  if (found !== undefined) return found;
  throw new Failure('misconfigured', `ServiceNow: no table and no order is set for tickets of the kind "${kind}"`, {
    advice: `Set it under "tables" or "orders" in the target's settings; it has ${[...Object.keys(tables), ...Object.keys(settings.orders)].join(', ')}.`,
  });
}
