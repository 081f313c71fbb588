import express, { type Router } from 'express';
import { z } from 'zod';
import { numberOf, sameLogin } from './sandbox-org.ts';
import { answerPage, found, type Place, Refusal, shown, standingOf, userOf } from './sandbox-web.ts';

/** Members, memberships and invitations of the organisation. */
export function memberRoutes({ org, vendor, change }: Place): Router {
  const api = express.Router();

  api.get('/members', (request, response) => {
    const role = z.enum(['all', 'admin', 'member']).default('all').parse(request.query['role']);
    const members = org().members.filter((member) => role === 'all' || member.role === role);
    answerPage(
      request,
      response,
      members.map(({ login }) => shown(userOf(org(), login))),
    );
  });
  api.get('/members/:login', (request, response) => {
    found(standingOf(org(), request.params.login).member);
    response.status(204).end();
  });

  api.get('/memberships/:login', (request, response) => {
    const { member, either } = standingOf(org(), request.params.login);
    const { role } = found(vendor('enterpriseTeam') ? undefined : either);
    response.json({ state: member === undefined ? 'pending' : 'active', role });
  });
  api.put('/memberships/:login', express.json(), (request, response) => {
    const { role } = z.object({ role: z.enum(['admin', 'member']).default('member') }).parse(request.body);
    const { login } = userOf(org(), request.params.login);
    const { member } = standingOf(org(), login);
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
    const { member, either } = standingOf(org(), request.params.login);
    found(vendor('enterpriseTeam') ? undefined : either);
    if (vendor('lastOwner')) throw new Refusal(403, 'The last owner of an organization cannot be removed.');
    const { login } = userOf(org(), request.params.login);
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
    const { email, role, team_ids } = z
      .object({
        email: z.email(),
        role: z.literal('direct_member').default('direct_member'),
        team_ids: z.array(z.int()).default([]),
      })
      .parse(request.body);
    const teams = team_ids.map((id) => {
      const team = org().teams.find((slug) => numberOf(`team ${slug}`) === id);
      if (team === undefined) throw new Refusal(422, 'Validation Failed');
      return team;
    });
    const taken = org().invitations.some((one) => sameLogin(one.email, email));
    if (taken || org().identities.some((one) => sameLogin(one.nameId, email) && standingOf(org(), one.login).member)) {
      throw new Refusal(422, 'Invitee is already a part of this organization');
    }
    const login = org().identities.find((one) => sameLogin(one.nameId, email))?.login ?? null;
    const invitation = { id: numberOf(email), login, email, role, teams };
    change('invite member', email, () => void org().invitations.push(invitation));
    response.status(201).json({ ...invitation, team_count: teams.length });
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

  return api;
}
