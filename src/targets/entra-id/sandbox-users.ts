import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import { guidOf, type Tenant, type TenantUser } from './sandbox-tenant.ts';
import { answerPage, badRequest, denied, onPremisesMastered, type Place, Refusal, userOf } from './sandbox-web.ts';

/** Users: found by employeeId, read, switched, made, and their sessions revoked. */
export function userRoutes({ tenant, vendor, change }: Place): Router {
  const api = express.Router();
  const json = express.json();
  const shown = (user: TenantUser, request: Request) => {
    const synchronised = vendor('synchronised') || vendor('onPremisesMastered');
    return picked(user, request, {
      onPremisesSyncEnabled: synchronised ? true : null,
      accountEnabled: vendor('basicProfile') ? undefined : user.accountEnabled,
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
    const { accountEnabled } = z.strictObject({ accountEnabled: z.boolean() }).parse(request.body);
    const user = userOf(tenant(), request.params.key);
    if (vendor('onPremisesMastered')) throw onPremisesMastered();
    if (vendor('privilegedUser')) throw denied();
    change(accountEnabled ? 'enable user' : 'disable user', user, () => {
      user.accountEnabled = accountEnabled;
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

/** The users that a filter finds; of all of Graph's language the one form that is asked for. */
function matching(tenant: Tenant, filter: unknown): { users: TenantUser[]; filter?: string } {
  if (filter === undefined) return { users: tenant.users };
  const wanted = /^employeeId eq '((?:[^']|'')*)'$/.exec(String(filter))?.[1]?.replaceAll("''", "'").toLowerCase();
  if (wanted === undefined) throw new Refusal(400, 'Request_UnsupportedQuery', 'Unsupported or invalid query filter.');
  return { users: tenant.users.filter((user) => user.employeeId?.toLowerCase() === wanted), filter: wanted };
}

/** The properties that are asked for; without `$select` Graph leaves most of them out. */
function picked(user: TenantUser, request: Request, computed: Record<string, unknown>): Record<string, unknown> {
  const { licences, roles, sessions, replicated, ...held } = user;
  const all: Record<string, unknown> = { ...held, ...computed };
  const asked = String(request.query['$select'] ?? 'id,displayName,userPrincipalName,mail').split(',');
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
  usageLocation: z.string().length(2).optional(),
  passwordProfile: z.strictObject({ password: z.string().min(8), forceChangePasswordNextSignIn: z.boolean() }),
});

const newUser = (fields: z.infer<typeof newUserSchema>): TenantUser => ({
  id: guidOf(`user ${fields.userPrincipalName}`),
  userPrincipalName: fields.userPrincipalName,
  displayName: fields.displayName,
  mail: null,
  employeeId: fields.employeeId,
  accountEnabled: fields.accountEnabled,
  usageLocation: fields.usageLocation ?? null,
  signInSessionsValidFromDateTime: new Date().toISOString(),
  licences: [],
  roles: [],
  sessions: [],
  replicated: false,
});
