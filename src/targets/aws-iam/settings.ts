import { z } from 'zod';
import type { AccountKind } from '../../model/person.ts';
import { httpUrl, secretReference } from '../setting-types.ts';

const tagKey = z.string().regex(/^[\w .:/=+@-]{1,128}$/, 'must be a tag key that IAM takes');

const userName = z.strictObject({
  /** Such as `adm-{login}`; `{login}` is the part of the e-mail address before the @. */
  pattern: z.string().regex(/^[\w+=,.@-]*\{login\}[\w+=,.@-]*$/, 'must hold {login} once, such as "adm-{login}"'),
  kind: z.enum(['primary', 'admin', 'test']),
});

/** What `muster.yaml` says about an AWS account; the README lists it for people. */
export const settingsSchema = z
  .strictObject({
    /** Instead of AWS's own endpoint: a sandbox, an emulator, a private endpoint. */
    baseUrl: httpUrl.exactOptional(),
    /** IAM is global and answers in us-east-1; other partitions have their own (`cn-north-1`, `us-gov-west-1`). */
    region: z.string().min(1).default('us-east-1'),
    /** Absent, both: the SDK's default provider chain (instance or container role, web identity, environment). */
    accessKeyId: secretReference.exactOptional(),
    secretAccessKey: secretReference.exactOptional(),
    sessionToken: secretReference.exactOptional(),
    /** The tag on an IAM user that holds the worker id. */
    employeeTag: tagKey.default('employeeId'),
    /** The tag that says the kind of account (`service`, `shared`, …) where the user name does not. */
    kindTag: tagKey.default('accountKind'),
    /** The user names that a person has by convention. Empty: only tags and the directory are believed. */
    userNames: z.array(userName).default([
      { pattern: '{login}', kind: 'primary' },
      { pattern: 'adm-{login}', kind: 'admin' },
    ]),
    /** How old the list of all users may be that tags are looked up in, in seconds. */
    userListMaxAge: z.int().min(0).max(600).default(60),
    /** Groups (`group:Administrators`) and policies (`policy:arn:…`) whose holders administer the account. */
    privilegedEntitlements: z
      .array(z.string().regex(/^(group|policy):./, 'must be "group:<name>" or "policy:<ARN>"'))
      .default(['policy:arn:aws:iam::aws:policy/AdministratorAccess', 'policy:arn:aws:iam::aws:policy/IAMFullAccess']),
    /** Roles whose sessions of the person are denied when sessions are ended. */
    roleNames: z.array(z.string().regex(/^[\w+=,.@-]{1,64}$/)).default([]),
    /** The names that a person's role sessions carry; `{userName}` is the IAM user's name. */
    roleSessionNames: z
      .array(z.string().regex(/^[\w+=,.@-]*\{userName\}[\w+=,.@-]*$/, 'must hold {userName} once'))
      .min(1)
      .default(['{userName}']),
    /** Hours that a session at a role not named above may live on; 0 where all are named. AWS allows at most 12. */
    residualHours: z.number().min(0).max(12).default(12),
    /** False for an endpoint that has no such calls (some emulators): that kind of credential is then neither read nor closed. */
    serviceSpecificCredentials: z.boolean().default(true),
    /** Milliseconds for a whole call: connecting, headers and body. */
    timeoutMs: z.int().positive().default(10_000),
  })
  .refine((settings) => (settings.accessKeyId === undefined) === (settings.secretAccessKey === undefined), {
    path: ['secretAccessKey'],
    message: 'accessKeyId and secretAccessKey go together',
  });

export type Settings = z.infer<typeof settingsSchema>;

/** The kind that a user's name gives it: that of the most exact pattern which fits. */
export function kindOfName(settings: Settings, name: string): AccountKind {
  const fitting = settings.userNames
    .filter(({ pattern }) => fits(pattern, name))
    .sort((left, right) => right.pattern.length - left.pattern.length);
  return fitting[0]?.kind ?? 'primary';
}

function fits(pattern: string, name: string): boolean {
  const [before = '', after = ''] = pattern.toLowerCase().split('{login}');
  const lower = name.toLowerCase();
  return lower.length > before.length + after.length && lower.startsWith(before) && lower.endsWith(after);
}
