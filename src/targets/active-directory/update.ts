import { Failure } from '../../model/failure.ts';
import { changesOf, managerWanted } from '../attribute-changes.ts';
import type { AccountAttributes, AccountSeen, Outcome } from '../target.ts';
import { equals, kindOf, usersWhere } from './account.ts';
import { alteration, type DirectoryEntry, type Session } from './client.ts';
import { guidName, isGuid, sameName } from './names.ts';
import type { ActiveDirectorySettings } from './settings.ts';

const fields = {
  firstName: 'givenName',
  lastName: 'sn',
  department: 'department',
  jobTitle: 'title',
} as const;

/** Writes what differs, all in one modify. A manager who has no account here, or more than one, leaves the old one in place. */
export async function updateAccount(
  session: Session,
  settings: ActiveDirectorySettings,
  account: AccountSeen,
  attributes: AccountAttributes,
): Promise<Outcome> {
  const { locationAttribute, managedAttributes: managed } = settings;
  const wanted = [...Object.values(fields), locationAttribute, 'displayName', 'manager'];
  const entry = isGuid(account.id) ? await session.read(guidName(account.id), wanted) : undefined;
  if (entry === undefined) throw new Failure('not-found', `Active Directory: account ${account.id} is not there`);
  const changes = changesOf(attributes, {
    fields: { ...fields, location: locationAttribute },
    displayName: 'displayName',
    held: (field) => entry.text(field),
    managed,
  });
  const alterations = [
    ...Object.entries(changes).map(([field, value]) =>
      alteration('replace', field, ...(value === null ? [] : [value])),
    ),
    ...(await managerChange(session, settings, entry, managerWanted(attributes, managed))),
  ];
  if (alterations.length === 0) return 'already';
  await session.change('change account', guidName(account.id), alterations);
  return 'changed';
}

async function managerChange(
  session: Session,
  settings: ActiveDirectorySettings,
  entry: DirectoryEntry,
  workerId: string | null | undefined,
) {
  const held = entry.text('manager');
  if (workerId === undefined) return [];
  if (workerId === null) return held === undefined ? [] : [alteration('replace', 'manager')];
  const found = await session.find(usersWhere(equals(settings.employeeIdAttribute, workerId)), ['sAMAccountName']);
  const primary = found.filter((one) => kindOf(one.dn, one.text('sAMAccountName') ?? '', settings) === 'primary');
  const [manager, another] = primary;
  if (manager === undefined || another !== undefined) return [];
  return held !== undefined && sameName(held, manager.dn) ? [] : [alteration('replace', 'manager', manager.dn)];
}
