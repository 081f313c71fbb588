import { z } from 'zod';
import { managedAttributes } from '../attribute-changes.ts';
import { httpUrl, pemText, secretReference } from '../setting-types.ts';

const guid = z.guid('must be a GUID, such as "05e9a617-0261-4cee-bb44-138d3ef5d965"');

/** What `muster.yaml` says about a Microsoft Entra tenant; the README lists it for people. */
export const settingsSchema = z.strictObject({
  /** The tenant's id or one of its domains. */
  tenant: z.string().regex(/^[\w-]+(\.[\w-]+)*$/, 'must be the id of a tenant or one of its domains'),
  /** The application (client) id of Muster's app registration. */
  clientId: guid,
  credential: z.discriminatedUnion('type', [
    /** A certificate at the app registration, and the RSA key that belongs to it, both as PEM. */
    z.strictObject({ type: z.literal('certificate'), privateKey: secretReference, certificate: secretReference }),
    z.strictObject({ type: z.literal('secret'), clientSecret: secretReference }),
  ]),
  /** Microsoft Graph; national clouds have others, such as `https://graph.microsoft.us`. */
  baseUrl: httpUrl.default('https://graph.microsoft.com'),
  /** Where tokens come from; `https://login.microsoftonline.us` there. */
  loginUrl: httpUrl.default('https://login.microsoftonline.com'),
  /** How the user names of admin accounts begin. */
  adminPrefixes: z.array(z.string().min(1)).default(['adm-']),
  /** The licences (skuId) that Muster gives and takes. One that is not listed is left alone, as is one that a group gives. */
  licences: z.array(guid).default([]),
  /** Those licences that carry a mailbox; with any, a leaver's mailbox is handed over, and they are kept until that is done. */
  mailboxLicences: z.array(guid).default([]),
  /** What a mailbox that was handed over answers to whoever writes; empty for nothing. */
  automaticReply: z
    .string()
    .default('This address is no longer read by its owner. Your message has been passed on to a colleague.'),
  /** Attributes, by Muster's names, that another system writes; Muster leaves them alone. */
  managedAttributes,
  /** What follows the @ in the user name of a new user. Absent: the user name is the e-mail address. */
  upnDomain: z.string().min(1).exactOptional(),
  /** ISO 3166 code of the country of a new user for whom policy says no other; without one no licence can be given. */
  usageLocation: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be a country as two capital letters, such as "US"')
    .exactOptional(),
  /** How long an access token lives on after the account was closed, at a service that does not evaluate continuously. */
  accessTokenMinutes: z.number().nonnegative().max(1440).default(90),
  /** PEM of the authority of a proxy in between, where there is one. */
  ca: pemText.exactOptional(),
  /** Milliseconds for connecting, headers and body each. */
  timeoutMs: z.int().positive().default(10_000),
});

export type Settings = z.infer<typeof settingsSchema>;

/** True for an id as Graph makes them; anything else is never asked for. */
export const isGuid = (id: string): boolean => guid.safeParse(id).success;
