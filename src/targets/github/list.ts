import { sideBySide } from '../side-by-side.ts';
import type { AccountSeen, CallContext, ListedAccount } from '../target.ts';
import type { Invitation, Organization, User } from './organization.ts';
import { keyInNameId, kindOfNameId, type Settings } from './settings.ts';

/** Identities and teams read side by side: they cost a call for each member. */
const parallel = 4;

/** Members, then outside collaborators, then invitations that nobody has taken yet. */
export async function* listAccounts(
  org: Organization,
  settings: Settings,
  accountOfInvitation: (invitation: Invitation, signal: AbortSignal) => Promise<AccountSeen>,
  { signal }: CallContext,
): AsyncGenerator<ListedAccount[]> {
  const owners = new Set<number>();
  for await (const page of org.members('admin', signal)) for (const { id } of page) owners.add(id);
  for await (const page of org.members('all', signal)) {
    if (page.length === 0) continue;
    yield await sideBySide(page, parallel, (user) => memberListed(org, settings, user, owners.has(user.id), signal));
  }
  for await (const page of org.outsideCollaborators(signal)) {
    if (page.length > 0) yield page.map(outsiderListed);
  }
  const invitations = await org.invitations(signal);
  if (invitations.length === 0) return;
  yield await sideBySide(invitations, parallel, async (invitation) => ({
    ...(await accountOfInvitation(invitation, signal)),
    ...(invitation.email === null ? {} : { email: invitation.email }),
    privileged: invitation.role === 'admin',
  }));
}

async function memberListed(
  org: Organization,
  settings: Settings,
  user: User,
  owner: boolean,
  signal: AbortSignal,
): Promise<ListedAccount> {
  const { nameIds, teams } = await org.access(user.login, signal);
  const kind = nameIds.map((nameId) => kindOfNameId(settings, nameId)).find((one) => one !== undefined) ?? 'primary';
  const keys = nameIds.map((nameId) => keyInNameId(settings, nameId));
  const workerId = keys.find((key) => key.workerId !== undefined)?.workerId;
  const email = keys.find((key) => key.email !== undefined)?.email;
  return {
    id: String(user.id),
    name: user.login,
    kind,
    status: 'enabled',
    entitlements: teams.sort(),
    before: { role: owner ? 'admin' : 'member', state: 'active' },
    ...(workerId === undefined ? {} : { workerId }),
    ...(email === undefined ? {} : { email }),
    privileged: owner || kind === 'admin',
  };
}

/** As `read` shows one: no member. What they can reach is among the sessions of the account. */
const outsiderListed = ({ id, login }: User): ListedAccount => ({
  id: String(id),
  name: login,
  kind: 'primary',
  status: 'disabled',
  entitlements: [],
  before: { role: 'member', state: 'none' },
  privileged: false,
});
