import express, { type Router } from 'express';
import { z } from 'zod';
import { numberOf, sameLogin } from './sandbox-org.ts';
import { answerPage, found, type Place, Refusal, shown, standingOf, userOf } from './sandbox-web.ts';

/** Teams, credentials authorised for single sign-on, and outside collaborators. */
export function accessRoutes({ org, vendor, change }: Place): Router {
  const api = express.Router();

  api.get('/teams/:slug', (request, response) => {
    const { slug } = request.params;
    found(org().teams.includes(slug) ? slug : undefined);
    response.json({ id: numberOf(`team ${slug}`), slug });
  });
  api.get('/teams/:slug/memberships/:login', (request, response) => {
    const { member, either } = standingOf(org(), request.params.login);
    if (!found(either).teams.includes(request.params.slug)) throw new Refusal(404, 'Not Found');
    response.json({ state: member === undefined ? 'pending' : 'active', role: 'member' });
  });
  api.put('/teams/:slug/memberships/:login', (request, response) => {
    if (!org().teams.includes(request.params.slug)) throw new Refusal(404, 'Not Found');
    if (vendor('syncedTeam')) throw new Refusal(403, 'This team is managed by an identity provider group.');
    const { member, either } = standingOf(org(), request.params.login);
    const { teams } = found(either);
    change('add to team', request.params.login, () => {
      if (!teams.includes(request.params.slug)) teams.push(request.params.slug);
    });
    response.json({ state: member === undefined ? 'pending' : 'active', role: 'member' });
  });
  api.delete('/teams/:slug/memberships/:login', (request, response) => {
    const holder = found(standingOf(org(), request.params.login).either);
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
      org().collaborators.map((login) => shown(userOf(org(), login))),
    );
  });
  api.delete('/outside_collaborators/:login', (request, response) => {
    const { login } = userOf(org(), request.params.login);
    if (standingOf(org(), login).member !== undefined) {
      throw new Refusal(422, 'You cannot specify an organization member to remove as an outside collaborator.');
    }
    if (org().collaborators.includes(login)) {
      change('remove outside collaborator', login, () => {
        org().collaborators = org().collaborators.filter((one) => one !== login);
      });
    }
    response.status(204).end();
  });

  return api;
}
