import { z } from 'zod';
import { managedAttributes } from '../attribute-changes.ts';
import { httpUrl, pemText, secretReference } from '../setting-types.ts';

/** What `muster.yaml` says about a Salesforce organisation; the README lists it for people. */
export const settingsSchema = z.strictObject({
  /** The organisation's own address: `https://globaltech.my.salesforce.com`. */
  baseUrl: httpUrl,
  /** Where tokens come from; `https://test.salesforce.com` for a Salesforce sandbox. */
  loginUrl: httpUrl.default('https://login.salesforce.com'),
  /** The audience of the assertion, where it is not `loginUrl` (which may be a My Domain address). */
  audience: z.url().exactOptional(),
  /** The consumer key of the connected app. */
  clientId: z.string().min(1),
  /** The integration user whom the connected app is pre-authorised for. */
  username: z.string().min(1),
  /** The RSA key whose certificate the connected app holds, as PEM. */
  privateKey: secretReference,
  apiVersion: z
    .string()
    .regex(/^v\d{2,3}\.0$/, 'must be a version such as "v65.0"')
    .default('v65.0'),
  /** Profiles whose users are admin accounts. */
  adminProfiles: z.array(z.string().min(1)).default(['System Administrator']),
  /** Ids of permission sets and groups of them whose holders administer the organisation. */
  privilegedPermissionSets: z.array(z.string().regex(/^0P[SG]/, 'must be an id, 0PS… or 0PG…')).default([]),
  /** Attributes, by Muster's names, that another system writes; Muster leaves them alone. */
  managedAttributes,
  /** What a new user gets; without it none is made. */
  newUsers: z
    .strictObject({
      profileId: z.string().regex(/^00e[A-Za-z0-9]{12,15}$/, 'must be the id of a profile, 00e…'),
      timeZone: z.string().default('America/New_York'),
      locale: z.string().default('en_US'),
      language: z.string().default('en_US'),
      /** Put behind the address to make a user name, which must be unique among all of Salesforce's customers: `.crm`. */
      usernameSuffix: z.string().default(''),
    })
    .exactOptional(),
  /** PEM of the authority of a proxy in between, where there is one. */
  ca: pemText.exactOptional(),
  /** Milliseconds for connecting, headers and body each. */
  timeoutMs: z.int().positive().default(10_000),
});

export type Settings = z.infer<typeof settingsSchema>;
