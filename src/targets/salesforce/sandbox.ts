import type { MakeStandIn } from '../../sandbox/stand-in.ts';
import {
  assigned,
  emptyOrg,
  type Org,
  orgSchema,
  permissionSets,
  profiles,
  seededOrg,
  workerOf,
} from './sandbox-org.ts';
import { orgRouter } from './sandbox-routes.ts';

/** What the stand-in accepts, beside any RSA key as `privateKey`: it checks the assertion's claims and not its signature. */
export const sandboxCredentials = {
  clientId: 'muster-sandbox-connected-app',
  username: 'muster.integration@globaltech.example',
  /** For `newUsers.profileId`. */
  profileId: profiles.standard.Id,
} as const;

/**
 * Salesforce's stand-in: users with their logins, permission set assignments and sessions; pages of three rows.
 * Vendor faults: `refuseDeactivation` (400, the value of a hierarchy field), `noLicenses` (400 on reactivating and creating),
 * `requestLimit` (403 for the day), `lockRow` (400 on every change), `expiredSession` (every token is forgotten),
 * `notAuthorised` (no token for the integration user), `loginPage` (200 with a page instead of JSON).
 */
export const makeStandIn: MakeStandIn = (tools) => {
  let org: Org = emptyOrg();
  return {
    state: () => ({
      accounts: org.users.map((user) => ({
        id: user.Id,
        name: user.Username,
        worker: workerOf(user),
        enabled: user.IsActive,
        attributes: {
          firstName: user.FirstName,
          lastName: user.LastName,
          department: user.Department,
          title: user.Title,
        },
        frozen: org.logins.some((login) => login.UserId === user.Id && login.IsFrozen),
        entitlements: org.assignments
          .filter((one) => one.AssigneeId === user.Id && permissionSets[assigned(one)]?.ownedByProfile !== true)
          .map(assigned),
        sessions: org.sessions.filter((session) => session.UsersId === user.Id).map((session) => session.Id),
      })),
    }),
    seed: (people) => {
      org = seededOrg(people);
    },
    dump: () => org,
    restore: (dumped) => {
      org = orgSchema.parse(dumped);
    },
    router: orgRouter(() => org, tools, sandboxCredentials),
    errorBody: (status) => ({
      body: JSON.stringify([
        { errorCode: errorCodes[status] ?? 'UNKNOWN_EXCEPTION', message: `sandbox fault ${status}` },
      ]),
      contentType: 'application/json',
    }),
  };
};

const errorCodes: Readonly<Record<number, string>> = {
  401: 'INVALID_SESSION_ID',
  403: 'INSUFFICIENT_ACCESS_OR_READONLY',
  404: 'NOT_FOUND',
  409: 'ENTITY_IS_LOCKED',
  503: 'SERVER_UNAVAILABLE',
};
