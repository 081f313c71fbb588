import { GreaterThanEqualsFilter, LessThanEqualsFilter } from 'ldapts';
import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import type { ListedAccount } from '../target.ts';
import { accountAttributes, accountOf, usersWhere } from './account.ts';
import type { DirectoryEntry, Session } from './client.ts';
import { Refusal } from './failures.ts';
import { sameName } from './names.ts';
import type { ActiveDirectorySettings } from './settings.ts';

/** A page with fewer than these asks for twice as much next; the directory sends 1,000 at once. */
const few = 250;
const sizeLimitExceeded = 4;

/**
 * Every user account below the base, in the order in which they were made. The pages are ranges of `uSNCreated`, which
 * counts up and is indexed, and not LDAP's own: ldapts ends those at the first empty one, and would lose accounts silently.
 * A range that holds more than the directory sends at once is refused by it, and asked for again in halves.
 */
export async function* listAccounts(
  session: Session,
  settings: ActiveDirectorySettings,
): AsyncGenerator<ListedAccount[]> {
  const highest = await highestUsn(session);
  let width = highest + 1;
  for (let from = 0; from <= highest; ) {
    const entries = await between(session, settings, from, from + width - 1);
    if (entries === 'tooMany') {
      if (width === 1)
        throw new Failure('protocol', `Active Directory: more than it sends at once have uSNCreated ${from}`);
      width = Math.ceil(width / 2);
      continue;
    }
    for (let at = 0; at < entries.length; at += settings.pageSize) {
      yield entries.slice(at, at + settings.pageSize).map((entry) => listed(entry, settings));
    }
    from += width;
    if (entries.length < few) width *= 2;
  }
}

/** What the domain controller has counted up to; a search of the range up to there misses nobody who is there now. */
async function highestUsn(session: Session): Promise<number> {
  const root = await session.read('', ['highestCommittedUSN']);
  const usn = z.coerce.number().int().positive().safeParse(root?.text('highestCommittedUSN'));
  if (usn.success) return usn.data;
  throw new Failure('protocol', 'Active Directory: the root of the directory was sent without highestCommittedUSN');
}

async function between(
  session: Session,
  settings: ActiveDirectorySettings,
  from: number,
  to: number,
): Promise<DirectoryEntry[] | 'tooMany'> {
  const attribute = 'uSNCreated';
  const range = [
    new GreaterThanEqualsFilter({ attribute, value: String(from) }),
    new LessThanEqualsFilter({ attribute, value: String(to) }),
  ];
  try {
    return await session.find(usersWhere(...range), [...accountAttributes(settings), 'mail']);
  } catch (error) {
    if (error instanceof Refusal && error.result === sizeLimitExceeded) return 'tooMany';
    throw error;
  }
}

function listed(entry: DirectoryEntry, settings: ActiveDirectorySettings): ListedAccount {
  const account = accountOf(entry, settings);
  const [workerId, email] = [entry.text(settings.employeeIdAttribute), entry.text('mail')];
  return {
    ...account,
    ...(workerId === undefined ? {} : { workerId }),
    ...(email === undefined ? {} : { email }),
    privileged:
      account.kind === 'admin' ||
      account.kind === 'breakGlass' ||
      account.entitlements.some((held) => privilegedGroups(settings).some((group) => sameName(group, held))),
  };
}

const privilegedGroups = ({ privilegedGroups: named, baseDn }: ActiveDirectorySettings): readonly string[] =>
  named ?? [
    ...['Domain Admins', 'Enterprise Admins', 'Schema Admins'].map((group) => `CN=${group},CN=Users,${baseDn}`),
    ...['Administrators', 'Account Operators', 'Server Operators', 'Backup Operators'].map(
      (group) => `CN=${group},CN=Builtin,${baseDn}`,
    ),
  ];
