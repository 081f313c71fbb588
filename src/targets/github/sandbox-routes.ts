import { randomUUID } from 'node:crypto';
import express, { type Router } from 'express';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { accessRoutes } from './sandbox-access.ts';
import { answerGraphql } from './sandbox-graphql.ts';
import { memberRoutes } from './sandbox-members.ts';
import type { Org } from './sandbox-org.ts';
import {
  answerRefusal,
  bearer,
  type Credentials,
  faultOfJwt,
  found,
  placeOf,
  Refusal,
  shown,
  userOf,
} from './sandbox-web.ts';

/** GitHub's REST and GraphQL as far as the target uses them, over one organisation. */
export function orgRouter(org: () => Org, tools: StandInTools, credentials: Credentials): Router {
  const router = express.Router();
  let tokens = new Set<string>();
  const place = placeOf(org, tools);
  const { vendor } = place;

  router.post('/app/installations/:id/access_tokens', (request, response) => {
    const fault = faultOfJwt(bearer(request), credentials);
    if (fault !== undefined) throw new Refusal(401, fault);
    if (request.params.id !== credentials.installationId) throw new Refusal(404, 'Not Found');
    const token = `ghs_${randomUUID()}`;
    tokens.add(token);
    const permissions = {
      members: vendor('readOnlyApp') ? 'read' : 'write',
      organization_administration: 'write',
    };
    response.status(201).json({ token, expires_at: new Date(Date.now() + 3_600_000).toISOString(), permissions });
  });

  router.use((request, response, next) => {
    if (vendor('expiredToken')) tokens = new Set();
    if (!tokens.has(bearer(request))) throw new Refusal(401, 'Bad credentials');
    if (vendor('secondaryLimit')) {
      response.setHeader('retry-after', '30');
      throw new Refusal(403, 'You have exceeded a secondary rate limit.');
    }
    if (vendor('silentLimit')) throw new Refusal(403, 'You have exceeded a secondary rate limit.');
    if (vendor('primaryLimit')) {
      response.setHeader('x-ratelimit-remaining', '0');
      response.setHeader('x-ratelimit-reset', String(Math.ceil(Date.now() / 1000) + 600));
      throw new Refusal(403, 'API rate limit exceeded for installation.');
    }
    next();
  });

  router.post('/graphql', express.json(), (request, response) => {
    if (vendor('graphqlForbidden')) {
      return void response.json({ data: null, errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible' }] });
    }
    if (vendor('graphqlTrouble')) {
      return void response.json({
        data: null,
        errors: [{ message: 'Something went wrong while executing your query' }],
      });
    }
    response.json(answerGraphql(request.body, org(), { saml: !vendor('noSaml') }));
  });

  router.get('/user/:id', (request, response) => {
    response.json(shown(found(org().users.find((one) => String(one.id) === request.params.id))));
  });
  router.get('/users/:login', (request, response) => void response.json(shown(userOf(org(), request.params.login))));

  router.use(`/orgs/${credentials.org}`, memberRoutes(place), accessRoutes(place));
  router.use(answerRefusal);
  return router;
}
