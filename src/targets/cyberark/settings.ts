import { z } from 'zod';
import type { AccountKind } from '../../model/person.ts';
import { httpUrl, secretReference } from '../setting-types.ts';
import type { PersonKeys } from '../target.ts';

const placeholders = ['{login}', '{email}', '{workerId}'] as const;

const userName = z.strictObject({
  /** Such as `adm-{login}`; `{login}` is the part of the e-mail address before the @. */
  pattern: z
    .string()
    .refine(
      (pattern) => placeholders.filter((placeholder) => pattern.includes(placeholder)).length === 1,
      'must hold one of {login}, {email}, {workerId}, such as "adm-{login}"',
    ),
  kind: z.enum(['primary', 'admin', 'test']),
});

/** What `muster.yaml` says about a CyberArk vault; the README lists it for people. */
export const settingsSchema = z.strictObject({
  /** Up to and with `/PasswordVault`: `https://pvwa.example.com/PasswordVault`. */
  baseUrl: httpUrl,
  login: z.discriminatedUnion('type', [
    /** Self-hosted: a vault user, by the PVWA's own logon. */
    z.strictObject({
      type: z.literal('vault'),
      method: z.enum(['Cyberark', 'LDAP', 'RADIUS', 'Windows']).default('Cyberark'),
      username: z.string().min(1),
      password: secretReference,
    }),
    /** Privilege Cloud: a service user of the identity tenant, `https://{id}.id.cyberark.cloud`. */
    z.strictObject({
      type: z.literal('platform'),
      identityUrl: httpUrl,
      clientId: z.string().min(1),
      clientSecret: secretReference,
    }),
  ]),
  /** PEM of the authority that signed the PVWA's certificate, where it is not a public one. */
  ca: z.string().exactOptional(),
  /** The user names that a person has by convention, in any case; every user who has one of them is the person's. */
  userNames: z
    .array(userName)
    .min(1)
    .default([
      { pattern: '{login}', kind: 'primary' },
      { pattern: '{email}', kind: 'primary' },
      { pattern: '{workerId}', kind: 'primary' },
      { pattern: 'adm-{login}', kind: 'admin' },
      { pattern: 'adm-{workerId}', kind: 'admin' },
    ]),
  /** Where a user's details hold the worker id (`description`, `personalDetails.profession`): a user whom it gives to somebody else is not the person's. */
  workerIdField: z
    .string()
    .regex(/^\w+(\.\w+)*$/)
    .exactOptional(),
  /** Safe memberships as entitlements. `false` for a vault with too many safes to walk through. */
  safes: z.boolean().default(true),
  /** How old the list may be that says which safes to look at for a user, in seconds. */
  safeListMaxAge: z.int().min(0).max(600).default(60),
  /** What a new member may do in a safe when nothing was recorded before, by the vendor's names. Default: connect, without seeing the password. */
  memberPermissions: z.record(z.string(), z.boolean()).default({ useAccounts: true, listAccounts: true }),
  /** Ids of safes whose members administer the vault. */
  privilegedSafes: z.array(z.string().min(1)).default([]),
  /** Milliseconds for connecting, headers and body each. */
  timeoutMs: z.int().positive().default(10_000),
});

export type Settings = z.infer<typeof settingsSchema>;

/** Every user name that the person may have here, in lower case. */
export function namesOf(settings: Settings, keys: PersonKeys): Set<string> {
  const login = keys.email?.split('@')[0];
  const values = {
    '{login}': login === undefined ? [] : [login],
    '{email}': keys.email === undefined ? [] : [keys.email],
    '{workerId}': keys.workerIds,
  };
  const names = settings.userNames.flatMap(({ pattern }) =>
    placeholders
      .filter((placeholder) => pattern.includes(placeholder))
      .flatMap((placeholder) => values[placeholder].map((value) => pattern.replace(placeholder, value))),
  );
  return new Set(names.map((name) => name.toLowerCase()));
}

/** The kind that a user's name gives it: that of the most exact pattern which fits, `primary` where none does. */
export function kindOfName(settings: Settings, name: string): AccountKind {
  const fitting = settings.userNames
    .filter(({ pattern }) => fits(pattern.toLowerCase(), name.toLowerCase()))
    .sort((one, other) => fixedPart(other.pattern) - fixedPart(one.pattern));
  return fitting[0]?.kind ?? 'primary';
}

function fits(pattern: string, name: string): boolean {
  const [before = '', after = ''] = pattern.split(/\{\w+\}/);
  return name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after);
}

const fixedPart = (pattern: string): number => pattern.replace(/\{\w+\}/, '').length;
