import express, { type Request, type Router } from 'express';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { memberSchema, noteCall, sameName, type Vault, type VaultSafe } from './sandbox-vault.ts';
import { fail, pageOf } from './sandbox-web.ts';

type Member = VaultSafe['members'][number];

/** Safes and their members, in pages; adding and removing a member. */
export function safeRoutes(vault: () => Vault, tools: StandInTools): Router {
  const router = express.Router();
  const safeOf = (request: Request) => vault().safes.find((safe) => safe.name === request.params['safe']);
  const memberOf = (request: Request) =>
    safeOf(request)?.members.find((member) => sameName(member.memberName, String(request.params['member'])));

  router.get('/Safes', (request, response) => {
    const safes = vault().safes.map((safe) => ({ safeUrlId: safe.id, safeName: safe.name }));
    response.json(listed(request, 'safes', safes));
  });
  router.use('/Safes/:safe/Members', (request, response, next) => {
    const safe = safeOf(request);
    if (safe === undefined) return fail(response, 404);
    return safe.readable ? next() : fail(response, 403);
  });
  router.get('/Safes/:safe/Members', (request, response) => {
    const safe = safeOf(request);
    if (safe === undefined) return fail(response, 404);
    const members = safe.members.map((member) => shown(safe, member));
    response.json(listed(request, `safes/${safe.id}/members`, members));
  });
  router.get('/Safes/:safe/Members/:member', (request, response) => {
    const safe = safeOf(request);
    const member = memberOf(request);
    if (safe === undefined || member === undefined) return fail(response, 404);
    response.json(shown(safe, member));
  });
  router.post('/Safes/:safe/Members', express.json(), (request, response) => {
    const safe = safeOf(request);
    if (safe === undefined) return fail(response, 404);
    const sent = memberSchema.safeParse(request.body).data;
    if (sent === undefined) return fail(response, 400);
    if (safe.members.some((member) => sameName(member.memberName, sent.memberName))) return fail(response, 409);
    if (tools.fault()?.lie !== true) {
      safe.members.push(sent);
      noteCall(vault(), tools, 'add safe member', sent.memberName);
    }
    response.status(201).json(shown(safe, sent));
  });
  router.delete('/Safes/:safe/Members/:member', (request, response) => {
    const safe = safeOf(request);
    const member = memberOf(request);
    if (safe === undefined || member === undefined) return fail(response, 404);
    if (tools.fault()?.lie !== true) {
      safe.members = safe.members.filter((candidate) => candidate !== member);
      noteCall(vault(), tools, 'remove safe member', member.memberName);
    }
    response.status(204).end();
  });
  return router;
}

function listed(request: Request, path: string, all: readonly unknown[]): Record<string, unknown> {
  const { items, next } = pageOf(request, all);
  return {
    value: items,
    count: all.length,
    ...(next === undefined ? {} : { nextLink: `api/${path}?offset=${next}` }),
  };
}

const shown = (safe: VaultSafe, member: Member) => ({
  safeUrlId: safe.id,
  safeName: safe.name,
  memberType: 'User',
  isExpiredMembershipEnable: false,
  isPredefinedUser: false,
  ...member,
});
