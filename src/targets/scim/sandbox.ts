import type { MakeStandIn } from '../../sandbox/stand-in.ts';
import { accountsOf, type Directory, directorySchema, emptyDirectory, seededDirectory } from './sandbox-directory.ts';
import { directoryRouter } from './sandbox-routes.ts';
import { errorOf } from './sandbox-web.ts';

/** What the stand-in accepts: the token itself, or one that its token endpoint (`/oauth/token`) gives to this client. */
export const sandboxCredentials = {
  token: 'sandbox-portal-token',
  clientId: 'muster',
  clientSecret: 'sandbox-portal-secret',
} as const;

/**
 * A SCIM server's stand-in, GlobalTech's onboarding portal: users and groups below `/v2`; pages of two rows. Vendor faults are
 * the ways in which servers differ: `noPatch` (501, and says so), `silentConfig` (404 for ServiceProviderConfig), `noContent`
 * (204 after a PATCH), `stringBooleans` ("True" and "False" alone), `pathlessOnly`, `capitalOperations`, `noFilter` (400, and
 * says so), `userNameOnly` (400 on another filter), `ignoresFilter` (shows everybody), `samePage` (ignores startIndex),
 * `userGroups` (groups stand in the user), `hiddenMembers` (groups do not show theirs), `noGroups` (404), `noActive` (does not
 * show it), `silentCreate` (201 without a body), `staleVersion` (412 on a PUT), `deletesInactive`, `expiredToken`.
 */
export const makeStandIn: MakeStandIn = (tools) => {
  let directory: Directory = emptyDirectory();
  return {
    state: () => ({ accounts: accountsOf(directory) }),
    seed: (people) => {
      directory = seededDirectory(people);
    },
    dump: () => directory,
    restore: (dumped) => {
      directory = directorySchema.parse(dumped);
    },
    router: directoryRouter(() => directory, tools, sandboxCredentials),
    errorBody: (status) => ({
      body: JSON.stringify(errorOf(status, `sandbox fault ${status}`)),
      contentType: 'application/scim+json',
    }),
  };
};
