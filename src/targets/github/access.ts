import { Failure } from '../../model/failure.ts';
import type { EntitlementsAbility, SessionSeen, SessionsAbility } from '../target.ts';
import { deleted, isInvitation } from './accounts.ts';
import type { GitHubClient } from './client.ts';
import type { Organization, User } from './organization.ts';
import type { Settings } from './settings.ts';

/** Memberships of teams, by slug. */
export function entitlements(client: GitHubClient, org: Organization): EntitlementsAbility {
  return {
    grant: async (account, team, context) => {
      if (isInvitation(account.id)) {
        throw new Failure('conflict', `GitHub: ${account.id} is not taken yet, and its teams cannot be added to`, {
          advice: 'It is tried again until they take it; or cancel it, and one that names the team is sent by "retry".',
        });
      }
      const user = await userOf(org, account.id, context.signal);
      if (user === undefined || (await org.standing(user.login, context.signal)).state === 'none') {
        // GitHub would take the team membership and send an invitation for it, which nobody asked for.
        throw new Failure('conflict', `GitHub: ${account.id} is no member, and a team would invite them`, {
          advice: 'Enable the account first.',
        });
      }
      if (await org.isInTeam(team, user.login, context.signal)) return 'already';
      await context.beforeChange('add to team');
      const path = org.path('teams', team, 'memberships', user.login);
      await client.rest({ method: 'PUT', path, name: 'add to team', json: { role: 'member' } }, context.signal);
      return 'changed';
    },

    revoke: async (account, team, context) => {
      const user = await userOf(org, account.id, context.signal);
      if (user === undefined || !(await org.isInTeam(team, user.login, context.signal))) return 'already';
      await context.beforeChange('remove from team');
      const path = org.path('teams', team, 'memberships', user.login);
      return deleted(client, path, 'remove from team', context.signal);
    },
  };
}

/** What outlives the membership: keys and tokens authorised for single sign-on, and direct access to single repositories. */
export function sessions(client: GitHubClient, org: Organization, settings: Settings): SessionsAbility {
  const list = async (id: string, signal: AbortSignal): Promise<{ user?: User; live: SessionSeen[] }> => {
    const user = await userOf(org, id, signal);
    if (user === undefined) return { live: [] };
    const [credentials, outside] = await Promise.all([
      settings.ssoCredentials ? org.credentials(user.login, signal) : [],
      org.isOutsideCollaborator(user.id, signal),
    ]);
    return {
      user,
      live: [
        ...credentials.map((credential) => ({ id: String(credential), kind: 'ssoCredential' })),
        ...(outside ? [{ id: String(user.id), kind: 'outsideCollaborator' }] : []),
      ],
    };
  };

  return {
    list: async (account, context) => (await list(account.id, context.signal)).live,

    end: async (account, session, context) => {
      const { user, live } = await list(account.id, context.signal);
      if (user === undefined || !live.some((one) => one.id === session.id && one.kind === session.kind))
        return 'already';
      const outside = session.kind === 'outsideCollaborator';
      const name = outside ? 'remove outside collaborator' : 'revoke SSO credential';
      await context.beforeChange(name);
      const path = outside
        ? org.path('outside_collaborators', user.login)
        : org.path('credential-authorizations', session.id);
      return deleted(client, path, name, context.signal);
    },
  };
}

const userOf = async (org: Organization, id: string, signal: AbortSignal): Promise<User | undefined> =>
  isInvitation(id) ? undefined : org.user(id, signal);
