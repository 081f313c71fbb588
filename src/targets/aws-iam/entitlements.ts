import { Failure } from '../../model/failure.ts';
import type { AccountSeen, CallContext, EntitlementsAbility, Outcome } from '../target.ts';
import { type IamClient, present } from './client.ts';
import type { Users } from './users.ts';

/** Policies that only ever take access away: to remove one from a leaver would give it back. */
const restriction = /:iam::aws:policy\/AWS(DenyAll|CompromisedKeyQuarantine\w*)$/;

/** The user's groups as `group:<name>` and directly attached policies as `policy:<ARN>`, live. */
export async function entitlementsOf(client: IamClient, UserName: string, signal: AbortSignal): Promise<string[]> {
  const [groups, policies] = await Promise.all([
    client.list(
      'ListGroupsForUser',
      signal,
      (iam, page, options) => iam.listGroupsForUser({ UserName, ...page }, options),
      (answer) => answer.Groups,
    ),
    client.list(
      'ListAttachedUserPolicies',
      signal,
      (iam, page, options) => iam.listAttachedUserPolicies({ UserName, ...page }, options),
      (answer) => answer.AttachedPolicies,
    ),
  ]);
  return entitlementsIn(
    groups.map(({ GroupName }) => present(GroupName, 'ListGroupsForUser', 'GroupName')),
    policies.map(({ PolicyArn }) => present(PolicyArn, 'ListAttachedUserPolicies', 'PolicyArn')),
  );
}

/** Names of groups and ARNs of attached policies as entitlements. */
export const entitlementsIn = (groups: readonly string[], policies: readonly string[]): string[] =>
  [
    ...groups.map((group) => `group:${group}`),
    ...policies.filter((arn) => !restriction.test(arn)).map((arn) => `policy:${arn}`),
  ].sort();

/** Groups and attached policies, given and taken. */
export function iamEntitlements(client: IamClient, users: Users): EntitlementsAbility {
  return {
    async grant(account, entitlement, context) {
      const change = granting(client, entitlement);
      const userName = await nameOf(users, account, context);
      if (userName === undefined) throw new Failure('not-found', `AWS IAM has no user ${account.id} any more`);
      if (await holds(client, userName, entitlement, context)) return 'already';
      return change(userName, context);
    },
    async revoke(account, entitlement, context) {
      const change = revoking(client, entitlement);
      const userName = await nameOf(users, account, context);
      if (userName === undefined || !(await holds(client, userName, entitlement, context))) return 'already';
      return change(userName, context);
    },
  };
}

type Change = (userName: string, context: CallContext) => Promise<Outcome>;

function granting(client: IamClient, entitlement: string): Change {
  const { group, policy } = partsOf(entitlement);
  return group !== undefined
    ? (UserName, context) =>
        client.change('AddUserToGroup', context, (iam, options) =>
          iam.addUserToGroup({ UserName, GroupName: group }, options),
        )
    : (UserName, context) =>
        client.change('AttachUserPolicy', context, (iam, options) =>
          iam.attachUserPolicy({ UserName, PolicyArn: policy }, options),
        );
}

function revoking(client: IamClient, entitlement: string): Change {
  const { group, policy } = partsOf(entitlement);
  return group !== undefined
    ? (UserName, context) =>
        client.changeIfThere('RemoveUserFromGroup', context, (iam, options) =>
          iam.removeUserFromGroup({ UserName, GroupName: group }, options),
        )
    : (UserName, context) =>
        client.changeIfThere('DetachUserPolicy', context, (iam, options) =>
          iam.detachUserPolicy({ UserName, PolicyArn: policy }, options),
        );
}

type Parts = { group: string; policy?: never } | { group?: never; policy: string };

function partsOf(entitlement: string): Parts {
  const match = /^(group|policy):(.+)$/.exec(entitlement);
  const id = match?.[2] ?? '';
  if (match?.[1] === 'group') return { group: id };
  if (match?.[1] === 'policy') return { policy: id };
  throw new Failure('misconfigured', `"${entitlement}" is not an entitlement of AWS IAM`, {
    advice: 'Write "group:<group name>" or "policy:<policy ARN>".',
  });
}

async function holds(client: IamClient, userName: string, entitlement: string, context: CallContext): Promise<boolean> {
  return (await entitlementsOf(client, userName, context.signal)).includes(entitlement);
}

async function nameOf(users: Users, account: AccountSeen, context: CallContext): Promise<string | undefined> {
  return (await users.locate(account.id, context.signal, account.name))?.userName;
}
