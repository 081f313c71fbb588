import { Failure } from '../../model/failure.ts';
import { changesOf, managerWanted } from '../attribute-changes.ts';
import type { AccountAttributes, AccountSeen, CallContext, Outcome } from '../target.ts';
import { usersOf } from './accounts.ts';
import type { AttributeChange } from './changes.ts';
import type { ScimClient, User } from './client.ts';
import { asResource, stepsOf, valueAt } from './resource.ts';
import { kindOf, type Settings } from './settings.ts';

const extension = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const managerPath = `${extension}:manager`;

/** Writes what differs, all in one call. A manager who has no user here, or more than one, leaves the old one in place. */
export async function updateUser(
  client: ScimClient,
  settings: Settings,
  account: AccountSeen,
  attributes: AccountAttributes,
  context: CallContext,
): Promise<Outcome> {
  const { signal } = context;
  const user = await client.user(account.id, signal);
  if (user === undefined) throw new Failure('not-found', `${settings.title} has no user ${account.id} to change`);
  const { department, jobTitle, location, startDate } = settings.attributes;
  const places = { department, jobTitle, location, startDate };
  const texts = changesOf(attributes, {
    fields: {
      firstName: 'name.givenName',
      lastName: 'name.familyName',
      ...Object.fromEntries(Object.entries(places).filter(([, path]) => path !== undefined)),
    },
    displayName: 'displayName',
    held: (path) => textOf(valueAt(user, stepsOf(path).steps)),
    managed: settings.managedAttributes,
  });
  const changes = [
    ...Object.entries(texts).map(([path, value]) => ({ path, value })),
    ...(await managerChange(client, settings, user, attributes, signal)),
  ];
  if (changes.length === 0) return 'already';
  const by = (await client.patches(signal)) ? 'patch' : 'put';
  await context.beforeChange('update user');
  await client.updateUser(user, changes, by, signal);
  return 'changed';
}

async function managerChange(
  client: ScimClient,
  settings: Settings,
  user: User,
  attributes: AccountAttributes,
  signal: AbortSignal,
): Promise<AttributeChange[]> {
  const workerId = managerWanted(attributes, settings.managedAttributes);
  const manager = valueAt(user, stepsOf(managerPath).steps);
  // The id alone, at servers that keep no more.
  const held = textOf(manager) ?? textOf(asResource(manager)['value']);
  if (workerId === undefined) return [];
  if (workerId === null) return held === undefined ? [] : [{ path: managerPath, value: null }];
  const email = attributes.managerEmail;
  const keys = { workerIds: [workerId], ...(email ? { email } : {}) };
  const found = await usersOf(client, settings, keys, signal);
  const [wanted, another] = found.filter(({ userName }) => kindOf(settings, userName ?? '') === 'primary');
  if (wanted === undefined || another !== undefined || wanted.id === held) return [];
  return [{ path: managerPath, value: { value: wanted.id } }];
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
