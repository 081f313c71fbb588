import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import type { Tenant, TenantUser } from './sandbox-tenant.ts';

/** Rows a page; tiny, so that whoever forgets the next page is found out. */
const pageSize = 2;

/** What the stand-in takes as the tenant, Muster's app registration and its client secret. */
export interface Credentials {
  tenant: string;
  clientId: string;
  clientSecret: string;
}

/** What every route works on. */
export interface Place {
  tenant(): Tenant;
  /** Whether this vendor fault is in force. */
  vendor(name: string): boolean;
  /** Obeys a change, unless the fault says to lie about it. */
  change(operation: string, user: TenantUser, obey: () => void): void;
}

export const placeOf = (tenant: () => Tenant, tools: StandInTools): Place => ({
  tenant,
  vendor: (name) => tools.fault()?.vendor === name,
  change: (operation, user, obey) => {
    if (tools.fault()?.vendor === 'readOnlyApp') throw denied();
    if (tools.fault()?.lie === true) return;
    obey();
    const worker = user.employeeId;
    tools.called({ operation, subject: user.userPrincipalName, ...(worker === null ? {} : { worker }) });
  },
});

/** A refusal with Graph's code and words. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (message: string): Refusal => new Refusal(400, 'Request_BadRequest', message);
export const denied = (): Refusal =>
  new Refusal(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
export const onPremisesMastered = (): Refusal =>
  badRequest(
    'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
  );

/** The object, or Graph's 404. */
export function found<T>(item: T | undefined, id: string | undefined): T {
  if (item !== undefined) return item;
  throw new Refusal(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

/** A user by id or by user name. */
export const userOf = (tenant: Tenant, key: string | undefined): TenantUser =>
  found(
    tenant.users.find((user) => user.id === key || user.userPrincipalName.toLowerCase() === key?.toLowerCase()),
    key,
  );

/** A list in pages, with the address of the next. */
export function answerPage(request: Request, response: Response, rows: unknown[], elsewhere?: string): void {
  const at = Number(request.query['$skiptoken'] ?? 0);
  const body: Record<string, unknown> = { value: rows.slice(at, at + pageSize) };
  if (at + pageSize < rows.length) {
    const next = new URL(request.originalUrl, elsewhere ?? `${request.protocol}://${request.headers.host}`);
    next.searchParams.set('$skiptoken', String(at + pageSize));
    body['@odata.nextLink'] = next.href;
  }
  response.json(body);
}

/** Graph's form of an error. */
export const errorOf = (code: string, message: string, requestId: string) => ({
  error: { code, message, innerError: { 'request-id': requestId, 'client-request-id': requestId } },
});

/** Every answer carries its request-id, as Graph's do. */
export function withRequestId(request: Request, response: Response, next: NextFunction): void {
  response.setHeader('request-id', randomUUID());
  const given = request.headers['client-request-id'];
  if (typeof given === 'string') response.setHeader('client-request-id', given);
  next();
}

export function answerRefusal(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  const requestId = String(response.getHeader('request-id'));
  if (error instanceof Refusal) response.status(error.status).json(errorOf(error.code, error.message, requestId));
  else if (error instanceof z.ZodError) {
    response.status(400).json(errorOf('Request_BadRequest', z.prettifyError(error), requestId));
  } else next(error);
}

const tokenSchema = z.object({
  grant_type: z.literal('client_credentials'),
  client_id: z.string(),
  scope: z.string().endsWith('/.default'),
});
const secretSchema = tokenSchema.extend({ client_secret: z.string() });
const assertionSchema = tokenSchema.extend({
  client_assertion_type: z.literal('urn:ietf:params:oauth:client-assertion-type:jwt-bearer'),
  client_assertion: z.string(),
});

/** What is wrong with a token call, by Microsoft's numbers. The assertion's claims are checked and its signature is not: the app has no certificate here. */
export function faultOfTokenCall(body: unknown, credentials: Credentials): string | undefined {
  const [bySecret, byAssertion] = [secretSchema.safeParse(body).data, assertionSchema.safeParse(body).data];
  if (bySecret === undefined && byAssertion === undefined) return 'AADSTS900144: the request body is incomplete';
  if ((bySecret ?? byAssertion)?.client_id !== credentials.clientId) return 'AADSTS700016: application not found';
  if (byAssertion !== undefined) return faultOfAssertion(byAssertion.client_assertion, credentials);
  return bySecret?.client_secret === credentials.clientSecret ? undefined : 'AADSTS7000215: invalid client secret';
}

function faultOfAssertion(assertion: string, { tenant, clientId }: Credentials): string | undefined {
  try {
    const { alg, ...header } = decodeProtectedHeader(assertion);
    const { iss, sub, aud, jti, exp = 0 } = decodeJwt(assertion);
    const now = Date.now() / 1000;
    if (alg !== 'PS256' && alg !== 'RS256') return 'AADSTS5002730: invalid algorithm';
    if (typeof header['x5t#S256'] !== 'string') return 'AADSTS700027: the assertion names no certificate';
    if (iss !== clientId || sub !== clientId) return 'AADSTS700021: issuer or subject is not the app';
    if (typeof aud !== 'string' || !aud.endsWith(`/${tenant}/oauth2/v2.0/token`)) return 'AADSTS700023: audience';
    if (jti === undefined) return 'AADSTS50027: the assertion has no jti';
    if (exp < now || exp > now + 600) return 'AADSTS700024: the assertion is not within its valid time range';
    return undefined;
  } catch {
    return 'AADSTS50027: JWT token is invalid or malformed';
  }
}
