import { randomUUID } from 'node:crypto';
import express, { type Router } from 'express';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import type { Directory } from './sandbox-directory.ts';
import { groupRoutes } from './sandbox-groups.ts';
import { userRoutes } from './sandbox-users.ts';
import { answer, answerRefusal, type Credentials, placeOf, Refusal, wantsScimJson } from './sandbox-web.ts';

/** A SCIM 2.0 server over one directory, with a token endpoint beside it. */
export function directoryRouter(directory: () => Directory, tools: StandInTools, credentials: Credentials): Router {
  const router = express.Router();
  const place = placeOf(directory, tools);
  let issued = new Set<string>();

  router.post('/oauth/token', express.urlencoded(), (request, response) => {
    const sent = z
      .object({ grant_type: z.literal('client_credentials'), client_id: z.string(), client_secret: z.string() })
      .safeParse(request.body).data;
    if (sent?.client_id !== credentials.clientId || sent.client_secret !== credentials.clientSecret) {
      return void response.status(401).json({ error: 'invalid_client' });
    }
    const token = randomUUID();
    issued.add(token);
    response.json({ access_token: token, token_type: 'Bearer', expires_in: 3600 });
  });

  const api = express.Router();
  router.use('/v2', api);
  api.use((request, _response, next) => {
    if (place.vendor('expiredToken')) issued = new Set();
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (token !== credentials.token && !issued.has(token)) throw new Refusal(401, 'the token is not valid');
    next();
  });
  api.use(wantsScimJson);
  api.get('/ServiceProviderConfig', (_request, response) => {
    if (place.vendor('silentConfig')) throw new Refusal(404, 'there is no such endpoint');
    answer(response, 200, {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: !place.vendor('noPatch') },
      filter: { supported: !place.vendor('noFilter'), maxResults: 200 },
      bulk: { supported: false },
      etag: { supported: true },
    });
  });
  api.use(userRoutes(place), groupRoutes(place));
  router.use(answerRefusal);
  return router;
}
