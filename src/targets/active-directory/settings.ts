import { z } from 'zod';
import { managedAttributes } from '../attribute-changes.ts';
import { secretReference } from '../setting-types.ts';

/** A distinguished name, `OU=Leavers,DC=corp,DC=example`. */
const name = z.string().regex(/^\w[\w.-]*=.+/, 'must be a distinguished name, such as "OU=People,DC=corp,DC=example"');

/** How accounts of one kind are told: by how the login begins, by the organisational unit they lie in, or by either. */
const rule = z
  .strictObject({ loginPrefix: z.string().min(1).exactOptional(), ou: name.exactOptional() })
  .refine(({ loginPrefix, ou }) => loginPrefix !== undefined || ou !== undefined, 'needs "loginPrefix" or "ou"');
export type AccountRule = z.infer<typeof rule>;

/** What muster.yaml says under `settings` for a target of kind `active-directory`. */
export const settingsSchema = z.strictObject({
  /** `ldaps://dc1.corp.example:636`. Search on 636, not on the Global Catalog: employeeID is not in it. */
  url: z.string().regex(/^ldaps:\/\/[^/?#\s]+\/?$/i, 'must be "ldaps://host" or "ldaps://host:port"'),
  /** The service account, as UPN (`svc-muster@corp.example`) or DN. */
  bindDn: z.string().min(1),
  password: secretReference,
  /** PEM of the authority that signed the domain controller's certificate, or a reference to it. Absent: the system's authorities. */
  ca: z.union([z.string().startsWith('-----BEGIN'), secretReference]).exactOptional(),
  baseDn: name,
  /** The attribute that holds the worker id. */
  employeeIdAttribute: z
    .string()
    .regex(/^[A-Za-z][\w-]*$/)
    .default('employeeID'),
  /**
   * Admin accounts. With a prefix, `find` also looks for prefix + login of each primary account that it found, because
   * admin accounts often carry no worker id; one that carries another worker's is left out.
   */
  adminAccounts: rule.default({ loginPrefix: 'adm-' }),
  serviceAccounts: rule.default({ loginPrefix: 'svc-' }),
  breakGlassAccounts: rule.exactOptional(),
  /** Where closed accounts are moved. Absent: they stay where they are. */
  leaversOu: name.exactOptional(),
  /** Where accounts are made. Default: `CN=Users` of the base. */
  usersOu: name.exactOptional(),
  /** What follows the @ in the login of a new account. Default: the base as a domain name. */
  upnSuffix: z.string().min(1).exactOptional(),
  /** Groups, by DN, whose members administer the domain. Default: the built-in ones, where a new domain has them. */
  privilegedGroups: z.array(name).exactOptional(),
  /** Attributes, by Muster's names, that another system writes; Muster leaves them alone. */
  managedAttributes,
  /** Where a person's location stands: `physicalDeliveryOfficeName` (shown as Office), or `l` (City). */
  locationAttribute: z.enum(['physicalDeliveryOfficeName', 'l']).default('physicalDeliveryOfficeName'),
  /** Accounts on one page of a full list. */
  pageSize: z.int().min(1).max(1_000).default(500),
  /** How long a Kerberos ticket lives on after the account was closed: the domain's own policy, 10 h where nobody changed it. */
  kerberosTicketHours: z.number().nonnegative().max(168).default(10),
  /** Connections at once; each carries one call at a time, so fewer than the target's `concurrency` make calls wait. */
  connections: z.int().min(1).max(50).default(10),
  connectTimeoutMs: z.int().positive().default(5_000),
  /** For one LDAP operation. */
  timeoutMs: z.int().positive().default(10_000),
  /** An unused connection is closed after this long. */
  idleMs: z.int().positive().default(60_000),
});
export type ActiveDirectorySettings = z.infer<typeof settingsSchema>;
