import { AndFilter, EqualityFilter, type Filter, NotFilter } from 'ldapts';
import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import type { AccountKind } from '../../model/person.ts';
import type { AccountSeen } from '../target.ts';
import type { DirectoryEntry } from './client.ts';
import { guidText, liesIn, parentOf } from './names.ts';
import type { AccountRule, ActiveDirectorySettings } from './settings.ts';

/** Bit 2 of userAccountControl: nobody logs on. MS-ADTS 2.2.16. */
export const disabledFlag = 0x2;
const normalAccount = 0x200;

/** userAccountControl of a new account. */
export const newFlags = (enabled: boolean): number => normalAccount | (enabled ? 0 : disabledFlag);

/** What an account is made of here, and what its state needs. */
export const accountAttributes = (settings: ActiveDirectorySettings): string[] => [
  'objectGUID',
  'sAMAccountName',
  'userAccountControl',
  'memberOf',
  'description',
  settings.employeeIdAttribute,
];

/** User accounts that match; computers and contacts are none. */
export const usersWhere = (...filters: Filter[]): Filter =>
  new AndFilter({
    filters: [equals('objectCategory', 'person'), equals('objectClass', 'user'), ...filters],
  });

/** A comparison as a filter object, so that no value can break out of it. */
export const equals = (attribute: string, value: string | Buffer): Filter => new EqualityFilter({ attribute, value });

export const not = (filter: Filter): Filter => new NotFilter({ filter });

/** What `before` keeps of an account, so that `enable` brings it back as it was. */
export const beforeSchema = z
  .object({ dn: z.string(), userAccountControl: z.int(), description: z.string().nullable() })
  .partial();

/** How far the closing of a disabled account has come, as its description says; each is written together with its step. */
const marks = { half: 'Being closed by Muster', whole: 'Closed by Muster' } as const;
export type Mark = keyof typeof marks;

export function markIn(description: string | null | undefined): Mark | undefined {
  if (description?.startsWith(marks.half)) return 'half';
  return description?.startsWith(marks.whole) ? 'whole' : undefined;
}

/** `now` is workflow time, `key` is the event's: what an administrator needs to find the record of it. */
export const describedAs = (mark: Mark, now: string, key: string): string =>
  `${marks[mark]} on ${now.slice(0, 10)} (${key})`.slice(0, 1024);

export const isDisabled = (flags: number): boolean => (flags & disabledFlag) !== 0;

/** userAccountControl as a number. */
export function flagsOf(entry: DirectoryEntry): number {
  const flags = z.coerce
    .number()
    .int()
    .safeParse(entry.text('userAccountControl') ?? 'absent');
  if (flags.success) return flags.data;
  throw new Failure('refused', `Active Directory: userAccountControl of ${idOf(entry)} cannot be read`, {
    advice: 'Give the service account the right to read it.',
  });
}

export function idOf(entry: DirectoryEntry): string {
  const bytes = entry.bytes('objectGUID');
  if (bytes?.length === 16) return guidText(bytes);
  throw new Failure('protocol', 'Active Directory: an account was sent without its objectGUID');
}

/** An entry → the account as Muster sees it. */
export function accountOf(entry: DirectoryEntry, settings: ActiveDirectorySettings): AccountSeen {
  const flags = flagsOf(entry);
  const memberOf = entry.texts('memberOf').sort();
  const login = entry.text('sAMAccountName') ?? '';
  return {
    id: idOf(entry),
    name: login,
    kind: kindOf(entry.dn, login, settings),
    status: isDisabled(flags) ? 'disabled' : 'enabled',
    entitlements: memberOf,
    before: {
      dn: entry.dn,
      parent: parentOf(entry.dn),
      userAccountControl: flags,
      memberOf,
      description: entry.text('description') ?? null,
    },
  };
}

/** Break-glass before service before admin, so that a closer guard wins where two rules fit. */
export function kindOf(dn: string, login: string, settings: ActiveDirectorySettings): AccountKind {
  const fits = (rule: AccountRule | undefined) =>
    rule !== undefined &&
    ((rule.loginPrefix !== undefined && login.toLowerCase().startsWith(rule.loginPrefix.toLowerCase())) ||
      (rule.ou !== undefined && liesIn(dn, rule.ou)));
  if (fits(settings.breakGlassAccounts)) return 'breakGlass';
  if (fits(settings.serviceAccounts)) return 'service';
  return fits(settings.adminAccounts) ? 'admin' : 'primary';
}
