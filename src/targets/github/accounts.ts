import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import type { AccountSeen, AccountsAbility, CallContext, NewAccount } from '../target.ts';
import { type GitHubClient, parsed } from './client.ts';
import { listAccounts } from './list.ts';
import type { Invitation, Organization, User } from './organization.ts';
import { kindOfNameId, nameIdsOf, type Settings } from './settings.ts';

/** The account id of an invitation that went to an address: nobody has taken it yet, so there is no user. */
const invitationPrefix = 'invitation:';

export const isInvitation = (id: string): boolean => id.startsWith(invitationPrefix);

/** Members and invited people of the organisation. `enabled`: a way in is open, taken or not; `disabled`: the user is not in it. */
export function accounts(client: GitHubClient, org: Organization, settings: Settings): AccountsAbility {
  const accountOfUser = async (user: User, signal: AbortSignal): Promise<AccountSeen> => {
    const [standing, { nameIds, teams }] = await Promise.all([
      org.standing(user.login, signal),
      org.access(user.login, signal),
    ]);
    const invited = standing.state === 'pending' ? await teamsOfInvited(org, user.login, signal) : [];
    return {
      id: String(user.id),
      name: user.login,
      kind: nameIds.map((nameId) => kindOfNameId(settings, nameId)).find((kind) => kind !== undefined) ?? 'primary',
      status: standing.state === 'none' ? 'disabled' : 'enabled',
      entitlements: standing.state === 'none' ? [] : [...new Set([...teams, ...invited])].sort(),
      before: { role: standing.role, state: standing.state },
    };
  };

  const accountOfInvitation = async (invitation: Invitation, signal: AbortSignal): Promise<AccountSeen> => ({
    id: `${invitationPrefix}${invitation.id}`,
    name: invitation.email ?? `invitation ${invitation.id}`,
    kind: 'primary',
    status: 'enabled',
    entitlements: (await org.teamsOfInvitation(invitation.id, signal)).sort(),
    before: { role: invitation.role, state: 'pending' },
  });

  const invitationById = async (id: string, signal: AbortSignal) =>
    (await org.invitations(signal)).find((one) => `${invitationPrefix}${one.id}` === id);

  /** An invitation by address may name its user already; then it is that user's pending membership. */
  const accountOf = async (invitation: Invitation, signal: AbortSignal): Promise<AccountSeen> => {
    const user = invitation.login === null ? undefined : await org.user(invitation.login, signal);
    return user === undefined ? accountOfInvitation(invitation, signal) : accountOfUser(user, signal);
  };

  const find: AccountsAbility['find'] = async (keys, { signal }) => {
    const [known, invitations] = await Promise.all([usersOf(keys, signal), org.invitations(signal)]);
    const isTheirs = (one: Invitation) =>
      keys.knownAccounts.includes(`${invitationPrefix}${one.id}`) ||
      (keys.email !== undefined && one.email?.toLowerCase() === keys.email.toLowerCase());
    const found = await Promise.all([
      ...known.map((user) => accountOfUser(user, signal)),
      ...invitations.filter(isTheirs).map((invitation) => accountOf(invitation, signal)),
    ]);
    return [...new Map(found.map((account) => [account.id, account])).values()];
  };

  /** Each user once, by identity and by what the directory knows; a login that it knows is looked up, ids are safer. */
  const usersOf = async (
    keys: { workerIds: string[]; email?: string; knownAccounts: string[] },
    signal: AbortSignal,
  ): Promise<User[]> => {
    const found = await Promise.all([
      ...nameIdsOf(settings, keys).map(({ nameId }) => org.usersByIdentity(nameId, signal)),
      ...keys.knownAccounts
        .filter((id) => !isInvitation(id))
        .map(async (id) => {
          const user = await org.user(id, signal);
          return user === undefined ? [] : [user];
        }),
    ]);
    return [...new Map(found.flat().map((user) => [user.id, user])).values()];
  };

  return {
    find,

    read: async (id, { signal }) => {
      if (isInvitation(id)) {
        const invitation = await invitationById(id, signal);
        return invitation === undefined ? undefined : accountOfInvitation(invitation, signal);
      }
      const user = await org.user(id, signal);
      return user === undefined ? undefined : accountOfUser(user, signal);
    },

    disable: async (account, context) => {
      const { signal } = context;
      if (isInvitation(account.id)) {
        if ((await invitationById(account.id, signal)) === undefined) return 'already';
        await context.beforeChange('cancel invitation');
        const path = org.path('invitations', account.id.slice(invitationPrefix.length));
        return deleted(client, path, 'cancel invitation', signal);
      }
      const user = await org.user(account.id, signal);
      if (user === undefined) return 'already';
      const { state } = await org.standing(user.login, signal);
      if (state === 'none') return 'already';
      await context.beforeChange('remove member');
      const outcome = await deleted(client, org.path('memberships', user.login), 'remove member', signal);
      if (state === 'indirect' && outcome === 'already') throw indirectMember(user, settings);
      return outcome;
    },

    enable: async (account, context) => {
      const { signal } = context;
      const user = isInvitation(account.id) ? undefined : await org.user(account.id, signal);
      if (user === undefined) {
        throw new Failure('not-found', `GitHub has no user ${account.id} to let in again`, {
          advice: 'A cancelled invitation is not opened again: create the account, which sends a new one.',
        });
      }
      if ((await org.standing(user.login, signal)).state !== 'none') return 'already';
      const role = account.before['role'] === 'admin' ? 'admin' : 'member';
      await context.beforeChange('add member');
      const path = org.path('memberships', user.login);
      await client.rest({ method: 'PUT', path, name: 'add member', json: { role } }, signal);
      return 'changed';
    },

    create: async (account, context) => {
      const existing = await existingOf(account, find, context);
      if (existing !== undefined) return { account: existing, outcome: 'already' };
      if (!account.enabled) {
        throw new Failure(
          'misconfigured',
          'GitHub has no accounts that wait disabled: an invitation opens the way in',
          {
            advice: 'Plan the account for the day on which it may be used.',
          },
        );
      }
      const name = 'invite member';
      // Nobody can be put into a team before they have taken the invitation: it names the teams.
      const teams = account.entitlements ?? [];
      const team_ids = await Promise.all(teams.map((team) => org.teamId(team, context.signal)));
      await context.beforeChange(name);
      const json = { email: account.email, role: 'direct_member', ...(team_ids.length === 0 ? {} : { team_ids }) };
      const answer = await client.rest({ method: 'POST', path: org.path('invitations'), name, json }, context.signal);
      const { id } = parsed(z.object({ id: z.int() }), answer.json(), name);
      const made = await invitationById(`${invitationPrefix}${id}`, context.signal);
      if (made === undefined)
        throw new Failure('not-confirmed', `GitHub took the invitation ${id} and does not show it`);
      return { account: await accountOf(made, context.signal), outcome: 'changed' };
    },

    list: (context) => listAccounts(org, settings, accountOf, context),
  };
}

function indirectMember(user: User, settings: Settings): Failure {
  return new Failure(
    'refused',
    `GitHub: user ${user.id} is in ${settings.org} without a membership that could be removed`,
    {
      advice: 'Remove the user from the enterprise team or identity provider group that makes them a member.',
    },
  );
}

/** The teams that a pending member will be in: those of the invitation. */
async function teamsOfInvited(org: Organization, login: string, signal: AbortSignal): Promise<string[]> {
  const invitations = await org.invitations(signal);
  const own = invitations.find((one) => one.login?.toLowerCase() === login.toLowerCase());
  return own === undefined ? [] : org.teamsOfInvitation(own.id, signal);
}

async function existingOf(
  account: NewAccount,
  find: AccountsAbility['find'],
  context: CallContext,
): Promise<AccountSeen | undefined> {
  const keys = { person: account.person, workerIds: [account.workerId], email: account.email, knownAccounts: [] };
  const primary = (await find(keys, context)).filter((one) => one.kind === 'primary');
  if (primary.length > 1) {
    throw new Failure('ambiguous', `GitHub has ${primary.length} accounts for ${account.workerId}: ${ids(primary)}`);
  }
  return primary[0];
}

const ids = (found: AccountSeen[]): string => found.map((account) => account.id).join(', ');

/** 404 means that it was gone already. */
export async function deleted(
  client: GitHubClient,
  path: string,
  name: string,
  signal: AbortSignal,
): Promise<'changed' | 'already'> {
  const answer = await client.rest({ method: 'DELETE', path, name, expect: [404] }, signal);
  return answer.status === 404 ? 'already' : 'changed';
}
