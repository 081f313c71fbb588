import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SeedPerson } from '../../sandbox/stand-in.ts';
import type { Columns, Row } from './sandbox-soql.ts';

const userSchema = z.object({
  Id: z.string(),
  Username: z.string(),
  FirstName: z.string().nullish(),
  LastName: z.string(),
  Department: z.string().nullable().default(null),
  Title: z.string().nullable().default(null),
  Email: z.string(),
  IsActive: z.boolean(),
  FederationIdentifier: z.string().nullable(),
  EmployeeNumber: z.string().nullable(),
  ProfileId: z.string(),
});
const assignmentSchema = z.object({
  Id: z.string(),
  AssigneeId: z.string(),
  PermissionSetId: z.string().nullable(),
  PermissionSetGroupId: z.string().nullable(),
});
const sessionSchema = z.object({ Id: z.string(), UsersId: z.string(), SessionType: z.string() });

/** Everything the stand-in's organisation holds. */
export const orgSchema = z.object({
  users: z.array(userSchema),
  logins: z.array(z.object({ Id: z.string(), UserId: z.string(), IsFrozen: z.boolean() })),
  assignments: z.array(assignmentSchema),
  sessions: z.array(sessionSchema),
});
export type Org = z.infer<typeof orgSchema>;
export type OrgUser = z.infer<typeof userSchema>;

/** Ids like Salesforce's: three characters for the kind, fifteen made from a name, so they are the same every time. */
export function idOf(prefix: string, name: string): string {
  const digest = createHash('sha256')
    .update(`${prefix}${name}`)
    .digest('base64')
    .replace(/[^A-Za-z0-9]/g, '');
  return `${prefix}${digest.slice(0, 15)}`;
}

export const profiles = {
  standard: { Id: idOf('00e', 'Standard User'), Name: 'Standard User' },
  administrator: { Id: idOf('00e', 'System Administrator'), Name: 'System Administrator' },
} as const;

/** Permission sets and one group of them, by id, with the one that belongs to a profile: it is assigned as well, and cannot be taken away. */
export const permissionSets: Readonly<Record<string, { label: string; ownedByProfile: boolean }>> = {
  [idOf('0PS', 'Sales_User')]: { label: 'Sales_User', ownedByProfile: false },
  [idOf('0PS', 'Reports_Export')]: { label: 'Reports_Export', ownedByProfile: false },
  [idOf('0PG', 'Sales_Team')]: { label: 'Sales_Team', ownedByProfile: false },
  [idOf('0PS', 'Manage_Users')]: { label: 'Manage_Users', ownedByProfile: false },
  [idOf('0PS', 'X00e_Standard')]: { label: 'X00e_Standard', ownedByProfile: true },
};

export const emptyOrg = (): Org => ({ users: [], logins: [], assignments: [], sessions: [] });

/** An organisation with a user for each person, and a second, administrator's one for each privileged person. */
export function seededOrg(people: readonly SeedPerson[]): Org {
  const org = emptyOrg();
  for (const person of people) {
    const user = addUser(org, person, person.login, { FederationIdentifier: person.workerId, EmployeeNumber: null });
    // Nobody has both sides of what policy keeps apart.
    const own = person.department === 'Sales' ? 'Sales_Team' : 'Reports_Export';
    for (const label of ['Sales_User', own, 'X00e_Standard']) assign(org, user.Id, label);
    addSession(org, user.Id, 'UI');
    if (!person.privileged) continue;
    const admin = addUser(org, person, `adm-${person.login}`, {
      FederationIdentifier: null,
      EmployeeNumber: person.workerId,
    });
    admin.ProfileId = profiles.administrator.Id;
    assign(org, admin.Id, 'Manage_Users');
    addSession(org, admin.Id, 'UI');
    addSession(org, admin.Id, 'API');
  }
  return org;
}

function addUser(
  org: Org,
  person: SeedPerson,
  login: string,
  keys: Pick<OrgUser, 'FederationIdentifier' | 'EmployeeNumber'>,
): OrgUser {
  const user: OrgUser = {
    Id: idOf('005', login),
    Username: `${login}@globaltech.example.crm`,
    FirstName: person.firstName,
    LastName: person.lastName,
    Department: person.department,
    Title: person.jobTitle,
    Email: person.email,
    IsActive: true,
    ProfileId: profiles.standard.Id,
    ...keys,
  };
  org.users.push(user);
  org.logins.push({ Id: idOf('0Yw', login), UserId: user.Id, IsFrozen: false });
  return user;
}

function assign(org: Org, user: string, label: string): void {
  const id = label === 'Sales_Team' ? idOf('0PG', label) : idOf('0PS', label);
  org.assignments.push(assignmentOf(user, id));
}

/** The record that gives a user a permission set or a group of them. */
export function assignmentOf(user: string, id: string): Org['assignments'][number] {
  const group = id.startsWith('0PG');
  return {
    Id: idOf('0Pa', `${user} ${id}`),
    AssigneeId: user,
    PermissionSetId: group ? null : id,
    PermissionSetGroupId: group ? id : null,
  };
}

/** The permission set or group that an assignment gives. */
export const assigned = (one: Org['assignments'][number]): string =>
  one.PermissionSetGroupId ?? one.PermissionSetId ?? '';

function addSession(org: Org, user: string, type: string): void {
  org.sessions.push({ Id: idOf('0Ak', `${user} ${type}`), UsersId: user, SessionType: type });
}

export const workerOf = (user: OrgUser | undefined): string | undefined =>
  user?.FederationIdentifier ?? user?.EmployeeNumber ?? undefined;

export const columns: Columns = {
  User: [
    ...['Id', 'Username', 'IsActive', 'ProfileId', 'Profile.Name', 'FederationIdentifier', 'EmployeeNumber'],
    ...['FirstName', 'LastName', 'Department', 'Title', 'Email', 'UserType'],
  ],
  UserLogin: ['Id', 'UserId', 'IsFrozen'],
  PermissionSetAssignment: [
    'Id',
    'AssigneeId',
    'PermissionSetId',
    'PermissionSetGroupId',
    'PermissionSet.IsOwnedByProfile',
  ],
  AuthSession: ['Id', 'UsersId', 'SessionType'],
};

/** The organisation as the tables that queries see. */
export function tablesOf(org: Org): Record<string, Row[]> {
  const names = new Map<string, string>(Object.values(profiles).map((profile) => [profile.Id, profile.Name]));
  return {
    User: org.users.map((user) => ({
      ...user,
      'Profile.Name': names.get(user.ProfileId) ?? null,
      UserType: 'Standard',
    })),
    UserLogin: org.logins,
    PermissionSetAssignment: org.assignments.map((assignment) => ({
      ...assignment,
      'PermissionSet.IsOwnedByProfile': permissionSets[assigned(assignment)]?.ownedByProfile ?? false,
    })),
    AuthSession: org.sessions,
  };
}
