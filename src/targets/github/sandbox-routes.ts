import { randomUUID } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { answerGraphql } from './sandbox-graphql.ts';
import { numberOf, type Org, sameLogin } from './sandbox-org.ts';

/** Rows a page; tiny, so that whoever forgets the next page is found out. */
const pageSize = 2;

interface Credentials {
  appId: string;
  installationId: string;
  org: string;
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** GitHub's REST and GraphQL as far as the target uses them, over one organisation. */
export function orgRouter(org: () => Org, tools: StandInTools, credentials: Credentials): Router {
  const router = express.Router();
  let tokens = new Set<string>();
  const vendor = (name: string) => tools.fault()?.vendor === name;

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

  /** A list in pages, with the Link header that leads to the next. */
  const answerPage = (request: Request, response: Response, rows: unknown[]) => {
    const at = Number(request.query['page'] ?? 1);
    if (at * pageSize < rows.length) {
      const next = new URL(request.originalUrl, 'https://api.github.com');
      next.searchParams.set('page', String(at + 1));
      response.setHeader('link', `<${next}>; rel="next", <https://api.github.com/last>; rel="last"`);
    }
    response.json(rows.slice((at - 1) * pageSize, at * pageSize));
  };

  /** Obeys a change, unless the fault says to lie about it. */
  const change = (operation: string, login: string, obey: () => void) => {
    if (tools.fault()?.lie === true) return;
    const user = org().users.find((one) => sameLogin(one.login, login));
    obey();
    tools.called({ operation, subject: login, ...(user?.worker === undefined ? {} : { worker: user.worker }) });
  };
  const user = (login: string) => found(org().users.find((one) => sameLogin(one.login, login)));
  const shown = ({ id, login }: { id: number; login: string }) => ({ id, login });
  const standing = (login: string) => {
    const member = org().members.find((one) => sameLogin(one.login, login));
    const invitation = org().invitations.find((one) => sameLogin(one.login, login));
    return { member, invitation, either: member ?? invitation };
  };

  router.get('/user/:id', (request, response) => {
    response.json(shown(found(org().users.find((one) => String(one.id) === request.params.id))));
  });
  router.get('/users/:login', (request, response) => void response.json(shown(user(request.params.login))));

  const api = express.Router();
  router.use(`/orgs/${credentials.org}`, api);

  api.get('/members', (request, response) => {
    answerPage(
      request,
      response,
      org().members.map(({ login }) => shown(user(login))),
    );
  });
  api.get('/members/:login', (request, response) => {
    found(standing(request.params.login).member);
    response.status(204).end();
  });

  api.get('/memberships/:login', (request, response) => {
    const { member, either } = standing(request.params.login);
    const { role } = found(vendor('enterpriseTeam') ? undefined : either);
    response.json({ state: member === undefined ? 'pending' : 'active', role });
  });
  api.put('/memberships/:login', express.json(), (request, response) => {
    const { role } = z.object({ role: z.enum(['admin', 'member']).default('member') }).parse(request.body);
    const { login } = user(request.params.login);
    const { member } = standing(login);
    change('add member', login, () => {
      if (member !== undefined) member.role = role;
      else {
        const id = numberOf(`${login} invitation`);
        org().invitations = org().invitations.filter((one) => one.id !== id);
        org().invitations.push({ id, login, email: null, role, teams: [] });
        org().collaborators = org().collaborators.filter((one) => one !== login);
      }
    });
    response.json({ state: member === undefined ? 'pending' : 'active', role });
  });
  api.delete('/memberships/:login', (request, response) => {
    const { member, either } = standing(request.params.login);
    found(vendor('enterpriseTeam') ? undefined : either);
    if (vendor('lastOwner')) throw new Refusal(403, 'The last owner of an organization cannot be removed.');
    const { login } = user(request.params.login);
    change('remove member', login, () => {
      org().members = org().members.filter((one) => one !== member);
      org().invitations = org().invitations.filter((one) => !sameLogin(one.login, login));
      if (vendor('keepsCollaborator')) org().collaborators.push(login);
    });
    response.status(204).end();
  });

  api.get('/invitations', (request, response) => {
    answerPage(
      request,
      response,
      org().invitations.map(({ id, login, email, role, teams }) => ({
        id,
        login,
        email,
        role,
        team_count: teams.length,
      })),
    );
  });
  api.post('/invitations', express.json(), (request, response) => {
    const { email, role } = z
      .object({ email: z.email(), role: z.literal('direct_member').default('direct_member') })
      .parse(request.body);
    const taken = org().invitations.some((one) => sameLogin(one.email, email));
    if (taken || org().identities.some((one) => sameLogin(one.nameId, email) && standing(one.login).member)) {
      throw new Refusal(422, 'Invitee is already a part of this organization');
    }
    const login = org().identities.find((one) => sameLogin(one.nameId, email))?.login ?? null;
    const invitation = { id: numberOf(email), login, email, role, teams: [] };
    change('invite member', email, () => void org().invitations.push(invitation));
    response.status(201).json({ ...invitation, team_count: 0 });
  });
  const invitationOf = (request: { params: { id: string } }) =>
    found(org().invitations.find((one) => String(one.id) === request.params.id));
  api.delete('/invitations/:id', (request, response) => {
    const invitation = invitationOf(request);
    change('cancel invitation', invitation.login ?? invitation.email ?? '', () => {
      org().invitations = org().invitations.filter((one) => one !== invitation);
    });
    response.status(204).end();
  });
  api.get('/invitations/:id/teams', (request, response) => {
    answerPage(
      request,
      response,
      invitationOf(request).teams.map((slug) => ({ slug })),
    );
  });

  api.get('/teams/:slug/memberships/:login', (request, response) => {
    const { member, either } = standing(request.params.login);
    if (!found(either).teams.includes(request.params.slug)) throw new Refusal(404, 'Not Found');
    response.json({ state: member === undefined ? 'pending' : 'active', role: 'member' });
  });
  api.put('/teams/:slug/memberships/:login', (request, response) => {
    if (!org().teams.includes(request.params.slug)) throw new Refusal(404, 'Not Found');
    if (vendor('syncedTeam')) throw new Refusal(403, 'This team is managed by an identity provider group.');
    const { member, either } = standing(request.params.login);
    const { teams } = found(either);
    change('add to team', request.params.login, () => {
      if (!teams.includes(request.params.slug)) teams.push(request.params.slug);
    });
    response.json({ state: member === undefined ? 'pending' : 'active', role: 'member' });
  });
  api.delete('/teams/:slug/memberships/:login', (request, response) => {
    const holder = found(standing(request.params.login).either);
    if (vendor('syncedTeam')) throw new Refusal(403, 'This team is managed by an identity provider group.');
    if (holder.teams.includes(request.params.slug)) {
      change('remove from team', request.params.login, () => {
        holder.teams = holder.teams.filter((slug) => slug !== request.params.slug);
      });
    }
    response.status(204).end();
  });

  api.get('/credential-authorizations', (request, response) => {
    if (vendor('noSaml')) throw new Refusal(404, 'Not Found');
    const login = z.string().optional().parse(request.query['login']);
    answerPage(
      request,
      response,
      org().credentials.filter((one) => login === undefined || sameLogin(one.login, login)),
    );
  });
  api.delete('/credential-authorizations/:id', (request, response) => {
    const credential = found(org().credentials.find((one) => String(one.credential_id) === request.params.id));
    change('revoke SSO credential', credential.login, () => {
      org().credentials = org().credentials.filter((one) => one !== credential);
    });
    response.status(204).end();
  });

  api.get('/outside_collaborators', (request, response) => {
    answerPage(
      request,
      response,
      org().collaborators.map((login) => shown(user(login))),
    );
  });
  api.delete('/outside_collaborators/:login', (request, response) => {
    const { login } = user(request.params.login);
    if (standing(login).member !== undefined) {
      throw new Refusal(422, 'You cannot specify an organization member to remove as an outside collaborator.');
    }
    if (org().collaborators.includes(login)) {
      change('remove outside collaborator', login, () => {
        org().collaborators = org().collaborators.filter((one) => one !== login);
      });
    }
    response.status(204).end();
  });

  router.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    if (error instanceof Refusal) return response.status(error.status).json({ message: error.message });
    if (error instanceof z.ZodError) return response.status(422).json({ message: z.prettifyError(error) });
    return next(error);
  });
  return router;
}

const bearer = (request: Request): string => request.headers.authorization?.replace(/^Bearer /, '') ?? '';

function found<T>(item: T | undefined): T {
  if (item === undefined) throw new Refusal(404, 'Not Found');
  return item;
}

/** The claims are checked as GitHub checks them; the signature is not, because the stand-in holds no public key of the app. */
function faultOfJwt(jwt: string, { appId }: Credentials): string | undefined {
  try {
    const { iss, iat = 0, exp = 0 } = decodeJwt(jwt);
    const now = Date.now() / 1000;
    if (decodeProtectedHeader(jwt).alg !== 'RS256') return "'alg' must be RS256";
    if (iss !== appId) return "'Issuer' claim ('iss') must be the app's id";
    if (iat > now)
      return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    if (exp < now) return "'Expiration time' claim ('exp') has expired";
    if (exp > now + 600) return "'Expiration time' claim ('exp') is too far in the future";
    return undefined;
  } catch {
    return 'A JSON web token could not be decoded';
  }
}
