import type { MakeStandIn, StandIn } from '../../sandbox/stand-in.ts';
import { errorOf, instanceRouter } from './sandbox-routes.ts';
import { emptyInstance, type Instance, instanceSchema } from './sandbox-tables.ts';

/** What the stand-in accepts: an OAuth client, and the user of the basic login. */
export const sandboxCredentials = {
  clientId: '9f1c0de5a1b24c0f8d6e',
  clientSecret: 'sandbox-oauth-secret',
  username: 'svc.muster',
  password: 'sandbox-basic-password',
} as const;

/**
 * ServiceNow's stand-in: the Table API on `incident`, `sc_task` and `task`, with both logins. Its vendor faults:
 * `hibernating` (every answer is the page of a sleeping instance, status 200), `errorInside` (200 with an error in the
 * body), `hiddenRows` (an ACL hides every row: an empty result, and the count of what is there), `hiddenCorrelation` (an
 * ACL hides correlation_id: the condition on it is dropped, and the field left out).
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
      tickets: Object.entries(instance.tables).flatMap(([table, rows]) => rows.map((row) => ({ table, ...row }))),
    }),
    seed: (people) => {
      workers = people.map((person) => person.workerId);
      become(emptyInstance());
    },
    dump: () => structuredClone(instance),
    restore: (dumped) => become(instanceSchema.parse(dumped)),
    router: door.router,
    errorBody: (status) => ({ body: JSON.stringify(errorOf(status)), contentType: 'application/json' }),
  };
};
