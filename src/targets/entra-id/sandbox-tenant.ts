import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SeedPerson } from '../../sandbox/stand-in.ts';

const licenceSchema = z.object({
  skuId: z.string(),
  disabledPlans: z.array(z.string()),
  assignedByGroup: z.string().nullable(),
});
const mailboxSchema = z.object({
  rules: z.array(z.looseObject({ id: z.string(), displayName: z.string() })),
  automaticReply: z.object({ status: z.string(), internal: z.string(), external: z.string() }),
});
const userSchema = z.object({
  id: z.string(),
  userPrincipalName: z.string(),
  displayName: z.string(),
  givenName: z.string().nullable().default(null),
  surname: z.string().nullable().default(null),
  department: z.string().nullable().default(null),
  jobTitle: z.string().nullable().default(null),
  officeLocation: z.string().nullable().default(null),
  /** The manager's user id. */
  managerId: z.string().nullable().default(null),
  mail: z.string().nullable(),
  employeeId: z.string().nullable(),
  accountEnabled: z.boolean(),
  usageLocation: z.string().nullable(),
  signInSessionsValidFromDateTime: z.string(),
  licences: z.array(licenceSchema),
  roles: z.array(z.string()),
  sessions: z.array(z.string()),
  /** When the temporary access pass is good; the pass itself is kept by nobody. */
  pass: z.object({ startsAt: z.string(), endsAt: z.string() }).nullable().default(null),
  mailbox: mailboxSchema.nullable().default(null),
  /** False for one made since the start, which a fault may keep from being found. */
  replicated: z.boolean(),
});
const groupSchema = z.object({
  id: z.string(),
  displayName: z.string(),
  groupTypes: z.array(z.string()),
  mailEnabled: z.boolean(),
  onPremisesSyncEnabled: z.boolean().nullable(),
  members: z.array(z.string()),
});

/** Everything the stand-in's tenant holds. */
export const tenantSchema = z.object({
  users: z.array(userSchema),
  groups: z.array(groupSchema),
  seats: z.record(z.string(), z.int()),
});
export type Tenant = z.infer<typeof tenantSchema>;
export type TenantUser = z.infer<typeof userSchema>;
export type TenantGroup = z.infer<typeof groupSchema>;

/** A GUID made from a name, the same every time. */
export function guidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Licences that the tenant has bought, by the names that Microsoft gives them. */
export const skus = {
  office: guidOf('SPE_E3'),
  powerBi: guidOf('POWER_BI_PRO'),
  mobility: guidOf('EMS'),
} as const;
/** A plan that is switched off in everybody's office licence. */
export const disabledPlan = guidOf('YAMMER_ENTERPRISE');

export const emptyTenant = (): Tenant => ({ users: [], groups: [], seats: {} });

export const emptyMailbox = (): z.infer<typeof mailboxSchema> => ({
  rules: [],
  automaticReply: { status: 'disabled', internal: '', external: '' },
});

/** A tenant with a user for each person, and a second, administrator's one for each privileged person. */
export function seededTenant(people: readonly SeedPerson[]): Tenant {
  const tenant: Tenant = {
    users: [],
    groups: [],
    seats: {
      [skus.office]: people.length + 25,
      [skus.powerBi]: people.length + 10,
      [skus.mobility]: people.length + 25,
    },
  };
  // A group of each kind: only the first three are Graph's to change.
  addGroup(tenant, 'All Staff', { groupTypes: ['Unified'], mailEnabled: true });
  addGroup(tenant, 'Multi-factor');
  addGroup(tenant, 'Everybody in an office', { groupTypes: ['DynamicMembership'] });
  addGroup(tenant, 'VPN Users', { onPremisesSyncEnabled: true });
  addGroup(tenant, 'Newsletter', { mailEnabled: true });
  for (const person of people) {
    const user = addUser(tenant, person, '');
    for (const name of ['All Staff', 'Multi-factor', 'Everybody in an office', 'VPN Users', 'Newsletter']) {
      groupNamed(tenant, name)?.members.push(user.id);
    }
    (groupNamed(tenant, person.department) ?? addGroup(tenant, person.department)).members.push(user.id);
    user.licences.push(
      { skuId: skus.office, disabledPlans: [disabledPlan], assignedByGroup: null },
      { skuId: skus.powerBi, disabledPlans: [], assignedByGroup: null },
      { skuId: skus.mobility, disabledPlans: [], assignedByGroup: guidOf('group All Staff') },
    );
    if (!person.privileged) continue;
    const admin = addUser(tenant, person, 'adm-');
    (groupNamed(tenant, 'Administrators') ?? addGroup(tenant, 'Administrators')).members.push(admin.id);
    admin.roles.push('User Administrator');
  }
  return tenant;
}

const groupNamed = (tenant: Tenant, name: string) => tenant.groups.find((group) => group.displayName === name);

function addGroup(tenant: Tenant, displayName: string, how: Partial<TenantGroup> = {}): TenantGroup {
  const group: TenantGroup = {
    id: guidOf(`group ${displayName}`),
    displayName,
    groupTypes: [],
    mailEnabled: false,
    onPremisesSyncEnabled: null,
    members: [],
    ...how,
  };
  tenant.groups.push(group);
  return group;
}

function addUser(tenant: Tenant, person: SeedPerson, prefix: string): TenantUser {
  const user: TenantUser = {
    id: guidOf(`user ${prefix}${person.login}`),
    userPrincipalName: `${prefix}${person.email}`,
    displayName: `${person.firstName} ${person.lastName}`,
    givenName: person.firstName,
    surname: person.lastName,
    department: person.department,
    jobTitle: person.jobTitle,
    officeLocation: person.location,
    managerId: null,
    mail: prefix === '' ? person.email : null,
    employeeId: person.workerId,
    accountEnabled: true,
    usageLocation: 'US',
    signInSessionsValidFromDateTime: '2025-01-06T09:00:00Z',
    licences: [],
    roles: [],
    pass: null,
    mailbox: prefix === '' ? emptyMailbox() : null,
    sessions: prefix === '' ? ['browser', 'Outlook'] : ['Azure portal'],
    replicated: true,
  };
  tenant.users.push(user);
  return user;
}

/** A group that a user can be put into and taken out of by Graph. */
export const isChangeable = (group: TenantGroup): boolean =>
  !group.groupTypes.includes('DynamicMembership') &&
  group.onPremisesSyncEnabled !== true &&
  (!group.mailEnabled || group.groupTypes.includes('Unified'));

/** Each user, as `GET /state` lists accounts: entitlements are what Graph could take away. */
export const accountsOf = (tenant: Tenant): Record<string, unknown>[] =>
  tenant.users.map((user) => ({
    id: user.id,
    name: user.userPrincipalName,
    worker: user.employeeId,
    enabled: user.accountEnabled,
    entitlements: [
      ...tenant.groups
        .filter((group) => isChangeable(group) && group.members.includes(user.id))
        .map((group) => `group:${group.id}`),
      ...user.licences.filter((one) => one.assignedByGroup === null).map((one) => `licence:${one.skuId}`),
    ],
    sessions: user.sessions,
    attributes: {
      displayName: user.displayName,
      department: user.department,
      jobTitle: user.jobTitle,
      officeLocation: user.officeLocation,
      managerId: user.managerId,
    },
    temporaryAccessPass: user.pass,
    mailbox: user.mailbox,
  }));
