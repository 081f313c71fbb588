import { Failure } from '../../model/failure.ts';
import type { AccountSeen, AccountsAbility, CallContext, PersonKeys } from '../target.ts';
import type { CyberArkClient } from './client.ts';
import { listUsers } from './list.ts';
import type { Held, SafeMemberships } from './safes.ts';
import { kindOfName, namesOf, type Settings } from './settings.ts';
import type { User } from './wire.ts';

/** Vault users: found by the names that a person may have, and by the ids that the directory knows. */
export function usersAbility(
  client: CyberArkClient,
  settings: Settings,
  memberships: SafeMemberships | undefined,
): AccountsAbility {
  const seen = async (user: User, signal: AbortSignal): Promise<AccountSeen> =>
    accountOf(settings, user, await memberships?.of(user.username, signal));

  const switchTo = async (verb: 'enable' | 'disable', id: string, user: User, context: CallContext) => {
    await context.beforeChange(`${verb} user`);
    if (await client.switchUser(id, verb, context.signal)) return;
    // Before 12.6 there is no such call, and the whole user is written instead.
    await context.beforeChange(`${verb} user`);
    await client.replaceUser({ ...user, enableUser: verb === 'enable' }, context.signal);
  };

  return {
    async find(keys, context) {
      const { signal } = context;
      const named = await usersNamed(client, settings, keys, signal);
      const known = keys.knownAccounts.filter((id) => !named.some((user) => String(user.id) === id));
      const looked = await Promise.all(known.map(async (id) => ({ id, user: await client.user(id, signal) })));
      const gone = looked.filter(({ user }) => user === undefined).map(({ id }) => absent(id));
      const users = [...named, ...looked.flatMap(({ user }) => user ?? [])];
      return [...(await Promise.all(users.map((user) => seen(user, signal)))), ...gone];
    },

    async read(id, { signal }) {
      const user = await client.user(id, signal);
      return user === undefined ? undefined : seen(user, signal);
    },

    async disable({ id }, context) {
      const user = await client.user(id, context.signal);
      if (user === undefined || user.enableUser === false) return 'already';
      await switchTo('disable', id, user, context);
      return 'changed';
    },

    async enable({ id }, context) {
      const user = await client.user(id, context.signal);
      if (user === undefined) throw new Failure('not-found', `CyberArk has no user ${id} to enable`);
      if (user.enableUser === true) return 'already';
      await switchTo('enable', id, user, context);
      return 'changed';
    },

    list: (context) => listUsers(client, settings, memberships, context),

    async remove({ id }, context) {
      if ((await client.user(id, context.signal)) === undefined) return 'already';
      await context.beforeChange('delete user');
      return (await client.deleteUser(id, context.signal)) ? 'changed' : 'already';
    },
  };
}

/** A user as Muster's word for it, with the safes that it is a member of. */
export const accountOf = (settings: Settings, user: User, held: Held | undefined): AccountSeen => ({
  id: String(user.id),
  name: user.username,
  kind: user.componentUser === true ? 'service' : kindOfName(settings, user.username),
  status: user.enableUser === false ? 'disabled' : 'enabled',
  entitlements: Object.keys(held?.safes ?? {}),
  before: { enableUser: user.enableUser !== false, suspended: user.suspended === true, ...held },
});

/** All users who have one of the person's names exactly: a search means "contains", over first and last names too. */
async function usersNamed(
  client: CyberArkClient,
  settings: Settings,
  keys: PersonKeys,
  signal: AbortSignal,
): Promise<User[]> {
  const names = namesOf(settings, keys);
  const found = await Promise.all(searchTexts(names).map((text) => client.searchUsers(text, signal)));
  const named = new Map<number, User>();
  for (const user of found.flat()) {
    // A component of the product is nobody's, whatever it is called.
    if (names.has(user.username.toLowerCase()) && user.componentUser !== true) named.set(user.id, user);
  }
  const field = settings.workerIdField;
  const inFull = await Promise.all(
    [...named.values()].map(async (user) =>
      user.enableUser === undefined || field !== undefined ? client.user(String(user.id), signal) : user,
    ),
  );
  const workerIds = new Set(keys.workerIds);
  return inFull
    .flatMap((user) => user ?? [])
    .filter((user) => {
      const owner = field === undefined ? undefined : textAt(user, field);
      return owner === undefined || owner === '' || workerIds.has(owner);
    });
}

/** The fewest texts that a search needs: who contains `adm-schen` contains `schen`. */
export function searchTexts(names: Iterable<string>): string[] {
  const texts = [...new Set([...names].map(searchable))].filter((text) => text !== '');
  return texts.filter((text) => !texts.some((other) => other !== text && text.includes(other)));
}

/** The longest part of a name that may stand in an address: the API takes no space and none of + & %. */
export const searchable = (name: string): string =>
  name.split(/[\s+&%]+/).reduce((longest, part) => (part.length > longest.length ? part : longest), '');

/** The text in a user's details, by its path. */
export function textAt(user: User, path: string): string | undefined {
  let value: unknown = user;
  for (const field of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === field)?.[1];
  }
  return typeof value === 'string' ? value.trim() : undefined;
}

const absent = (id: string): AccountSeen => ({
  id,
  name: id,
  kind: 'primary',
  status: 'absent',
  entitlements: [],
  before: {},
});
