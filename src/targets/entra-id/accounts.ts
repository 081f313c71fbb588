import { Failure } from '../../model/failure.ts';
import type { AccountSeen, AccountsAbility, CallContext } from '../target.ts';
import type { GraphClient, User } from './client.ts';
import { makeUser } from './create.ts';
import { saysOnPremises, title } from './failure.ts';
import { listUsers } from './list.ts';
import { isGuid, type Settings } from './settings.ts';
import { updateUser } from './update.ts';
import { isEnabled, seen } from './users.ts';

/** Users: found by employeeId, closed by disabling and then revoking every sign-in session. */
export function accounts(client: GraphClient, settings: Settings): AccountsAbility {
  const userById = async (id: string, signal: AbortSignal) => (isGuid(id) ? client.user(id, signal) : undefined);

  return {
    find: async (keys, { signal }) => {
      const named = (await Promise.all(keys.workerIds.map((id) => client.usersByEmployeeId(id, signal)))).flat();
      const known = keys.knownAccounts.filter((id) => !named.some((user) => user.id === id));
      const looked = await Promise.all(known.map(async (id) => ({ id, user: await userById(id, signal) })));
      const users = new Map([...named, ...looked.flatMap(({ user }) => user ?? [])].map((user) => [user.id, user]));
      return [
        ...(await Promise.all([...users.values()].map((user) => seen(client, settings, user, signal)))),
        ...looked.filter(({ user }) => user === undefined).map(({ id }) => absent(id)),
      ];
    },

    read: async (id, { signal }) => {
      const user = await userById(id, signal);
      return user === undefined ? undefined : seen(client, settings, user, signal);
    },

    disable: async ({ id }, context) => {
      const user = await userById(id, context.signal);
      if (user === undefined) return 'already';
      const wasEnabled = isEnabled(user);
      if (!wasEnabled && sessionsEnded(user, context)) return 'already';
      const refusal = wasEnabled ? await refusalToDisable(client, user, context) : undefined;
      await context.beforeChange('revoke sign-in sessions');
      await client.revokeSessions(user.id, context.signal);
      if (refusal !== undefined) throw stillEnabled(user, refusal);
      return 'changed';
    },

    enable: async ({ id }, context) => {
      const user = await userById(id, context.signal);
      if (user === undefined) throw new Failure('not-found', `${title} has no user ${id} to enable`);
      if (isEnabled(user)) return 'already';
      await context.beforeChange('enable user');
      try {
        await client.switchUser(user.id, true, context.signal);
      } catch (error) {
        if (!saysOnPremises(error)) throw error;
        throw onPremises(`user ${user.id} is not enabled`, 'Enable it there', error);
      }
      return 'changed';
    },

    create: (account, context) => makeUser(client, settings, account, context),
    list: (context) => listUsers(client, settings, context),
    update: (account, attributes, context) => updateUser(client, settings, account, attributes, context),

    remove: async ({ id }, context) => {
      // Looked for first: a deletion that was made already is not asked for again.
      if ((await userById(id, context.signal)) === undefined) return 'already';
      await context.beforeChange('delete user');
      try {
        return (await client.deleteUser(id, context.signal)) ? 'changed' : 'already';
      } catch (error) {
        if (!saysOnPremises(error)) throw error;
        throw onPremises(`user ${id} is not deleted`, 'Delete it there', error);
      }
    },
  };
}

/**
 * Whether sessions were revoked since this work began. They are not listed, but the moment is kept; so a retry after a lost
 * answer does not revoke again, and one that died between the two calls does.
 */
const sessionsEnded = (user: User, { now }: CallContext): boolean =>
  Date.parse(user.signInSessionsValidFromDateTime ?? '') >= Date.parse(now);

/** Disables; what Graph refuses is given back, because sessions can be ended all the same and must be. */
async function refusalToDisable(client: GraphClient, user: User, context: CallContext): Promise<Failure | undefined> {
  await context.beforeChange('disable user');
  try {
    await client.switchUser(user.id, false, context.signal);
    return undefined;
  } catch (error) {
    if (error instanceof Failure && error.code === 'refused') return error;
    throw error;
  }
}

function stillEnabled(user: User, refusal: Failure): Failure {
  if (saysOnPremises(refusal)) {
    return onPremises(
      `the sessions of user ${user.id} are revoked, and it is still enabled`,
      'Disable it there',
      refusal,
    );
  }
  return new Failure('refused', `${refusal.message} Its sessions are revoked; user ${user.id} is still enabled.`, {
    ...(refusal.advice === undefined ? {} : { advice: refusal.advice }),
    cause: refusal,
  });
}

const onPremises = (what: string, advice: string, cause: unknown): Failure =>
  new Failure('refused', `${title}: ${what}, because it comes from Active Directory, which alone may change that`, {
    advice: `${advice}; the next synchronisation brings it here, and the next try sees it.`,
    cause,
  });

const absent = (id: string): AccountSeen => ({
  id,
  name: id,
  kind: 'primary',
  status: 'absent',
  entitlements: [],
  before: {},
});
