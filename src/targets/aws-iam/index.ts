import { Failure } from '../../model/failure.ts';
import { defineTarget } from '../target.ts';
import { IamAccounts } from './accounts.ts';
import { IamClient, present } from './client.ts';
import { iamEntitlements } from './entitlements.ts';
import { RoleSessions } from './role-sessions.ts';
import { type Settings, settingsSchema } from './settings.ts';
import { Users } from './users.ts';

/** AWS IAM users of one account: closed, opened, made, their groups and policies given and taken, their role sessions denied. */
export const definition = defineTarget<Settings>({
  kind: 'aws-iam',
  title: 'AWS IAM',
  settings: settingsSchema,
  connect(settings, dependencies) {
    const client = new IamClient(settings, dependencies);
    const users = new Users(client, settings, dependencies.clock);
    return {
      check: (context) => check(client, settings, context.signal),
      accounts: new IamAccounts(client, users, settings),
      entitlements: iamEntitlements(client, users),
      sessions: new RoleSessions(client, users, settings),
      close: async () => client.close(),
    };
  },
});

/** Reads one user in the way that `find` does, and each role that the settings name. */
async function check(client: IamClient, settings: Settings, signal: AbortSignal): Promise<string> {
  const answer = await client.ask('GetAccountAuthorizationDetails', signal, (iam, options) =>
    iam.getAccountAuthorizationDetails({ Filter: ['User'], MaxItems: 1 }, options),
  );
  for (const RoleName of settings.roleNames) {
    const role = await client.find('ListRolePolicies', signal, (iam, options) =>
      iam.listRolePolicies({ RoleName }, options),
    );
    if (role === undefined)
      throw new Failure('misconfigured', `AWS IAM has no role ${RoleName}, which roleNames lists`);
  }
  const [user] = present(answer.UserDetailList, 'GetAccountAuthorizationDetails', 'UserDetailList');
  const account = /^arn:[\w-]+:iam::(\d+):/.exec(user?.Arn ?? '')?.[1];
  return account === undefined ? 'AWS IAM answers; the account has no users' : `AWS IAM answers for account ${account}`;
}
