import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import { guidOf, type Tenant, type TenantUser } from './sandbox-tenant.ts';
import {
  answerPage,
  badRequest,
  denied,
  found,
  onPremisesMastered,
  type Place,
  Refusal,
  userOf,
} from './sandbox-web.ts';

/** Users: found by employeeId, read, switched, made, and their sessions revoked. */
export function userRoutes({ tenant, vendor, change }: Place): Router {
  const api = express.Router();
  const json = express.json();
  const shown = (user: TenantUser, request: Request) => {
    const synchronised = vendor('synchronised') || vendor('onPremisesMastered');
    return picked(user, request, {
      onPremisesSyncEnabled: synchronised ? true : null,
      accountEnabled: vendor('basicProfile') ? undefined : user.accountEnabled,
      ...expanded(tenant(), user, request),
      licenseAssignmentStates: user.licences.map((one) => ({ ...one, state: 'Active' })),
    });
  };

  api.get('/users', (request, response) => {
    const all = matching(tenant(), request.query['$filter']);
    const rows = vendor('laggingReads') && 'filter' in all ? all.users.filter((user) => user.replicated) : all.users;
    answerPage(
      request,
      response,
      rows.map((user) => shown(user, request)),
    );
  });
  api.get('/users/:key', (request, response) => {
    response.json(shown(userOf(tenant(), request.params.key), request));
  });

  api.patch('/users/:key', json, (request, response) => {
    const { accountEnabled, ...attributes } = changeSchema.parse(request.body);
    const user = userOf(tenant(), request.params.key);
    if (vendor('onPremisesMastered')) throw onPremisesMastered();
    if (accountEnabled === undefined) {
      change('update user', user, () => void Object.assign(user, attributes));
      return void response.status(204).end();
    }
    if (vendor('privilegedUser')) throw denied();
    change(accountEnabled ? 'enable user' : 'disable user', user, () => {
      user.accountEnabled = accountEnabled;
    });
    response.status(204).end();
  });

  api.delete('/users/:key', (request, response) => {
    const user = userOf(tenant(), request.params.key);
    if (vendor('onPremisesMastered')) throw onPremisesMastered();
    if (vendor('privilegedUser')) throw denied();
    change('delete user', user, () => deleteUser(tenant(), user));
    response.status(204).end();
  });

  api.put('/users/:key/manager/$ref', json, (request, response) => {
    const user = userOf(tenant(), request.params.key);
    const body = z.strictObject({ '@odata.id': z.url().regex(/\/v1\.0\/users\/[\w-]+$/) }).parse(request.body);
    const manager = userOf(tenant(), body['@odata.id'].split('/').at(-1));
    change('set manager', user, () => {
      user.managerId = manager.id;
    });
    response.status(204).end();
  });
  api.delete('/users/:key/manager/$ref', (request, response) => {
    const user = userOf(tenant(), request.params.key);
    found(user.managerId ?? undefined, 'manager');
    change('remove manager', user, () => {
      user.managerId = null;
    });
    response.status(204).end();
  });

  api.post('/users/:key/revokeSignInSessions', (request, response) => {
    const user = userOf(tenant(), request.params.key);
    change('revoke sign-in sessions', user, () => {
      user.sessions = [];
      user.signInSessionsValidFromDateTime = new Date().toISOString();
    });
    response.json({ value: true });
  });

  api.post('/users', json, (request, response) => {
    const fields = newUserSchema.parse(request.body);
    const user = newUser(fields);
    if (tenant().users.some((one) => one.userPrincipalName.toLowerCase() === fields.userPrincipalName.toLowerCase())) {
      throw badRequest('Another object with the same value for property userPrincipalName already exists.');
    }
    change('create user', user, () => void tenant().users.push(user));
    response
      .status(201)
      .json({ id: user.id, displayName: user.displayName, userPrincipalName: user.userPrincipalName });
  });

  return api;
}

/** Takes the user out of the tenant, and out of every group. */
export function deleteUser(tenant: Tenant, user: TenantUser): void {
  tenant.users = tenant.users.filter((one) => one !== user);
  for (const group of tenant.groups) group.members = group.members.filter((id) => id !== user.id);
}

/** The manager, where that is asked for in the one form that is. */
function expanded(tenant: Tenant, user: TenantUser, request: Request): Record<string, unknown> {
  if (request.query['$expand'] === undefined) return {};
  if (request.query['$expand'] !== 'manager($select=id)') throw badRequest('Unsupported $expand.');
  const manager = tenant.users.find((one) => one.id === user.managerId);
  return { manager: manager === undefined ? undefined : { id: manager.id } };
}

const text = (longest: number) => z.string().min(1).max(longest).nullable();

const changeSchema = z
  .strictObject({
    accountEnabled: z.boolean(),
    displayName: z.string().min(1).max(256),
    givenName: text(64),
    surname: text(64),
    department: text(64),
    jobTitle: text(128),
    officeLocation: text(128),
  })
  .partial();

/** The users that a filter finds; of all of Graph's language the one form that is asked for. */
function matching(tenant: Tenant, filter: unknown): { users: TenantUser[]; filter?: string } {
  if (filter === undefined) return { users: tenant.users };
  const wanted = /^employeeId eq '((?:[^']|'')*)'$/.exec(String(filter))?.[1]?.replaceAll("''", "'").toLowerCase();
  if (wanted === undefined) throw new Refusal(400, 'Request_UnsupportedQuery', 'Unsupported or invalid query filter.');
  return { users: tenant.users.filter((user) => user.employeeId?.toLowerCase() === wanted), filter: wanted };
}

/** The properties that are asked for; without `$select` Graph leaves most of them out. */
function picked(user: TenantUser, request: Request, computed: Record<string, unknown>): Record<string, unknown> {
  const { licences, roles, sessions, replicated, managerId, pass, mailbox, ...held } = user;
  const all: Record<string, unknown> = { ...held, ...computed };
  const asked = String(request.query['$select'] ?? 'id,displayName,userPrincipalName,mail')
    .split(',')
    .concat('manager');
  return Object.fromEntries(asked.filter((name) => name in all).map((name) => [name, all[name]]));
}

const newUserSchema = z.object({
  accountEnabled: z.boolean(),
  displayName: z.string().min(1).max(256),
  givenName: z.string().max(64).optional(),
  surname: z.string().max(64).optional(),
  mailNickname: z.string().regex(/^[^@()\\[\]";:<>, ]{1,64}$/),
  userPrincipalName: z.email(),
  employeeId: z.string().min(1).max(16),
  department: z.string().optional(),
  jobTitle: z.string().optional(),
  officeLocation: z.string().optional(),
  usageLocation: z.string().length(2).optional(),
  passwordProfile: z.strictObject({ password: z.string().min(8), forceChangePasswordNextSignIn: z.boolean() }),
});

const newUser = (fields: z.infer<typeof newUserSchema>): TenantUser => ({
  id: guidOf(`user ${fields.userPrincipalName}`),
  userPrincipalName: fields.userPrincipalName,
  displayName: fields.displayName,
  givenName: fields.givenName ?? null,
  surname: fields.surname ?? null,
  department: fields.department ?? null,
  jobTitle: fields.jobTitle ?? null,
  officeLocation: fields.officeLocation ?? null,
  managerId: null,
  mail: null,
  employeeId: fields.employeeId,
  accountEnabled: fields.accountEnabled,
  usageLocation: fields.usageLocation ?? null,
  signInSessionsValidFromDateTime: new Date().toISOString(),
  licences: [],
  roles: [],
  sessions: [],
  pass: null,
  mailbox: null,
  replicated: false,
});
