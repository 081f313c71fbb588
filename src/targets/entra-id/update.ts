import { Failure } from '../../model/failure.ts';
import { changesOf, managerWanted } from '../attribute-changes.ts';
import type { AccountAttributes, AccountSeen, CallContext, Outcome } from '../target.ts';
import type { Attributes, GraphClient } from './client.ts';
import { title } from './failure.ts';
import { isGuid, type Settings } from './settings.ts';
import { kindOf } from './users.ts';

const fields = {
  firstName: 'givenName',
  lastName: 'surname',
  department: 'department',
  jobTitle: 'jobTitle',
  location: 'officeLocation',
} as const;

/**
 * Writes what differs, and then the manager. A user who comes from Active Directory is left alone: all of this is kept
 * there, and the next synchronisation brings it.
 */
export async function updateUser(
  client: GraphClient,
  settings: Settings,
  account: AccountSeen,
  attributes: AccountAttributes,
  context: CallContext,
): Promise<Outcome> {
  const { signal } = context;
  const { managedAttributes: managed } = settings;
  const held = isGuid(account.id) ? await client.attributesOf(account.id, signal) : undefined;
  if (held === undefined) throw new Failure('not-found', `${title} has no user ${account.id} to change`);
  if (held.onPremisesSyncEnabled === true) return 'already';
  const texts = new Map(Object.entries(held).filter(([, value]) => typeof value === 'string'));
  const changes = changesOf(attributes, {
    fields,
    displayName: 'displayName',
    held: (field) => texts.get(field)?.toString(),
    managed,
  });
  // Graph takes no user without one.
  if (changes['displayName'] === null) delete changes['displayName'];
  const manager = await managerChange(client, settings, held, managerWanted(attributes, managed), signal);
  if (Object.keys(changes).length > 0) {
    await context.beforeChange('update user');
    await client.updateUser(account.id, changes, signal);
  }
  if (manager !== undefined) {
    await context.beforeChange(manager.id === undefined ? 'remove manager' : 'set manager');
    await client.setManager(account.id, manager.id, signal);
  }
  return Object.keys(changes).length > 0 || manager !== undefined ? 'changed' : 'already';
}

/** The manager's id where another one is to be written, none where the old one goes; undefined where all is as it should be. */
async function managerChange(
  client: GraphClient,
  settings: Settings,
  held: Attributes,
  workerId: string | null | undefined,
  signal: AbortSignal,
): Promise<{ id?: string } | undefined> {
  if (workerId === undefined) return undefined;
  if (workerId === null) return held.manager ? {} : undefined;
  const found = await client.usersByEmployeeId(workerId, signal);
  const [manager, another] = found.filter((user) => kindOf(settings, user.userPrincipalName) === 'primary');
  if (manager === undefined || another !== undefined || manager.id === held.manager?.id) return undefined;
  return { id: manager.id };
}
