import type { UserDetail } from '@aws-sdk/client-iam';
import { sideBySide } from '../side-by-side.ts';
import type { ListedAccount } from '../target.ts';
import { type IamClient, type IamUser, present, toUser } from './client.ts';
import { deniesAll } from './deny.ts';
import { entitlementsIn } from './entitlements.ts';
import { type Held, isClosed } from './held.ts';
import type { Settings } from './settings.ts';
import type { Users } from './users.ts';

const action = 'GetAccountAuthorizationDetails';

/** Credentials read side by side. */
const parallel = 2;

/**
 * All users, 100 a page. One that is not denied is open, whatever credentials it has; those of the denied alone are
 * read, because that costs a call for each kind and user. So `before` stays empty: closing reads it anew.
 */
export async function* listUsers(
  client: IamClient,
  users: Users,
  settings: Settings,
  heldBy: (userName: string, signal: AbortSignal) => Promise<Held>,
  signal: AbortSignal,
): AsyncGenerator<ListedAccount[]> {
  const pages = client.pages(
    action,
    signal,
    (iam, page, options) => iam.getAccountAuthorizationDetails({ Filter: ['User'], MaxItems: 100, ...page }, options),
    (answer) => answer.UserDetailList,
  );
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield await sideBySide(page, parallel, async (detail) => {
      const user = toUser(detail, action);
      const denied = deniesAll(detail.UserPolicyList ?? []);
      const closed = denied && isClosed(await heldBy(user.userName, signal));
      return listed(users, settings, user, detail, closed);
    });
  }
}

function listed(users: Users, settings: Settings, user: IamUser, detail: UserDetail, closed: boolean): ListedAccount {
  const kind = users.kindOf(user);
  const workerId = users.workerOf(user);
  const entitlements = entitlementsIn(
    detail.GroupList ?? [],
    (detail.AttachedManagedPolicies ?? []).map(({ PolicyArn }) => present(PolicyArn, action, 'PolicyArn')),
  );
  return {
    id: user.userId,
    name: user.userName,
    kind,
    status: closed ? 'disabled' : 'enabled',
    entitlements,
    before: {},
    ...(workerId === undefined ? {} : { workerId }),
    privileged:
      kind === 'admin' ||
      kind === 'breakGlass' ||
      entitlements.some((held) => settings.privilegedEntitlements.includes(held)),
  };
}
