import { randomBytes } from 'node:crypto';
import { Failure } from '../../model/failure.ts';
import type { AccountSeen, CallContext, NewAccount, Outcome } from '../target.ts';
import type { GraphClient, User } from './client.ts';
import { GraphError, title } from './failure.ts';
import type { Settings } from './settings.ts';
import { kindOf, seen } from './users.ts';

/** Attributes that Muster sets itself; policy may give any other of Graph's. */
const ours = [
  'id',
  'employeeid',
  'accountenabled',
  'displayname',
  'givenname',
  'surname',
  'mailnickname',
  'userprincipalname',
  'passwordprofile',
];

/** Graph's own limit. */
const longestEmployeeId = 16;

/**
 * Makes a user with a password nobody knows. One that carries the worker id already is given back as it is, also where the
 * directory's copies do not show it yet and only the refusal of its user name tells.
 */
export async function makeUser(
  client: GraphClient,
  settings: Settings,
  account: NewAccount,
  context: CallContext,
): Promise<{ account: AccountSeen; outcome: Outcome }> {
  const { signal } = context;
  const fields = fieldsOf(settings, account);
  const existing = ownOf(settings, account, await client.usersByEmployeeId(account.workerId, signal));
  if (existing !== undefined) return { account: await seen(client, settings, existing, signal), outcome: 'already' };
  await context.beforeChange('create user');
  let made: string;
  try {
    made = await client.createUser(fields, signal);
  } catch (error) {
    const taken = await holderOf(client, settings, account, error, signal);
    return { account: await seen(client, settings, taken, signal), outcome: 'already' };
  }
  const user = await client.user(made, signal);
  if (user === undefined) throw new Failure('not-confirmed', `${title} made user ${made} and does not show it yet`);
  return { account: await seen(client, settings, user, signal), outcome: 'changed' };
}

const upnOf = (settings: Settings, account: NewAccount): string =>
  settings.upnDomain === undefined ? account.email : `${account.login}@${settings.upnDomain}`;

/** The worker's user of the same kind, primary or admin. */
function ownOf(settings: Settings, account: NewAccount, found: User[]): User | undefined {
  const wanted = kindOf(settings, upnOf(settings, account));
  const own = found.filter((user) => kindOf(settings, user.userPrincipalName) === wanted);
  if (own.length > 1) {
    const ids = own.map((user) => user.id).join(', ');
    throw new Failure('ambiguous', `${title} has ${own.length} ${wanted} users for ${account.workerId}: ${ids}`, {
      advice: 'Clear employeeId on those that are not theirs.',
    });
  }
  return own[0];
}

/** The user who has the name, where it is the worker's own; else the refusal in words. */
async function holderOf(
  client: GraphClient,
  settings: Settings,
  account: NewAccount,
  error: unknown,
  signal: AbortSignal,
): Promise<User> {
  const property =
    error instanceof GraphError ? /same value for property (\w+) already exists/i.exec(error.words)?.[1] : undefined;
  if (property === undefined) throw error;
  const holder = property === 'userPrincipalName' ? await client.user(upnOf(settings, account), signal) : undefined;
  if (holder?.employeeId?.toLowerCase() === account.workerId.toLowerCase()) return holder;
  const by = holder === undefined ? 'another object' : `user ${holder.id}`;
  throw new Failure('conflict', `${title}: the ${property} wanted for ${account.workerId} belongs to ${by}`, {
    advice: 'Reserve another name for this person, or free this one; a deleted user keeps it for 30 days.',
    cause: error,
  });
}

function fieldsOf(settings: Settings, account: NewAccount): Record<string, unknown> {
  if (account.workerId.length > longestEmployeeId) {
    throw new Failure(
      'misconfigured',
      `${title}: "${account.workerId}" does not fit into employeeId, which holds ${longestEmployeeId} characters`,
    );
  }
  const own = Object.keys(account.attributes).find((name) => ours.includes(name.toLowerCase()));
  if (own !== undefined) {
    throw new Failure('misconfigured', `${title}: "${own}" cannot be given as an attribute of a new user`, {
      advice: 'Take it out of the policy; Muster sets it itself.',
    });
  }
  const given = Object.entries(account.attributes).filter(([, value]) => value !== '');
  return {
    ...(settings.usageLocation === undefined ? {} : { usageLocation: settings.usageLocation }),
    ...Object.fromEntries(given),
    accountEnabled: account.enabled,
    displayName: `${account.firstName} ${account.lastName}`.trim(),
    ...(account.firstName === '' ? {} : { givenName: account.firstName }),
    ...(account.lastName === '' ? {} : { surname: account.lastName }),
    mailNickname: account.login,
    userPrincipalName: upnOf(settings, account),
    employeeId: account.workerId,
    // Whoever hands out the first credential sets another; this one is never seen.
    passwordProfile: {
      password: `Aa1!${randomBytes(32).toString('base64url')}`,
      forceChangePasswordNextSignIn: true,
    },
  };
}
