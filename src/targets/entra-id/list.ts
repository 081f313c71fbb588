import { sideBySide } from '../side-by-side.ts';
import type { CallContext, ListedAccount } from '../target.ts';
import type { GraphClient, User } from './client.ts';
import type { Settings } from './settings.ts';
import { directoryRole, memberOfOthersIn, seen } from './users.ts';

/** Memberships read side by side: they cost a call for each user. */
const parallel = 4;

/** All users of the tenant, guests among them, with what they hold. */
export async function* listUsers(
  client: GraphClient,
  settings: Settings,
  { signal }: CallContext,
): AsyncGenerator<ListedAccount[]> {
  for await (const page of client.users(signal)) {
    if (page.length > 0) yield await sideBySide(page, parallel, (user) => listed(client, settings, user, signal));
  }
}

async function listed(
  client: GraphClient,
  settings: Settings,
  user: User,
  signal: AbortSignal,
): Promise<ListedAccount> {
  const account = await seen(client, settings, user, signal);
  return {
    ...account,
    ...(user.employeeId ? { workerId: user.employeeId } : {}),
    ...(user.mail ? { email: user.mail } : {}),
    privileged: account.kind === 'admin' || Object.values(memberOfOthersIn(account)).includes(directoryRole),
  };
}
