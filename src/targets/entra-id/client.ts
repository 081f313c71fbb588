import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import type { GraphConnection } from './connection.ts';
import { parsed, saysGone, title } from './failure.ts';
import { isGuid } from './settings.ts';

const userSchema = z.object({
  id: z.string(),
  userPrincipalName: z.string(),
  employeeId: z.string().nullish(),
  accountEnabled: z.boolean().nullish(),
  onPremisesSyncEnabled: z.boolean().nullish(),
  signInSessionsValidFromDateTime: z.string().nullish(),
  usageLocation: z.string().nullish(),
  mail: z.string().nullish(),
  licenseAssignmentStates: z
    .array(
      z.object({
        skuId: z.string(),
        disabledPlans: z.array(z.string()).nullish(),
        assignedByGroup: z.string().nullish(),
      }),
    )
    .nullish(),
});
/** A user as Graph shows it. */
export type User = z.infer<typeof userSchema>;

/** What is asked for of a user; most of it Graph leaves out unless it is named. */
const fields = Object.keys(userSchema.shape).join(',');

const attributesSchema = z.object({
  givenName: z.string().nullish(),
  surname: z.string().nullish(),
  displayName: z.string().nullish(),
  department: z.string().nullish(),
  jobTitle: z.string().nullish(),
  officeLocation: z.string().nullish(),
  onPremisesSyncEnabled: z.boolean().nullish(),
  manager: z.object({ id: z.string() }).nullish(),
});
/** What Graph keeps of a person beside the account. */
export type Attributes = z.infer<typeof attributesSchema>;

const membershipSchema = z.object({
  '@odata.type': z.string(),
  id: z.string(),
  groupTypes: z.array(z.string()).nullish(),
  mailEnabled: z.boolean().nullish(),
  onPremisesSyncEnabled: z.boolean().nullish(),
});
/** A group, directory role or administrative unit that a user is a direct member of. */
export type Membership = z.infer<typeof membershipSchema>;

/** The only place that knows Graph's addresses, and the permission that each needs. https://learn.microsoft.com/graph/api/overview */
export class GraphClient {
  readonly #graph: GraphConnection;

  constructor(graph: GraphConnection) {
    this.#graph = graph;
  }

  /** Any one user, to see whether users can be read at all. */
  async sample(signal: AbortSignal): Promise<User | undefined> {
    const path = `/users?$top=1&$select=${fields}`;
    const answer = await this.#graph.call({ path, name: 'list users', permission: 'User.Read.All' }, signal);
    return parsed(z.object({ value: z.array(userSchema) }), answer.json(), 'list users').value[0];
  }

  async usersByEmployeeId(workerId: string, signal: AbortSignal): Promise<User[]> {
    const filter = encodeURIComponent(`employeeId eq '${workerId.replaceAll("'", "''")}'`);
    const path = `/users?$filter=${filter}&$select=${fields}&$top=100`;
    const call = { path, name: 'find users by employeeId', permission: 'User.Read.All' };
    const found = await this.#graph.list(userSchema, call, signal);
    // Whatever a filter is taken for in between: somebody else's account is never closed.
    return found.filter(({ employeeId }) => employeeId?.toLowerCase() === workerId.toLowerCase());
  }

  /** All users, page by page. */
  users(signal: AbortSignal): AsyncIterable<User[]> {
    const call = { path: `/users?$select=${fields}&$top=100`, name: 'list users', permission: 'User.Read.All' };
    return this.#graph.pages(userSchema, call, signal);
  }

  /** The person's attributes and manager; undefined when there is no such user. */
  async attributesOf(user: string, signal: AbortSignal): Promise<Attributes | undefined> {
    const { manager, ...own } = attributesSchema.shape;
    const path = `/users/${guidOf(user)}?$select=${Object.keys(own).join(',')}&$expand=manager($select=id)`;
    const call = { path, name: 'read attributes', permission: 'User.Read.All' };
    const answer = await unlessGone(() => this.#graph.call(call, signal));
    return answer === undefined ? undefined : parsed(attributesSchema, answer.json(), call.name);
  }

  /** By id, or by user name for the one case in which a name is taken; undefined when there is none. */
  async user(idOrName: string, signal: AbortSignal): Promise<User | undefined> {
    const path = `/users/${encodeURIComponent(idOrName)}?$select=${fields}`;
    const call = { path, name: 'read user', permission: 'User.Read.All' };
    const answer = await unlessGone(() => this.#graph.call(call, signal));
    return answer === undefined ? undefined : parsed(userSchema, answer.json(), call.name);
  }

  /** What the user is a direct member of; undefined when there is no such user. */
  membershipsOf(user: string, signal: AbortSignal): Promise<Membership[] | undefined> {
    const call = {
      path: `/users/${guidOf(user)}/memberOf?$top=100`,
      name: 'list memberships',
      permission: 'GroupMember.ReadWrite.All',
    };
    return unlessGone(() => this.#graph.list(membershipSchema, call, signal));
  }

  async switchUser(user: string, accountEnabled: boolean, signal: AbortSignal): Promise<void> {
    const name = accountEnabled ? 'enable user' : 'disable user';
    const path = `/users/${guidOf(user)}`;
    const permission = 'User.EnableDisableAccount.All';
    await this.#graph.call({ method: 'PATCH', path, name, permission, json: { accountEnabled } }, signal);
  }

  async revokeSessions(user: string, signal: AbortSignal): Promise<void> {
    const name = 'revoke sign-in sessions';
    const path = `/users/${guidOf(user)}/revokeSignInSessions`;
    const answer = await this.#graph.call(
      { method: 'POST', path, name, permission: 'User.RevokeSessions.All' },
      signal,
    );
    if (parsed(z.object({ value: z.boolean() }), answer.json(), name).value) return;
    throw new Failure('not-confirmed', `${title}: ${name} answered that it did not`);
  }

  /** The new user's id. */
  async createUser(user: Record<string, unknown>, signal: AbortSignal): Promise<string> {
    const call = { method: 'POST' as const, path: '/users', name: 'create user', permission: 'User.ReadWrite.All' };
    const answer = await this.#graph.call({ ...call, json: user }, signal);
    return parsed(z.object({ id: z.guid() }), answer.json(), call.name).id;
  }

  async updateUser(user: string, json: Record<string, string | null>, signal: AbortSignal): Promise<void> {
    const call = { name: 'update user', permission: 'User.ReadWrite.All' };
    await this.#graph.call({ ...call, method: 'PATCH', path: `/users/${guidOf(user)}`, json }, signal);
  }

  /** Names the manager; without one takes the old one's name away. */
  async setManager(user: string, manager: string | undefined, signal: AbortSignal): Promise<void> {
    const path = `/users/${guidOf(user)}/manager/$ref`;
    const permission = 'User.ReadWrite.All';
    if (manager === undefined) {
      const call = { method: 'DELETE' as const, path, name: 'remove manager', permission };
      await unlessGone(() => this.#graph.call(call, signal));
      return;
    }
    const json = { '@odata.id': `${this.#graph.base}/users/${guidOf(manager)}` };
    await this.#graph.call({ method: 'PUT', path, name: 'set manager', permission, json }, signal);
  }

  /** False when it was gone already. Its name stays taken for 30 days, in which it can be restored. */
  async deleteUser(user: string, signal: AbortSignal): Promise<boolean> {
    const call = { name: 'delete user', permission: 'User.DeleteRestore.All' };
    const path = `/users/${guidOf(user)}`;
    return (await unlessGone(() => this.#graph.call({ ...call, method: 'DELETE', path }, signal))) !== undefined;
  }

  async addMember(group: string, user: string, signal: AbortSignal): Promise<void> {
    const call = { name: 'add to group', permission: 'GroupMember.ReadWrite.All' };
    const json = { '@odata.id': `${this.#graph.base}/directoryObjects/${guidOf(user)}` };
    await this.#graph.call({ ...call, method: 'POST', path: `/groups/${guidOf(group)}/members/$ref`, json }, signal);
  }

  /** False when the user was no member any more. */
  async removeMember(group: string, user: string, signal: AbortSignal): Promise<boolean> {
    const call = { name: 'remove from group', permission: 'GroupMember.ReadWrite.All' };
    const path = memberReference(group, user);
    return (await unlessGone(() => this.#graph.call({ ...call, method: 'DELETE', path }, signal))) !== undefined;
  }

  async assignLicence(
    user: string,
    change: { add?: { skuId: string; disabledPlans: string[] }; remove?: string },
    signal: AbortSignal,
  ): Promise<void> {
    const call = {
      name: change.add === undefined ? 'remove licence' : 'assign licence',
      permission: 'LicenseAssignment.ReadWrite.All',
    };
    const json = {
      addLicenses: change.add === undefined ? [] : [change.add],
      removeLicenses: change.remove === undefined ? [] : [change.remove],
    };
    await this.#graph.call({ ...call, method: 'POST', path: `/users/${guidOf(user)}/assignLicense`, json }, signal);
  }
}

/**
 * The address of a membership. Without `/$ref` at its end a DELETE takes the user itself out of the directory, so this is
 * the only place where it is made; `deleteUser` alone means to do that. https://learn.microsoft.com/graph/api/group-delete-members
 */
export const memberReference = (group: string, user: string): string =>
  `/groups/${guidOf(group)}/members/${guidOf(user)}/$ref`;

/** An id that may stand in a path. */
export function guidOf(id: string): string {
  if (isGuid(id)) return id;
  throw new Failure('misconfigured', `${title}: "${id}" is no object id`);
}

/** What a call answered; undefined where Graph says that there is no such object. */
export async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (saysGone(error)) return undefined;
    throw error;
  }
}
