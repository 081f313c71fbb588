import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import {
  noteCall,
  sameName,
  startRacingSession,
  type Vault,
  type VaultSession,
  type VaultUser,
} from './sandbox-vault.ts';
import { fail, pageOf, queried } from './sandbox-web.ts';

/** Users: search (contains, over names), one in full, enable, disable, and the PUT that older versions need. */
export function userRoutes(vault: () => Vault, tools: StandInTools): Router {
  const router = express.Router();
  const userOf = (request: Request) => vault().users.find((user) => String(user.id) === request.params['id']);
  const switchUser = (user: VaultUser, enable: boolean) => {
    const fault = tools.fault();
    if (fault?.lie === true) return;
    user.enableUser = enable;
    noteCall(vault(), tools, enable ? 'enable user' : 'disable user', user.username);
    if (enable || fault?.vendor !== 'sessionRace') return;
    if (vault().sessions.some((session) => session.user === user.username)) vault().racing.push(user.username);
    else startRacingSession(vault(), user.username);
  };

  router.get('/Users', (request, response) => {
    const wanted = queried(request, 'search').toLowerCase();
    const found = vault().users.filter((user) => searchText(user).includes(wanted));
    const brief = vault().briefLists;
    response.json({
      Users: found.map((user) => (brief ? identityOf(user) : { ...identityOf(user), ...statusOf(user) })),
      Total: found.length,
    });
  });
  router.get('/Users/:id', (request, response) => {
    const user = userOf(request);
    if (user === undefined) return fail(response, 404);
    response.json({ ...identityOf(user), ...statusOf(user), ...user.profile });
  });
  router.post('/Users/:id/:verb', (request, response, next) => {
    const verb = request.params.verb.toLowerCase();
    if (verb !== 'disable' && verb !== 'enable') return next();
    const user = userOf(request);
    if (user === undefined || tools.fault()?.vendor === 'olderVersion') return fail(response, 404);
    switchUser(user, verb === 'enable');
    response.json({ ...identityOf(user), ...statusOf(user) });
  });
  router.put('/Users/:id', express.json(), (request, response) => {
    const user = userOf(request);
    if (user === undefined) return fail(response, 404);
    const sent = z.looseObject({ username: z.string(), enableUser: z.boolean() }).safeParse(request.body).data;
    if (sent === undefined) return fail(response, 400);
    const { username, enableUser } = sent;
    if (tools.fault()?.lie !== true) {
      // A PUT is the whole user: what is not sent is lost, as it is at the vendor's.
      const fixed = new Set(Object.keys({ ...identityOf(user), ...statusOf(user) }));
      user.profile = Object.fromEntries(Object.entries(sent).filter(([field]) => !fixed.has(field)));
      user.username = username;
      if (enableUser !== user.enableUser) switchUser(user, enableUser);
    }
    response.json({ ...identityOf(user), ...statusOf(user), ...user.profile });
  });
  router.delete('/Users/:id', (request, response) => {
    const user = userOf(request);
    if (user === undefined) return fail(response, 404);
    if (tools.fault()?.lie !== true) {
      noteCall(vault(), tools, 'delete user', user.username);
      vault().users = vault().users.filter((one) => one !== user);
      for (const safe of vault().safes) {
        safe.members = safe.members.filter((member) => !sameName(member.memberName, user.username));
      }
    }
    response.status(204).end();
  });
  return router;
}

/** Live PSM sessions: a list in pages, searched over every property, and the end of one. */
export function sessionRoutes(vault: () => Vault, tools: StandInTools): Router {
  const router = express.Router();
  router.get('/LiveSessions', (request, response) => {
    const wanted = queried(request, 'search').toLowerCase();
    const found = vault().sessions.filter((session) =>
      Object.values(session).join('\n').toLowerCase().includes(wanted),
    );
    response.json({ LiveSessions: pageOf(request, found).items.map(shown), Total: found.length });
  });
  router.post('/LiveSessions/:guid/Terminate', (request, response) => {
    const state = vault();
    const session = state.sessions.find((candidate) => candidate.guid === request.params.guid);
    if (session === undefined) return fail(response, 404);
    const fault = tools.fault();
    if (fault?.vendor === 'cannotTerminate') return fail(response, 403);
    if (fault?.lie !== true) {
      state.sessions = state.sessions.filter((candidate) => candidate !== session);
      noteCall(state, tools, 'terminate session', session.user);
      if (state.racing.includes(session.user)) {
        state.racing = state.racing.filter((username) => username !== session.user);
        startRacingSession(state, session.user);
      }
    }
    response.status(200).end();
  });
  return router;
}

const searchText = (user: VaultUser): string => {
  const names = z
    .object({ personalDetails: z.object({ firstName: z.string(), lastName: z.string() }) })
    .safeParse(user.profile).data?.personalDetails;
  return [user.username, names?.firstName ?? '', names?.lastName ?? ''].join('\n').toLowerCase();
};

const identityOf = (user: VaultUser) => ({
  id: user.id,
  username: user.username,
  source: 'CyberArk',
  userType: user.component ? 'AppProvider' : 'EPVUser',
  componentUser: user.component,
  location: '\\',
});

const statusOf = (user: VaultUser) => ({ enableUser: user.enableUser, suspended: user.suspended });

const shown = (session: VaultSession) => ({
  SessionID: session.guid,
  SessionGuid: session.guid,
  User: session.user,
  SafeName: session.safe,
  RemoteMachine: session.machine,
  AccountUsername: session.accountUsername,
  ConnectionComponentID: 'PSM-RDP',
  IsLive: true,
  CanTerminate: true,
  CanMonitor: true,
  CanSuspend: true,
  RiskScore: 0,
});
