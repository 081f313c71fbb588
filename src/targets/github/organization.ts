import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { type GitHubClient, parsed } from './client.ts';
import { accessQuery, identitiesQuery } from './queries.ts';

const userSchema = z.object({ id: z.int(), login: z.string() });
const membershipSchema = z.object({ state: z.enum(['active', 'pending']), role: z.string() });
const invitationSchema = z.object({
  id: z.int(),
  login: z.string().nullable(),
  email: z.string().nullable(),
  role: z.string(),
});
const credentialSchema = z.object({ credential_id: z.int(), login: z.string() });
const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });
const nameIds = {
  samlIdentity: z.object({ nameId: z.string().nullable() }).nullable(),
  scimIdentity: z.object({ username: z.string().nullable() }).nullable(),
};
const identitiesSchema = z.object({
  organization: z.object({
    samlIdentityProvider: z
      .object({
        externalIdentities: z.object({
          nodes: z.array(
            z.object({
              ...nameIds,
              user: z.object({ databaseId: z.int().nullable(), login: z.string() }).nullable(),
            }),
          ),
          pageInfo,
        }),
      })
      .nullable(),
  }),
});
const accessSchema = z.object({
  organization: z.object({
    samlIdentityProvider: z.object({ externalIdentities: z.object({ nodes: z.array(z.object(nameIds)) }) }).nullable(),
    teams: z.object({ nodes: z.array(z.object({ slug: z.string() })), pageInfo }),
  }),
});

/** A GitHub user. The id stays when the login is changed, and a login given up may be taken by somebody else. */
export interface User {
  id: number;
  login: string;
}

/** A pending invitation to the organisation; `login` is null where it went to an address. */
export type Invitation = z.infer<typeof invitationSchema>;

/** How somebody belongs to the organisation. `indirect`: a member by another way than a membership of their own. */
export interface Standing {
  state: 'active' | 'pending' | 'indirect' | 'none';
  role: string;
}

/** An organisation at GitHub: what it holds, read in the words of its API. */
export class Organization {
  readonly #client: GitHubClient;
  readonly #org: string;

  constructor(client: GitHubClient, org: string) {
    this.#client = client;
    this.#org = org;
  }

  /** A path below the organisation, each part encoded. */
  path(...parts: string[]): string {
    return ['/orgs', this.#org, ...parts].map((part, at) => (at === 0 ? part : encodeURIComponent(part))).join('/');
  }

  /** The user with this id or login; undefined when there is none. */
  async user(idOrLogin: string, signal: AbortSignal): Promise<User | undefined> {
    const path = /^\d+$/.test(idOrLogin) ? `/user/${idOrLogin}` : `/users/${encodeURIComponent(idOrLogin)}`;
    const name = 'read user';
    const answer = await this.#client.rest({ path, name, expect: [404] }, signal);
    return answer.status === 404 ? undefined : parsed(userSchema, answer.json(), name);
  }

  /** Users whose single sign-on identity has exactly this name, all pages. Empty where the organisation has none at all. */
  async usersByIdentity(nameId: string, signal: AbortSignal): Promise<User[]> {
    const users: User[] = [];
    let after: string | null = null;
    do {
      const variables = { org: this.#org, userName: nameId, after };
      const data: z.infer<typeof identitiesSchema> = await this.#client.graphql(
        identitiesSchema,
        identitiesQuery,
        variables,
        'read identities',
        signal,
      );
      const page = data.organization.samlIdentityProvider?.externalIdentities;
      for (const { samlIdentity, scimIdentity, user } of page?.nodes ?? []) {
        const names = [samlIdentity?.nameId, scimIdentity?.username];
        const exact = names.some((name) => name?.toLowerCase() === nameId.toLowerCase());
        if (exact && user?.databaseId != null) users.push({ id: user.databaseId, login: user.login });
      }
      after = page?.pageInfo.hasNextPage === true ? page.pageInfo.endCursor : null;
    } while (after !== null);
    return users;
  }

  /** Membership and member list are both asked, because membership by an enterprise team shows in the second alone. */
  async standing(login: string, signal: AbortSignal): Promise<Standing> {
    const [membership, member] = await Promise.all([
      this.#client.rest({ path: this.path('memberships', login), name: 'read membership', expect: [404] }, signal),
      this.#client.rest({ path: this.path('members', login), name: 'check member', expect: [404] }, signal),
    ]);
    if (membership.status !== 404) return parsed(membershipSchema, membership.json(), 'read membership');
    return { state: member.status === 404 ? 'none' : 'indirect', role: 'member' };
  }

  /** The names of the login's identities, and the slugs of its teams. */
  async access(login: string, signal: AbortSignal): Promise<{ nameIds: string[]; teams: string[] }> {
    const teams: string[] = [];
    const found = new Set<string>();
    let after: string | null = null;
    do {
      const data: z.infer<typeof accessSchema> = await this.#client.graphql(
        accessSchema,
        accessQuery,
        { org: this.#org, login, after },
        'read teams',
        signal,
      );
      const { samlIdentityProvider, teams: page } = data.organization;
      for (const { samlIdentity, scimIdentity } of samlIdentityProvider?.externalIdentities.nodes ?? []) {
        for (const name of [samlIdentity?.nameId, scimIdentity?.username]) if (name) found.add(name);
      }
      teams.push(...page.nodes.map((team) => team.slug));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    return { nameIds: [...found], teams };
  }

  /** Members, or the owners among them, page by page. */
  members(role: 'all' | 'admin', signal: AbortSignal): AsyncIterable<User[]> {
    return this.#client.pages(userSchema, `${this.path('members')}?role=${role}`, 'list members', signal);
  }

  /** Who has access to single repositories and is no member, page by page. */
  outsideCollaborators(signal: AbortSignal): AsyncIterable<User[]> {
    const name = 'list outside collaborators';
    return this.#client.pages(userSchema, this.path('outside_collaborators'), name, signal);
  }

  invitations(signal: AbortSignal): Promise<Invitation[]> {
    return this.#client.list(invitationSchema, this.path('invitations'), 'list invitations', signal);
  }

  /** GitHub's number of a team, which an invitation wants in place of its slug. */
  async teamId(team: string, signal: AbortSignal): Promise<number> {
    const name = 'read team';
    const answer = await this.#client.rest({ path: this.path('teams', team), name }, signal);
    return parsed(z.object({ id: z.int() }), answer.json(), name).id;
  }

  async teamsOfInvitation(id: number, signal: AbortSignal): Promise<string[]> {
    const path = this.path('invitations', String(id), 'teams');
    const teams = await this.#client.list(z.object({ slug: z.string() }), path, 'list teams of invitation', signal);
    return teams.map((team) => team.slug);
  }

  async isInTeam(team: string, login: string, signal: AbortSignal): Promise<boolean> {
    const path = this.path('teams', team, 'memberships', login);
    return (await this.#client.rest({ path, name: 'read team membership', expect: [404] }, signal)).status !== 404;
  }

  /** Ids of the keys and tokens that the login has authorised for the organisation's single sign-on. */
  async credentials(login: string, signal: AbortSignal): Promise<number[]> {
    const path = `${this.path('credential-authorizations')}?login=${encodeURIComponent(login)}`;
    const listed = await this.#client.list(credentialSchema, path, 'list SSO credentials', signal).catch(noSso);
    return listed
      .filter((one) => one.login.toLowerCase() === login.toLowerCase())
      .map((credential) => credential.credential_id);
  }

  async isOutsideCollaborator(id: number, signal: AbortSignal): Promise<boolean> {
    const listed = await this.#client.list(
      userSchema,
      this.path('outside_collaborators'),
      'list outside collaborators',
      signal,
    );
    return listed.some((user) => user.id === id);
  }
}

function noSso(error: unknown): never {
  if (error instanceof Failure && error.code === 'not-found') {
    throw new Failure('misconfigured', error.message, {
      advice: 'An organisation without SAML single sign-on has no such credentials: set ssoCredentials to false.',
      cause: error,
    });
  }
  throw error;
}
