import { Failure } from '../../model/failure.ts';
import type { AccountSeen, AccountsAbility, CallContext, Outcome, PersonKeys } from '../target.ts';
import { isTrue, type ScimClient, type User } from './client.ts';
import { makeUser } from './create.ts';
import { listUsers } from './list.ts';
import { kindOf, namesOf, type Settings } from './settings.ts';
import { updateUser } from './update.ts';

/** Users: found by externalId and user name, closed by taking `active` away. */
export function accounts(client: ScimClient, settings: Settings): AccountsAbility {
  const switchTo = async (user: User, active: boolean, context: CallContext): Promise<Outcome> => {
    if (isActive(user) === active) return 'already';
    const by = (await client.patches(context.signal)) ? 'patch' : 'put';
    await context.beforeChange(active ? 'activate user' : 'deactivate user');
    await client.switchUser(user, active, by, context.signal);
    return 'changed';
  };

  return {
    find: async (keys, { signal }) => {
      const theirs = await usersOf(client, settings, keys, signal);
      const known = keys.knownAccounts.filter((id) => !theirs.some((user) => user.id === id));
      const looked = await Promise.all(
        [...new Set(known)].map(async (id) => ({ id, user: await client.user(id, signal) })),
      );
      const users = [...theirs, ...looked.flatMap(({ user }) => user ?? [])];
      return [
        ...(await Promise.all(users.map((user) => seen(client, settings, user, signal)))),
        ...looked.filter(({ user }) => user === undefined).map(({ id }) => absent(id)),
      ];
    },

    read: async (id, { signal }) => {
      const user = await client.user(id, signal);
      return user === undefined ? undefined : seen(client, settings, user, signal);
    },

    disable: async ({ id }, context) => {
      const user = await client.user(id, context.signal);
      return user === undefined ? 'already' : switchTo(user, false, context);
    },

    enable: async ({ id }, context) => {
      const user = await client.user(id, context.signal);
      if (user !== undefined) return switchTo(user, true, context);
      throw new Failure('not-found', `${settings.title} has no user ${id} to activate`, {
        advice: 'A server that deletes whom it deactivates has to be given the user anew.',
      });
    },

    create: (account, context) => makeUser(client, settings, account, context),
    list: (context) => listUsers(client, settings, context),
    update: (account, attributes, context) => updateUser(client, settings, account, attributes, context),

    remove: async ({ id }, context) => {
      if ((await client.user(id, context.signal)) === undefined) return 'already';
      await context.beforeChange('delete user');
      return (await client.deleteUser(id, context.signal)) ? 'changed' : 'already';
    },
  };
}

/**
 * The person's users. What a search finds is compared once more, because a server that does not know a filter may leave it
 * out and show everybody; and who has the name with somebody else's externalId is somebody else.
 */
export async function usersOf(
  client: ScimClient,
  settings: Settings,
  keys: Pick<PersonKeys, 'workerIds' | 'email'>,
  signal: AbortSignal,
): Promise<User[]> {
  const names = namesOf(settings, keys);
  const values = { externalId: keys.workerIds, userName: names };
  const searches = settings.searchBy.flatMap((attribute) => values[attribute].map((value) => ({ attribute, value })));
  const found =
    settings.searchBy.length === 0
      ? await client.users(undefined, signal)
      : (await Promise.all(searches.map((where) => client.users(where, signal)))).flat();
  const lower = new Set(names.map((name) => name.toLowerCase()));
  const isTheirs = ({ externalId, userName }: User) =>
    externalId ? keys.workerIds.includes(externalId) : lower.has((userName ?? '').toLowerCase());
  return [...new Map(found.filter(isTheirs).map((user) => [user.id, user])).values()];
}

/** The user as Muster's word for it, with its groups. */
export async function seen(
  client: ScimClient,
  settings: Settings,
  user: User,
  signal: AbortSignal,
): Promise<AccountSeen> {
  return accountOf(settings, user, await heldGroups(client, settings, user, signal));
}

/** The user as Muster's word for it, in these groups. */
export function accountOf(settings: Settings, user: User, groups: readonly string[]): AccountSeen {
  const name = user.userName ?? user.id;
  return {
    id: user.id,
    name,
    kind: kindOf(settings, name),
    status: isActive(user) ? 'enabled' : 'disabled',
    entitlements: [...groups].sort(),
    before: { active: isActive(user), ...(user.externalId ? { externalId: user.externalId } : {}) },
  };
}

/** Ids of the groups that the user is a direct member of. */
export async function heldGroups(
  client: ScimClient,
  { groups }: Settings,
  user: User,
  signal: AbortSignal,
): Promise<string[]> {
  if (groups === 'none') return [];
  if (groups !== 'user') return client.groupsOf(user.id, groups, signal);
  return (user.groups ?? []).filter((group) => group.type !== 'indirect').map((group) => group.value);
}

/** Who is not said to be inactive is open. */
const isActive = ({ active }: User): boolean =>
  active === undefined || active === null || active === '' || isTrue(active);

const absent = (id: string): AccountSeen => ({
  id,
  name: id,
  kind: 'primary',
  status: 'absent',
  entitlements: [],
  before: {},
});
