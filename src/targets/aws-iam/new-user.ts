import { createHash } from 'node:crypto';
import { Failure } from '../../model/failure.ts';
import type { CallContext, NewAccount, Outcome } from '../target.ts';
import { type IamClient, type IamUser, toUser } from './client.ts';
import { deny, isDenied } from './deny.ts';
import { kindOfName, type Settings } from './settings.ts';
import { createdByTag } from './tags.ts';
import type { Users } from './users.ts';

/**
 * Makes a user with the person's tag and without any credential, denied unless it is to be enabled. Looks first for the
 * one that the person has already, by tag and by name: a lost answer may have made it.
 */
export async function makeUser(
  client: IamClient,
  users: Users,
  settings: Settings,
  account: NewAccount,
  context: CallContext,
): Promise<{ user: IamUser; outcome: Outcome }> {
  const there = await theirs(client, users, settings, account, context.signal);
  const user = there ?? (await create(client, users, settings, account, context));
  const halfMade = there?.tags.get(createdByTag) === tagValue(context.key);
  const toDeny = !account.enabled && (there === undefined || halfMade);
  if (!toDeny || (await isDenied(client, user.userName, context.signal))) {
    return { user, outcome: there === undefined ? 'changed' : 'already' };
  }
  await deny(client, user.userName, context);
  return { user, outcome: 'changed' };
}

async function theirs(
  client: IamClient,
  users: Users,
  settings: Settings,
  account: NewAccount,
  signal: AbortSignal,
): Promise<IamUser | undefined> {
  const named = await client.user(account.login, signal);
  if (named !== undefined) {
    if (users.workerOf(named)?.toLowerCase() === account.workerId.toLowerCase()) return named;
    throw new Failure('refused', `AWS IAM: the user name for ${account.workerId} is taken by user ${named.userId}`, {
      advice: `If it is theirs, tag it ${settings.employeeTag}=${account.workerId}; else reserve another name.`,
    });
  }
  const keys = { person: account.person, workerIds: [account.workerId], knownAccounts: [] };
  const { users: found } = await users.find(keys, signal);
  const same = found.filter((user) => users.kindOf(user) === kindOfName(settings, account.login));
  if (same.length < 2) return same[0];
  throw new Failure('ambiguous', `AWS IAM: ${account.workerId} has ${same.length} users of that kind already`);
}

async function create(
  client: IamClient,
  users: Users,
  settings: Settings,
  account: NewAccount,
  context: CallContext,
): Promise<IamUser> {
  const tags = {
    ...account.attributes,
    [settings.employeeTag]: account.workerId,
    [createdByTag]: tagValue(context.key),
  };
  const answer = await client.make('CreateUser', context, (iam, options) =>
    iam.createUser(
      { UserName: account.login, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
      options,
    ),
  );
  users.forgetList();
  return toUser(answer.User, 'CreateUser');
}

/** IAM takes 256 characters of a few kinds in a tag; anything else is kept as its hash. */
function tagValue(key: string): string {
  return /^[\w .:/=+@-]{1,256}$/.test(key) ? key : createHash('sha256').update(key).digest('hex');
}
