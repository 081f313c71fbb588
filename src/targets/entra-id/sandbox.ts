import type { MakeStandIn } from '../../sandbox/stand-in.ts';
import { tenantRouter } from './sandbox-routes.ts';
import { accountsOf, emptyTenant, seededTenant, skus, type Tenant, tenantSchema } from './sandbox-tenant.ts';
import { errorOf } from './sandbox-web.ts';

/** What the stand-in accepts, beside any RSA key with any certificate: it checks the assertion's claims and not its signature. */
export const sandboxCredentials = {
  tenant: 'globaltech.example',
  clientId: '6d757374-6572-4000-8000-676c6f62616c',
  clientSecret: 'sandbox-entra-secret',
} as const;

/** For `licences`: those that the stand-in gives to its users directly. */
export const sandboxLicences: readonly string[] = [skus.office, skus.powerBi];

/** For `mailboxLicences`. */
export const sandboxMailboxLicences: readonly string[] = [skus.office];

/**
 * Entra's stand-in: users, groups of every kind, licences, mailboxes and sign-in sessions; pages of two rows. A DELETE of a member
 * without `/$ref` deletes the user, as at Microsoft. Vendor faults: `synchronised` (users come from Active Directory),
 * `onPremisesMastered` (and Graph may not switch them), `privilegedUser` (403 on switching: the user outranks the app),
 * `readOnlyApp` (403 on every change), `basicProfile` (accountEnabled is left out), `noSeats` (400 on giving a licence),
 * `laggingReads` (lists do not show what is new), `expiredToken` (every token is forgotten), `opaqueToken` (one that cannot be
 * read), `mailboxElsewhere` (Graph reaches no mailbox), `noPasses` (400 on a temporary access pass), `foreignNextLink` (the next page lies at another host).
 */
export const makeStandIn: MakeStandIn = (tools) => {
  let tenant: Tenant = emptyTenant();
  return {
    state: () => ({ accounts: accountsOf(tenant) }),
    seed: (people) => {
      tenant = seededTenant(people);
    },
    dump: () => tenant,
    restore: (dumped) => {
      tenant = tenantSchema.parse(dumped);
    },
    router: tenantRouter(() => tenant, tools, sandboxCredentials),
    errorBody: (status) => ({
      body: JSON.stringify(errorOf(codes[status] ?? 'UnknownError', `sandbox fault ${status}`, 'sandbox')),
      contentType: 'application/json',
    }),
  };
};

const codes: Readonly<Record<number, string>> = {
  401: 'InvalidAuthenticationToken',
  403: 'Authorization_RequestDenied',
  404: 'Request_ResourceNotFound',
  409: 'Request_Conflict',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
};
