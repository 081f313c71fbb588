import { Failure } from '../../model/failure.ts';
import type { AccountSeen, AccountsAbility, CallContext, NewAccount, Outcome, PersonKeys } from '../target.ts';
import { quoted, quotedList, type SalesforceClient, SalesforceError } from './client.ts';
import { listUsers } from './list.ts';
import type { Settings } from './settings.ts';
import { updateUser } from './update.ts';
import { accountOf, assignmentsOf, isUserId, userById, usersWhere } from './users.ts';

/** Users: found by FederationIdentifier and EmployeeNumber, closed by freezing and then deactivating. */
export function accounts(client: SalesforceClient, settings: Settings): AccountsAbility {
  const seen = async (where: string, { signal }: CallContext): Promise<AccountSeen[]> => {
    const users = await usersWhere(client, where, signal);
    const assignments = await assignmentsOf(
      client,
      users.map((user) => user.id),
      signal,
    );
    return users.map((user) => accountOf(user, assignments, settings));
  };

  return {
    find: async (keys, context) => {
      const where = whereOf(keys);
      return where === undefined ? [] : seen(where, context);
    },

    read: async (id, context) => (isUserId(id) ? (await seen(`Id IN ${quotedList([id])}`, context))[0] : undefined),

    disable: async (account, context) => {
      const user = await userById(client, account.id, context.signal);
      if (user === undefined || !user.active) return 'already';
      // Freezing is never refused and ends every way in at once; deactivating can be (a default owner, a hierarchy field).
      if (user.loginId !== undefined && !user.frozen) {
        await context.beforeChange('freeze user');
        await client.update('UserLogin', user.loginId, { IsFrozen: true }, context.signal);
      }
      await context.beforeChange('deactivate user');
      try {
        await client.update('User', user.id, { IsActive: false }, context.signal);
      } catch (error) {
        throw refusedDeactivation(error, user.id, user.loginId !== undefined);
      }
      return 'changed';
    },

    enable: async (account, context) => {
      const user = await userById(client, account.id, context.signal);
      if (user === undefined) throw new Failure('not-found', `Salesforce has no user ${account.id} to open again`);
      const staysFrozen = account.before['frozen'] === true;
      let outcome: Outcome = 'already';
      if (!user.active) {
        await context.beforeChange('reactivate user');
        await client.update('User', user.id, { IsActive: true }, context.signal);
        outcome = 'changed';
      }
      // Last, so that a licence that is missing leaves the user frozen and not half open.
      if (user.frozen && !staysFrozen && user.loginId !== undefined) {
        await context.beforeChange('unfreeze user');
        await client.update('UserLogin', user.loginId, { IsFrozen: false }, context.signal);
        outcome = 'changed';
      }
      return outcome;
    },

    create: async (account, context) => {
      const where = `FederationIdentifier = ${quoted(account.workerId)}`;
      const existing = (await seen(where, context))[0];
      if (existing !== undefined) return { account: existing, outcome: 'already' };
      const fields = newUser(account, settings);
      await context.beforeChange('create user');
      await client.create('User', fields, context.signal);
      const made = (await seen(where, context))[0];
      if (made === undefined) {
        throw new Failure('not-confirmed', `Salesforce made a user for ${account.workerId} and does not show it`);
      }
      return { account: made, outcome: 'changed' };
    },

    list: (context) => listUsers(client, settings, context),
    update: (account, attributes, context) => updateUser(client, settings, account, attributes, context),
  };
}

/** FederationIdentifier is unique, so a second account of the same person carries the worker id as EmployeeNumber. */
function whereOf(keys: PersonKeys): string | undefined {
  const known = keys.knownAccounts.filter(isUserId);
  const conditions = [
    ...(keys.workerIds.length === 0
      ? []
      : [`FederationIdentifier IN ${quotedList(keys.workerIds)}`, `EmployeeNumber IN ${quotedList(keys.workerIds)}`]),
    ...(known.length === 0 ? [] : [`Id IN ${quotedList(known)}`]),
  ];
  return conditions.length === 0 ? undefined : conditions.join(' OR ');
}

function refusedDeactivation(error: unknown, user: string, frozen: boolean): unknown {
  if (!(error instanceof SalesforceError) || error.code !== 'refused') return error;
  const now = frozen ? 'is frozen out and cannot log in' : 'can still log in';
  return new Failure('refused', `user ${user} ${now}, but Salesforce refuses to deactivate it. ${error.message}`, {
    advice:
      'Hand over what Salesforce names (default owner of leads or cases, workflow or approval user, a hierarchy field), then retry.',
    cause: error,
  });
}

function newUser(account: NewAccount, settings: Settings): Record<string, unknown> {
  const defaults = settings.newUsers;
  if (defaults === undefined) {
    throw new Failure('misconfigured', 'Salesforce: a new user needs a profile', {
      advice: 'Set newUsers.profileId in the settings of the target.',
    });
  }
  return {
    Username: `${account.email}${defaults.usernameSuffix}`,
    Email: account.email,
    FirstName: account.firstName,
    LastName: account.lastName,
    // Eight characters at most, and not unique: for list views alone.
    Alias: account.login.slice(0, 8),
    FederationIdentifier: account.workerId,
    EmployeeNumber: account.workerId,
    ProfileId: account.attributes['profileId'] ?? defaults.profileId,
    TimeZoneSidKey: defaults.timeZone,
    LocaleSidKey: defaults.locale,
    LanguageLocaleKey: defaults.language,
    EmailEncodingKey: 'UTF-8',
    IsActive: account.enabled,
  };
}
