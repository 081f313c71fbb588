import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import type { AccountKind } from '../../model/person.ts';
import type { AccountSeen } from '../target.ts';
import type { GraphClient, Membership, User } from './client.ts';
import { title } from './failure.ts';
import type { Settings } from './settings.ts';

/** Entitlements are `group:<object id>` and `licence:<skuId>`. */
export const groupPrefix = 'group:';
export const licencePrefix = 'licence:';

/** What is noted of a membership that is a role which administers the tenant. */
export const directoryRole = 'directoryRole';

/** What an account is a member of and Graph does not take away, by id, each with the reason. */
export const memberOfOthersIn = ({ before }: AccountSeen): Record<string, string> =>
  z.record(z.string(), z.string()).catch({}).parse(before['memberOfOthers']);

/** The user as Muster's word for it, with what it is a member of. */
export async function seen(
  client: GraphClient,
  settings: Settings,
  user: User,
  signal: AbortSignal,
): Promise<AccountSeen> {
  const memberships = (await client.membershipsOf(user.id, signal)) ?? [];
  const licences = directLicences(user);
  const others = memberships.flatMap((one) => {
    const why = whyNotOurs(one);
    return why === undefined ? [] : [[one.id, why] as const];
  });
  return {
    id: user.id,
    name: user.userPrincipalName,
    kind: kindOf(settings, user.userPrincipalName),
    status: isEnabled(user) ? 'enabled' : 'disabled',
    entitlements: [
      ...memberships.filter((one) => whyNotOurs(one) === undefined).map((one) => groupPrefix + one.id),
      ...Object.keys(licences)
        .filter((sku) => isOurs(settings, sku))
        .map((sku) => licencePrefix + sku),
    ].sort(),
    before: {
      synchronised: user.onPremisesSyncEnabled === true,
      licences,
      memberOfOthers: Object.fromEntries(others),
      ...(user.usageLocation ? { usageLocation: user.usageLocation } : {}),
      // Set once the mailbox is there.
      ...(user.mail ? { mail: user.mail } : {}),
    },
  };
}

/** Whether the user can sign in. Graph leaves it out for an app that may read the basic profile alone. */
export function isEnabled(user: User): boolean {
  if (typeof user.accountEnabled === 'boolean') return user.accountEnabled;
  throw new Failure('refused', `${title}: the app may not see whether user ${user.id} is enabled`, {
    advice: 'Grant the app the application permission User.Read.All with admin consent.',
  });
}

/** Licences assigned to the user itself, each with the plans that are switched off in it; those that a group gives go with the group. */
export const directLicences = (user: User): Record<string, string[]> =>
  Object.fromEntries(
    (user.licenseAssignmentStates ?? [])
      .filter((one) => !one.assignedByGroup)
      .map((one) => [one.skuId.toLowerCase(), one.disabledPlans ?? []]),
  );

/** Whether muster.yaml lists the licence. */
export const isOurs = (settings: Settings, sku: string): boolean =>
  settings.licences.some((listed) => listed.toLowerCase() === sku.toLowerCase());

/** Why a membership is not Graph's to take away; undefined where it is. */
export function whyNotOurs(membership: Membership): string | undefined {
  const type = membership['@odata.type'].replace('#microsoft.graph.', '');
  if (type !== 'group') return type;
  const types = membership.groupTypes ?? [];
  if (types.includes('DynamicMembership')) return 'dynamic group';
  if (membership.onPremisesSyncEnabled === true) return 'synchronised group';
  if (membership.mailEnabled === true && !types.includes('Unified')) return 'Exchange list';
  return undefined;
}

/** The kind that a user name stands for. */
export const kindOf = (settings: Settings, name: string): AccountKind =>
  settings.adminPrefixes.some((prefix) => name.toLowerCase().startsWith(prefix.toLowerCase())) ? 'admin' : 'primary';
