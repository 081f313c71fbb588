import { type Filter, OrFilter } from 'ldapts';
import { Failure } from '../../model/failure.ts';
import type { AccountSeen, PersonKeys } from '../target.ts';
import { accountAttributes, accountOf, equals, usersWhere } from './account.ts';
import type { DirectoryEntry, Session } from './client.ts';
import { guidBytes, guidName, isGuid } from './names.ts';
import type { ActiveDirectorySettings } from './settings.ts';

/** An account by its objectGUID, wherever it was moved. */
export const readUser = (session: Session, settings: ActiveDirectorySettings, id: string) =>
  session.read(guidName(id), accountAttributes(settings));

/** All accounts that are this person's: by worker id, by what is known already, and admin accounts by their name. */
export async function find(
  session: Session,
  settings: ActiveDirectorySettings,
  keys: PersonKeys,
): Promise<AccountSeen[]> {
  const known = keys.knownAccounts.filter(isGuid);
  const filters = [
    ...keys.workerIds.map((workerId) => equals(settings.employeeIdAttribute, workerId)),
    ...known.map((id) => equals('objectGUID', guidBytes(id))),
  ];
  const found = filters.length === 0 ? [] : await search(session, settings, filters);
  // Known ones that were moved out of the base are still theirs.
  const outside = known.filter((id) => !found.some((entry) => accountOf(entry, settings).id === id.toLowerCase()));
  for (const id of outside) {
    const entry = await readUser(session, settings, id);
    if (entry !== undefined) found.push(entry);
  }
  const strange = found.find((entry) => !isTheirs(entry, settings, keys));
  if (strange !== undefined) {
    throw new Failure(
      'ambiguous',
      `Active Directory: account ${accountOf(strange, settings).id} is known as one of ${keys.person}, and carries the ${settings.employeeIdAttribute} of somebody else`,
      { advice: `Correct its ${settings.employeeIdAttribute}, or take the account off this person.` },
    );
  }
  const admins = await unmarkedAdmins(session, settings, keys, found);
  const seen = [...found, ...admins].map((entry) => accountOf(entry, settings)).sort(byUrgency);
  const gone = keys.knownAccounts.filter((id) => !seen.some((account) => account.id === id.toLowerCase()));
  return [...seen, ...gone.map(absent)];
}

const search = (session: Session, settings: ActiveDirectorySettings, filters: Filter[]) =>
  session.find(usersWhere(new OrFilter({ filters })), accountAttributes(settings));

/** Admin accounts that carry no worker id, told by their name alone: prefix + the login of a primary account. */
async function unmarkedAdmins(
  session: Session,
  settings: ActiveDirectorySettings,
  keys: PersonKeys,
  found: readonly DirectoryEntry[],
): Promise<DirectoryEntry[]> {
  const prefix = settings.adminAccounts.loginPrefix;
  if (prefix === undefined) return [];
  const seen = found.map((entry) => accountOf(entry, settings));
  const logins = seen
    .filter((account) => account.kind === 'primary')
    .map((account) => `${prefix}${account.name}`)
    .filter((login) => !seen.some((account) => account.name.toLowerCase() === login.toLowerCase()));
  if (logins.length === 0) return [];
  const named = await search(
    session,
    settings,
    logins.map((login) => equals('sAMAccountName', login)),
  );
  return named.filter((entry) => isTheirs(entry, settings, keys));
}

/** An account without a worker id contradicts nobody. */
function isTheirs(entry: DirectoryEntry, settings: ActiveDirectorySettings, keys: PersonKeys): boolean {
  const workerId = entry.text(settings.employeeIdAttribute)?.toLowerCase();
  return workerId === undefined || keys.workerIds.some((own) => own.toLowerCase() === workerId);
}

/** Admin accounts first, because they are closed first; then by login, so that the order is always the same. */
const byUrgency = (one: AccountSeen, other: AccountSeen): number =>
  Number(other.kind === 'admin') - Number(one.kind === 'admin') || one.name.localeCompare(other.name, 'en');

const absent = (id: string): AccountSeen => ({
  id,
  name: id,
  kind: 'primary',
  status: 'absent',
  entitlements: [],
  before: {},
});
