import { z } from 'zod';
import type { AccountKind } from '../../model/person.ts';
import { managedAttributes } from '../attribute-changes.ts';
import { httpUrl, pemText, secretReference } from '../setting-types.ts';

const placeholder = /\{(?:email|workerId)\}/;

const userName = z.strictObject({
  /** Such as `{email}`, `adm-{email}`, `{workerId}`. */
  pattern: z
    .string()
    .regex(/^[^{}]*\{(email|workerId)\}[^{}]*$/, 'must hold {email} or {workerId} once, such as "adm-{email}"'),
  kind: z.enum(['primary', 'admin', 'test']),
});

/** What `muster.yaml` says about a SCIM server; the README lists it for people. */
export const settingsSchema = z.strictObject({
  /** Up to where `/Users` follows: `https://portal.globaltech.example/scim/v2`. */
  baseUrl: httpUrl,
  /** What people call the system, for messages. */
  title: z.string().min(1).default('SCIM 2.0'),
  login: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('bearer'), token: secretReference }),
    /** OAuth 2 client credentials, RFC 6749 4.4. */
    z.strictObject({
      type: z.literal('oauth'),
      tokenUrl: httpUrl,
      clientId: z.string().min(1),
      clientSecret: secretReference,
      scope: z.string().min(1).exactOptional(),
    }),
  ]),
  /** The user names that a person has; the first is that of a new user. */
  userNames: z
    .array(userName)
    .min(1)
    .default([
      { pattern: '{email}', kind: 'primary' },
      { pattern: 'adm-{email}', kind: 'admin' },
    ]),
  /** What the server can search users by. With nothing every user is read, page by page. */
  searchBy: z.array(z.enum(['externalId', 'userName'])).default(['externalId', 'userName']),
  /** How users and groups are changed. Absent: as the server's ServiceProviderConfig says. */
  update: z.enum(['patch', 'put']).exactOptional(),
  /** Where the server wants something else than RFC 7644 has. */
  dialect: z
    .strictObject({
      /** `string` writes "True" and "False". Both are read. */
      booleans: z.enum(['native', 'string']).default('native'),
      /** `pathless` puts the attribute into the value: `{"op":"replace","value":{"active":false}}`. */
      patch: z.enum(['path', 'pathless']).default('path'),
      /** `capital` writes `Replace`, `Add`, `Remove`. */
      operations: z.enum(['lower', 'capital']).default('lower'),
    })
    .prefault({}),
  /**
   * Where a user's groups are seen: by searching groups for a member, by reading all groups, in the user itself (only where
   * the server always shows them there), or not at all.
   */
  groups: z.enum(['search', 'walk', 'user', 'none']).default('search'),
  /** Ids of groups whose members administer the system. */
  privilegedGroups: z.array(z.string().min(1)).default([]),
  /** Attributes, by Muster's names, that another system writes; Muster leaves them alone. */
  managedAttributes,
  /** Which attribute of SCIM each of a person's attributes becomes: `title`, `name.middleName`, `urn:…:User:department`. */
  attributes: z.record(z.string(), z.string().regex(/^(urn:.+:\w+:)?[A-Za-z][\w$-]*(\.[A-Za-z][\w$-]*)?$/)).default({
    jobTitle: 'title',
    department: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
    startDate: 'urn:muster:params:scim:schemas:extension:onboarding:2.0:User:startDate',
  }),
  /** PEM of the authority that signed the server's certificate, where it is not a public one. */
  ca: pemText.exactOptional(),
  /** Milliseconds for connecting, headers and body each. */
  timeoutMs: z.int().positive().default(10_000),
});

export type Settings = z.infer<typeof settingsSchema>;

interface NameKeys {
  workerIds: readonly string[];
  email?: string | undefined;
}

/** The user names that a person may have: each pattern filled with each of their keys. */
export const namesOf = (settings: Settings, keys: NameKeys): string[] =>
  settings.userNames.flatMap(({ pattern }) => {
    const values = pattern.includes('{email}') ? (keys.email === undefined ? [] : [keys.email]) : keys.workerIds;
    return values.map((value) => pattern.replace(placeholder, () => value));
  });

/** The kind that a user name stands for: that of the most exact pattern which fits, `primary` where none does. */
export function kindOf(settings: Settings, name: string): AccountKind {
  const lower = name.toLowerCase();
  const fitting = settings.userNames.filter(({ pattern }) => {
    const [before = '', after = ''] = pattern.toLowerCase().split(/\{(?:email|workerid)\}/);
    return lower.length > before.length + after.length && lower.startsWith(before) && lower.endsWith(after);
  });
  return fitting.sort((one, other) => other.pattern.length - one.pattern.length)[0]?.kind ?? 'primary';
}
