import { z } from 'zod';
import type { AccountSeen } from '../target.ts';
import { quotedList, type SalesforceClient } from './client.ts';
import type { Settings } from './settings.ts';

/** A user as a query shows one. */
export const userSchema = z.object({
  Id: z.string(),
  Username: z.string(),
  IsActive: z.boolean(),
  ProfileId: z.string().nullish(),
  Profile: z.object({ Name: z.string() }).nullish(),
});
type UserRecord = z.infer<typeof userSchema>;

const loginSchema = z.object({ Id: z.string(), UserId: z.string(), IsFrozen: z.boolean() });
const assignmentSchema = z.object({
  Id: z.string(),
  AssigneeId: z.string(),
  PermissionSetId: z.string().nullish(),
  PermissionSetGroupId: z.string().nullish(),
});

/** A user with its login's record. `loginId` is absent where Salesforce keeps none yet. */
export interface UserState {
  id: string;
  username: string;
  active: boolean;
  frozen: boolean;
  loginId?: string;
  profileId?: string;
  profile?: string;
}

/** A permission set or permission set group that a user holds, and the record that says so. */
export interface Assignment {
  id: string;
  assignee: string;
  entitlement: string;
}

/** Ids of the user object as Salesforce makes them; anything else is no user and never asked for. */
export const isUserId = (id: string): boolean => /^005[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$/.test(id);

/** The users that a condition finds, with their logins. */
export async function usersWhere(client: SalesforceClient, where: string, signal: AbortSignal): Promise<UserState[]> {
  const users = await client.query(
    userSchema,
    `SELECT Id, Username, IsActive, ProfileId, Profile.Name FROM User WHERE ${where}`,
    signal,
  );
  return withLogins(client, users, signal);
}

/** Users as a query shows them, with their logins. */
export async function withLogins(
  client: SalesforceClient,
  users: readonly UserRecord[],
  signal: AbortSignal,
): Promise<UserState[]> {
  if (users.length === 0) return [];
  const ids = quotedList(users.map((user) => user.Id));
  const logins = await client.query(
    loginSchema,
    `SELECT Id, UserId, IsFrozen FROM UserLogin WHERE UserId IN ${ids}`,
    signal,
  );
  return users.map((user) => {
    const login = logins.find((one) => one.UserId === user.Id);
    return {
      id: user.Id,
      username: user.Username,
      active: user.IsActive,
      frozen: login?.IsFrozen ?? false,
      ...(login === undefined ? {} : { loginId: login.Id }),
      ...(typeof user.ProfileId === 'string' ? { profileId: user.ProfileId } : {}),
      ...(user.Profile ? { profile: user.Profile.Name } : {}),
    };
  });
}

/** The user now; undefined when there is none. */
export async function userById(
  client: SalesforceClient,
  id: string,
  signal: AbortSignal,
): Promise<UserState | undefined> {
  if (!isUserId(id)) return undefined;
  return (await usersWhere(client, `Id IN ${quotedList([id])}`, signal))[0];
}

/** What these users hold beside their profiles (a profile is one too in Salesforce's tables, and cannot be taken away). */
export async function assignmentsOf(
  client: SalesforceClient,
  users: readonly string[],
  signal: AbortSignal,
): Promise<Assignment[]> {
  if (users.length === 0) return [];
  const records = await client.query(
    assignmentSchema,
    `SELECT Id, AssigneeId, PermissionSetId, PermissionSetGroupId FROM PermissionSetAssignment WHERE AssigneeId IN ${quotedList(users)} AND PermissionSet.IsOwnedByProfile = false`,
    signal,
  );
  return records.flatMap((record) => {
    const entitlement = record.PermissionSetGroupId ?? record.PermissionSetId;
    return entitlement ? [{ id: record.Id, assignee: record.AssigneeId, entitlement }] : [];
  });
}

/** The user as Muster's word for it. Frozen alone is not disabled: the account is still there to be opened by a click. */
export function accountOf(user: UserState, assignments: readonly Assignment[], settings: Settings): AccountSeen {
  const held = assignments.filter((one) => one.assignee === user.id).map((one) => one.entitlement);
  return {
    id: user.id,
    name: user.username,
    kind: settings.adminProfiles.includes(user.profile ?? '') ? 'admin' : 'primary',
    status: user.active ? 'enabled' : 'disabled',
    entitlements: [...new Set(held)].sort(),
    before: { frozen: user.frozen, ...(user.profileId === undefined ? {} : { profileId: user.profileId }) },
  };
}
