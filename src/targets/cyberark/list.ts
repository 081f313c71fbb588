import { sideBySide } from '../side-by-side.ts';
import type { CallContext, ListedAccount } from '../target.ts';
import type { CyberArkClient } from './client.ts';
import type { Held, SafeMemberships } from './safes.ts';
import type { Settings } from './settings.ts';
import { accountOf, textAt } from './users.ts';
import type { User } from './wire.ts';

/** Accounts on one page; the API itself gives all users at once. */
const pageSize = 100;

/** Users read in full side by side. */
const parallel = 4;

/** All users of the vault, with their safes as the walk through the safes found them. */
export async function* listUsers(
  client: CyberArkClient,
  settings: Settings,
  memberships: SafeMemberships | undefined,
  { signal }: CallContext,
): AsyncGenerator<ListedAccount[]> {
  const users = await client.users(signal);
  for (let at = 0; at < users.length; at += pageSize) {
    const page = await sideBySide(users.slice(at, at + pageSize), parallel, async (user) => {
      // Details are shown of one user at a time; who is deleted meanwhile is left out.
      const brief = user.enableUser === undefined || settings.workerIdField !== undefined;
      const whole = brief ? await client.user(String(user.id), signal) : user;
      return whole === undefined ? [] : [listed(settings, whole, await memberships?.listed(whole.username, signal))];
    });
    if (page.some((one) => one.length > 0)) yield page.flat();
  }
}

function listed(settings: Settings, user: User, held: Held | undefined): ListedAccount {
  const account = accountOf(settings, user, held);
  const workerId = settings.workerIdField === undefined ? undefined : textAt(user, settings.workerIdField);
  const email = textAt(user, 'internet.businessEmail');
  return {
    ...account,
    ...(workerId ? { workerId } : {}),
    ...(email ? { email } : {}),
    privileged:
      account.kind === 'admin' || account.entitlements.some((safe) => settings.privilegedSafes.includes(safe)),
  };
}
