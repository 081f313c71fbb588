import { Failure } from '../../model/failure.ts';
import type { AccountSeen, CallContext, NewAccount, Outcome } from '../target.ts';
import { seen, usersOf } from './accounts.ts';
import type { ScimClient, User } from './client.ts';
import { asResource, put, type Resource, stepsOf } from './resource.ts';
import { kindOf, namesOf, type Settings } from './settings.ts';

/** Makes a user; one that is the worker's already is given back as it is. */
export async function makeUser(
  client: ScimClient,
  settings: Settings,
  account: NewAccount,
  context: CallContext,
): Promise<{ account: AccountSeen; outcome: Outcome }> {
  const { signal } = context;
  const [userName = account.email] = namesOf(settings, { workerIds: [account.workerId], email: account.email });
  const existing = await ownOf(client, settings, account, userName, signal);
  if (existing !== undefined) return { account: await seen(client, settings, existing, signal), outcome: 'already' };
  const { fields, extensions } = resourceOf(client, settings, account, userName);
  await context.beforeChange('create user');
  let made: string | undefined;
  try {
    made = await client.createUser(fields, extensions, signal);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'conflict') throw error;
    const holder = await ownOf(client, settings, account, userName, signal);
    if (holder === undefined) throw taken(settings, account, error);
    return { account: await seen(client, settings, holder, signal), outcome: 'already' };
  }
  const user =
    made === undefined ? await ownOf(client, settings, account, userName, signal) : await client.user(made, signal);
  if (user === undefined) {
    throw new Failure('not-confirmed', `${settings.title} made a user for ${account.workerId} and does not show it`);
  }
  return { account: await seen(client, settings, user, signal), outcome: 'changed' };
}

/** The worker's user of the same kind; more than one is never chosen between. */
async function ownOf(
  client: ScimClient,
  settings: Settings,
  account: NewAccount,
  userName: string,
  signal: AbortSignal,
): Promise<User | undefined> {
  const found = await usersOf(client, settings, { workerIds: [account.workerId], email: account.email }, signal);
  const wanted = kindOf(settings, userName);
  const own = found.filter((user) => kindOf(settings, user.userName ?? '') === wanted);
  if (own.length > 1) {
    const ids = own.map((user) => user.id).join(', ');
    throw new Failure('ambiguous', `${settings.title} has ${own.length} users for ${account.workerId}: ${ids}`);
  }
  return own[0];
}

const taken = (settings: Settings, account: NewAccount, cause: unknown): Failure =>
  new Failure('conflict', `${settings.title}: the user name wanted for ${account.workerId} is somebody else's`, {
    advice: 'Reserve another name for this person, or free this one.',
    cause,
  });

/** The new user, and the extensions that its attributes come from. Attributes without a place in the settings are left out. */
function resourceOf(client: ScimClient, settings: Settings, account: NewAccount, userName: string) {
  const fields: Resource = {};
  const extensions = new Set<string>();
  for (const [name, value] of Object.entries(account.attributes)) {
    const path = Object.hasOwn(settings.attributes, name) ? settings.attributes[name] : undefined;
    if (path === undefined || value === '') continue;
    const { extension, steps } = stepsOf(path);
    if (extension !== undefined) extensions.add(extension);
    put(fields, steps, value);
  }
  // After policy's attributes, so that none of them can take these.
  Object.assign(fields, {
    userName,
    externalId: account.workerId,
    name: {
      ...asResource(fields['name']),
      ...(account.firstName === '' ? {} : { givenName: account.firstName }),
      ...(account.lastName === '' ? {} : { familyName: account.lastName }),
    },
    displayName: `${account.firstName} ${account.lastName}`.trim(),
    emails: [{ value: account.email, type: 'work', primary: client.boolean(true) }],
    active: client.boolean(account.enabled),
  });
  return { fields, extensions: [...extensions] };
}
