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
export const settingsSchema = z.strictObject({
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
  /** Milliseconds for connecting, headers and body each. */
  timeoutMs: z.int().positive().default(10_000),
});

export type Settings = z.infer<typeof settingsSchema>;

/** All kinds of tickets that the settings know. */
export const tablesOf = (settings: Settings): Record<string, TicketTable> => ({ ...baseSystem, ...settings.tables });

/** The table for a kind of ticket; a kind that nobody set up is a fault of muster.yaml or policy.yaml. */
export function tableOf(settings: Settings, kind: string): TicketTable {
  const tables = tablesOf(settings);
  const found = Object.hasOwn(tables, kind) ? tables[kind] : undefined;
  if (found !== undefined) return found;
  throw new Failure('misconfigured', `ServiceNow: no table is set for tickets of the kind "${kind}"`, {
    advice: `Set it under "tables" in the target's settings; it has ${Object.keys(tables).join(', ')}.`,
  });
}
