import type { MakeStandIn, StandIn } from '../../sandbox/stand-in.ts';
import { errorOf, instanceRouter } from './sandbox-routes.ts';
import {
  answersOf,
  emptyInstance,
  type Instance,
  instanceSchema,
  type StoredRow,
  ticketTables,
} from './sandbox-tables.ts';

/** What the stand-in accepts: an OAuth client, and the user of the basic login. */
export const sandboxCredentials = {
  clientId: '9f1c0de5a1b24c0f8d6e',
  clientSecret: 'sandbox-oauth-secret',
  username: 'svc.muster',
  password: 'sandbox-basic-password',
} as const;

/** What the stand-in's catalogue has, as the settings name it. */
export const sandboxOrders = {
  hardware: { item: '04b7e94b4f7b4200086eeed18110c7fd', titleVariable: 'summary', bodyVariable: 'details' },
} as const;

/**
 * ServiceNow's stand-in: the Table API on `incident`, `sc_task`, `task` and `sc_req_item`, the catalogue, both logins. Its vendor faults:
 * `hibernating` (every answer is the page of a sleeping instance, status 200), `errorInside` (200 with an error in the
 * body), `hiddenRows` (an ACL hides every row: an empty result, and the count of what is there), `hiddenCorrelation` (an
 * ACL hides correlation_id: the condition on it is dropped, and the field left out), `hiddenVariables` (the same of what was
 * answered to variables), `twoSteps` (an order lies in the cart until that is submitted), `blankVariables` (a rule empties them).
 */
export const makeStandIn: MakeStandIn = (tools): StandIn => {
  let instance = emptyInstance();
  let workers: string[] = [];
  const door = instanceRouter({
    instance: () => instance,
    workers: () => workers,
    tools,
    credentials: sandboxCredentials,
  });
  const become = (next: Instance) => {
    instance = next;
    door.forgetTokens();
  };
  return {
    state: () => ({
      accounts: [],
      tickets: ticketTables.flatMap((table) =>
        (instance.tables[table] ?? []).map((row) => shown(instance, table, row)),
      ),
    }),
    seed: (people) => {
      workers = people.map((person) => person.workerId);
      become(emptyInstance());
    },
    dump: () => structuredClone(instance),
    restore: (dumped) => {
      const kept = instanceSchema.parse(dumped);
      become({ ...kept, tables: { ...emptyInstance().tables, ...kept.tables } });
    },
    router: door.router,
    errorBody: (status) => ({ body: JSON.stringify(errorOf(status)), contentType: 'application/json' }),
  };
};

/** A row as people see it: an order with what was answered to its variables. */
function shown(instance: Instance, table: string, row: StoredRow): Record<string, unknown> {
  if (table !== 'sc_req_item') return { table, ...row };
  return { table, ...row, variables: Object.fromEntries(answersOf(instance, row)) };
}
