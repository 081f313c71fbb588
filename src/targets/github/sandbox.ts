import type { MakeStandIn } from '../../sandbox/stand-in.ts';
import { accountsOf, emptyOrg, type Org, orgSchema, seededOrg } from './sandbox-org.ts';
import { orgRouter } from './sandbox-routes.ts';

/** What the stand-in accepts, beside any RSA key as `privateKey`: it checks the app's claims and not its signature. */
export const sandboxCredentials = {
  org: 'globaltech',
  appId: '424242',
  installationId: '48291',
} as const;

/**
 * GitHub's stand-in: users, single sign-on identities, members, invitations, teams, credentials and outside collaborators;
 * pages of two rows. Vendor faults: `secondaryLimit` (403 with retry-after), `silentLimit` (403 without), `primaryLimit` (403
 * until x-ratelimit-reset), `expiredToken` (every token is forgotten), `readOnlyApp` (members may only be read), `noSaml` (an
 * organisation without single sign-on), `graphqlForbidden` and `graphqlTrouble` (200 with an error inside), `lastOwner` (403
 * on removing), `syncedTeam` (403 on changing a team), `enterpriseTeam` (members without a membership of their own),
 * `keepsCollaborator` (who is removed keeps single repositories).
 */
export const makeStandIn: MakeStandIn = (tools) => {
  let org: Org = emptyOrg();
  return {
    state: () => ({ accounts: accountsOf(org) }),
    seed: (people) => {
      org = seededOrg(people);
    },
    dump: () => org,
    restore: (dumped) => {
      org = orgSchema.parse(dumped);
    },
    router: orgRouter(() => org, tools, sandboxCredentials),
    errorBody: (status) => ({
      body: JSON.stringify({ message: messages[status] ?? `sandbox fault ${status}` }),
      contentType: 'application/json',
    }),
  };
};

const messages: Readonly<Record<number, string>> = {
  401: 'Bad credentials',
  403: 'Resource not accessible by integration',
  404: 'Not Found',
  429: 'You have exceeded a secondary rate limit.',
};
