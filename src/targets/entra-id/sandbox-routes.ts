import { randomUUID } from 'node:crypto';
import express, { type Router } from 'express';
import { UnsecuredJWT } from 'jose';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { accessRoutes } from './sandbox-access.ts';
import { mailboxRoutes } from './sandbox-mailbox.ts';
import type { Tenant } from './sandbox-tenant.ts';
import { userRoutes } from './sandbox-users.ts';
import { answerRefusal, type Credentials, faultOfTokenCall, placeOf, Refusal, withRequestId } from './sandbox-web.ts';

const reading = ['User.Read.All', 'GroupMember.Read.All'];
const changing = [
  'User.Read.All',
  'User.ReadWrite.All',
  'User.EnableDisableAccount.All',
  'User.RevokeSessions.All',
  'GroupMember.ReadWrite.All',
  'LicenseAssignment.ReadWrite.All',
  'MailboxSettings.ReadWrite',
  'UserAuthenticationMethod.ReadWrite.All',
  'User.DeleteRestore.All',
];

/** The token endpoint and Graph as far as the target uses them, over one tenant. */
export function tenantRouter(tenant: () => Tenant, tools: StandInTools, credentials: Credentials): Router {
  const router = express.Router();
  const place = placeOf(tenant, tools);
  let tokens = new Set<string>();

  router.use(withRequestId);
  router.post('/:tenant/oauth2/v2.0/token', express.urlencoded(), (request, response) => {
    const fault =
      request.params.tenant === credentials.tenant
        ? faultOfTokenCall(request.body, credentials)
        : 'AADSTS90002: tenant not found';
    if (fault !== undefined) {
      const invalid = fault.startsWith('AADSTS70002') || fault.startsWith('AADSTS7000215');
      return void response.status(invalid ? 401 : 400).json({
        error: invalid ? 'invalid_client' : 'unauthorized_client',
        error_description: `${fault}. Trace ID: ${randomUUID()} Timestamp: ${new Date().toISOString()}`,
      });
    }
    const roles = place.vendor('readOnlyApp') ? reading : changing;
    const token = place.vendor('opaqueToken')
      ? randomUUID()
      : new UnsecuredJWT({ roles }).setJti(randomUUID()).encode();
    tokens.add(token);
    response.json({ token_type: 'Bearer', expires_in: 3599, access_token: token });
  });

  router.use('/v1.0', (request, _response, next) => {
    if (place.vendor('expiredToken')) tokens = new Set();
    if (tokens.has(request.headers.authorization?.replace(/^Bearer /, '') ?? '')) return next();
    throw new Refusal(401, 'InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.');
  });
  router.use('/v1.0', userRoutes(place), accessRoutes(place), mailboxRoutes(place));
  router.use(answerRefusal);
  return router;
}
