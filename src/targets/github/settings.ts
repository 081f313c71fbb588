import { z } from 'zod';
import type { AccountKind } from '../../model/person.ts';
import { httpUrl, pemText, secretReference } from '../setting-types.ts';

const identity = z.strictObject({
  /** What the identity provider sends as NameID: `{email}`, `adm-{email}`, `{workerId}`. */
  nameId: z
    .string()
    .regex(
      /^[^{}]*\{(email|workerId)\}[^{}]*$/,
      'must hold {email} or {workerId} once, such as "{email}" or "adm-{email}"',
    ),
  kind: z.enum(['primary', 'admin', 'test']),
});

/** What `muster.yaml` says about a GitHub organisation; the README lists it for people. */
export const settingsSchema = z.strictObject({
  /** `https://api.github.com`, or `https://api.<subdomain>.ghe.com` with data residency. */
  baseUrl: httpUrl.default('https://api.github.com'),
  /** The organisation's login. */
  org: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/, 'must be the login of an organisation'),
  /** The GitHub App's id or client id. */
  appId: z.coerce.string().min(1),
  /** The id of its installation in the organisation. */
  installationId: z.coerce.string().regex(/^\d+$/, 'must be a number'),
  /** The app's private key, as PEM. */
  privateKey: secretReference,
  /** By which single sign-on identities a person has accounts, and of which kind each is. */
  identities: z
    .array(identity)
    .min(1)
    .default([
      { nameId: '{email}', kind: 'primary' },
      { nameId: 'adm-{email}', kind: 'admin' },
    ]),
  /** False for an organisation without SAML single sign-on: it has no credentials authorised for it. */
  ssoCredentials: z.boolean().default(true),
  /** PEM of the authority of a proxy in between, where there is one. */
  ca: pemText.exactOptional(),
  /** Milliseconds for connecting, headers and body each. */
  timeoutMs: z.int().positive().default(10_000),
});

export type Settings = z.infer<typeof settingsSchema>;

const placeholder = /\{(?:email|workerId)\}/;

/** The identities that a person may have: each template filled with each of their keys. */
export function nameIdsOf(
  settings: Settings,
  keys: { workerIds: readonly string[]; email?: string | undefined },
): { nameId: string; kind: AccountKind }[] {
  const filled = settings.identities.flatMap(({ nameId, kind }) => {
    const values = nameId.includes('{email}') ? (keys.email === undefined ? [] : [keys.email]) : keys.workerIds;
    return values.map((value) => ({ nameId: nameId.replace(placeholder, () => value), kind }));
  });
  return filled;
}

/** The kind of account that an identity stands for. */
export const kindOfNameId = (settings: Settings, nameId: string): AccountKind | undefined =>
  templateOf(settings, nameId)?.kind;

/** The key of the person that an identity names: what stands in the template's place. */
export function keyInNameId(settings: Settings, nameId: string): { workerId?: string; email?: string } {
  const template = templateOf(settings, nameId)?.nameId;
  const [before = '', after = ''] = template?.split(placeholder) ?? [];
  const key = nameId.slice(before.length, nameId.length - after.length);
  if (template?.includes('{workerId}') === true) return { workerId: key };
  return template !== undefined && key.includes('@') ? { email: key } : {};
}

/** The most exact template which fits. */
function templateOf(settings: Settings, nameId: string): Settings['identities'][number] | undefined {
  const lower = nameId.toLowerCase();
  const fitting = settings.identities.filter((one) => {
    const [before = '', after = ''] = one.nameId.toLowerCase().split(/\{(?:email|workerid)\}/);
    return lower.length > before.length + after.length && lower.startsWith(before) && lower.endsWith(after);
  });
  return fitting.sort((one, other) => other.nameId.length - one.nameId.length)[0];
}
