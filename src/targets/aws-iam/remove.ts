import type { CallContext } from '../target.ts';
import { type IamClient, type IamUser, present } from './client.ts';
import type { WayName } from './held.ts';
import type { Steps } from './steps.ts';
import { waysIn } from './ways-in.ts';

/**
 * Takes away all that keeps IAM from deleting a user: every way in first, then groups and policies, the inline ones
 * last, because one of them may be what denies everything.
 */
export async function strip(
  client: IamClient,
  { userName: UserName }: IamUser,
  ways: readonly WayName[],
  steps: Steps,
  context: CallContext,
): Promise<void> {
  const { signal } = context;
  for (const name of ways) {
    for (const { id } of await waysIn[name].list(client, UserName, signal)) {
      await steps.take(() => waysIn[name].remove(client, UserName, id, context));
    }
  }
  const groups = await client.list(
    'ListGroupsForUser',
    signal,
    (iam, page, options) => iam.listGroupsForUser({ UserName, ...page }, options),
    (answer) => answer.Groups,
  );
  for (const group of groups) {
    const GroupName = present(group.GroupName, 'ListGroupsForUser', 'GroupName');
    await steps.take(() =>
      client.changeIfThere('RemoveUserFromGroup', context, (iam, options) =>
        iam.removeUserFromGroup({ UserName, GroupName }, options),
      ),
    );
  }
  const attached = await client.list(
    'ListAttachedUserPolicies',
    signal,
    (iam, page, options) => iam.listAttachedUserPolicies({ UserName, ...page }, options),
    (answer) => answer.AttachedPolicies,
  );
  for (const policy of attached) {
    const PolicyArn = present(policy.PolicyArn, 'ListAttachedUserPolicies', 'PolicyArn');
    await steps.take(() =>
      client.changeIfThere('DetachUserPolicy', context, (iam, options) =>
        iam.detachUserPolicy({ UserName, PolicyArn }, options),
      ),
    );
  }
  const inline = await client.list(
    'ListUserPolicies',
    signal,
    (iam, page, options) => iam.listUserPolicies({ UserName, ...page }, options),
    (answer) => answer.PolicyNames,
  );
  for (const PolicyName of inline) {
    await steps.take(() =>
      client.changeIfThere('DeleteUserPolicy', context, (iam, options) =>
        iam.deleteUserPolicy({ UserName, PolicyName }, options),
      ),
    );
  }
}
