import { Failure } from '../../model/failure.ts';
import type { CallContext, EntitlementsAbility, Outcome } from '../target.ts';
import { heldGroups } from './accounts.ts';
import { hasMember, type ScimClient } from './client.ts';
import type { Settings } from './settings.ts';

/** Direct memberships of groups, by the group's id. */
export function entitlements(client: ScimClient, settings: Settings): EntitlementsAbility {
  const change = async (id: string, entitlement: string, wanted: boolean, context: CallContext): Promise<Outcome> => {
    const { signal } = context;
    const user = await client.user(id, signal);
    if (user === undefined && wanted) throw new Failure('not-found', `${settings.title} has no user ${id}`);
    const held = user === undefined ? [] : await heldGroups(client, settings, user, signal);
    if (held.includes(entitlement) === wanted) return 'already';
    const by = (await client.patches(signal)) ? 'patch' : 'put';
    // A PUT writes the group as it was read; with a PATCH nothing of it is needed but its id.
    const group = by === 'patch' ? { id: entitlement } : await client.group(entitlement, signal);
    if (group === undefined) throw new Failure('not-found', `${settings.title} has no group ${entitlement}`);
    if (by === 'put' && !wanted && !hasMember(group, id)) throw hidden(settings, entitlement);
    await context.beforeChange(wanted ? 'add to group' : 'remove from group');
    if (wanted) await client.addMember(group, id, by, signal);
    else if (!(await client.removeMember(group, id, by, signal))) return 'already';
    return 'changed';
  };

  return {
    grant: (account, entitlement, context) => change(account.id, entitlement, true, context),
    revoke: (account, entitlement, context) => change(account.id, entitlement, false, context),
  };
}

const hidden = (settings: Settings, group: string): Failure =>
  new Failure(
    'refused',
    `${settings.title} does not show the members of group ${group}, and a PUT would take all out`,
    {
      advice: 'Take the person out of the group there, or set "update" to "patch" where the server can.',
    },
  );
