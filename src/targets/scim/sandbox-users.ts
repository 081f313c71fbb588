import { isDeepStrictEqual } from 'node:util';
import express, { type Router } from 'express';
import { z } from 'zod';
import { asResource, put, stepsOf } from './resource.ts';
import { type HeldUser, idOf } from './sandbox-directory.ts';
import { booleanOf, type Operation, operationsOf, shownBoolean } from './sandbox-patch.ts';
import { answer, answerPage, filterOf, found, type Place, Refusal, scimJson } from './sandbox-web.ts';

const sentSchema = z.looseObject({
  schemas: z.array(z.string()).min(1),
  userName: z.string().min(1),
  externalId: z.string().optional(),
  active: z.unknown(),
});

/** Users: searched, read, made, patched and put. */
export function userRoutes(place: Place): Router {
  const { directory, vendor, change } = place;
  const api = express.Router();
  const userOf = (id: string) =>
    found(
      directory().users.find((user) => user.id === id),
      id,
    );
  const shown = (user: HeldUser) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    ...user.resource,
    id: user.id,
    active: vendor('noActive') ? undefined : shownBoolean(user.resource.active, place),
    ...(vendor('userGroups') ? { groups: groupsOf(place, user) } : {}),
    meta: { resourceType: 'User', version: `W/"${user.version}"` },
  });
  const switchTo = (user: HeldUser, active: boolean) => {
    if (active === user.resource.active) return;
    change(active ? 'activate user' : 'deactivate user', user, () => {
      user.resource.active = active;
      user.version += 1;
      // GitHub's organisations do it so.
      if (vendor('deletesInactive')) directory().users = directory().users.filter((one) => one !== user);
    });
  };

  const become = (user: HeldUser, resource: HeldUser['resource']) => {
    if (isDeepStrictEqual(resource, user.resource)) return;
    change('update user', user, () => {
      user.resource = resource;
      user.version += 1;
    });
  };

  api.get('/Users', (request, response) => {
    const rows = matching(place, filterOf(request));
    answerPage(request, response, rows.map(shown), vendor('samePage'));
  });
  api.get('/Users/:id', (request, response) => answer(response, 200, shown(userOf(request.params.id))));

  api.post('/Users', scimJson, (request, response) => {
    const { schemas, active, ...sent } = sentSchema.parse(request.body);
    const same = (one: HeldUser) => one.resource.userName.toLowerCase() === sent.userName.toLowerCase();
    if (directory().users.some(same)) throw new Refusal(409, 'userName is already in use', 'uniqueness');
    const resource = { ...sent, active: booleanOf(active, place) };
    const user: HeldUser = { id: idOf(`user ${sent.userName}`), version: 1, resource };
    change('create user', user, () => void directory().users.push(user));
    if (vendor('silentCreate')) return void response.status(201).end();
    answer(response, 201, shown(user));
  });

  api.patch('/Users/:id', scimJson, (request, response) => {
    const user = userOf(request.params.id);
    const operations = operationsOf(request.body, place);
    if (operations.some(({ op, attribute }) => op === 'add' || (attribute === 'active' && op !== 'replace'))) {
      throw new Refusal(400, 'cannot do that to an attribute', 'invalidPath');
    }
    for (const { value } of operations.filter(({ attribute }) => attribute === 'active')) {
      switchTo(user, booleanOf(value, place));
    }
    become(user, applied(user.resource, operations));
    if (vendor('noContent')) return void response.status(204).end();
    answer(response, 200, shown(user));
  });

  api.put('/Users/:id', scimJson, (request, response) => {
    const user = userOf(request.params.id);
    if (vendor('staleVersion') || isStale(request.headers['if-match'], user.version)) {
      throw new Refusal(412, 'the resource has changed on the server');
    }
    const { schemas, active, id, meta, groups, ...sent } = sentSchema.parse(request.body);
    if (meta !== undefined || groups !== undefined)
      throw new Refusal(400, 'meta and groups are read-only', 'mutability');
    const wanted = booleanOf(active, place);
    // What is not sent is lost, as a PUT has it.
    become(user, { ...sent, active: user.resource.active });
    switchTo(user, wanted);
    answer(response, 200, shown(user));
  });

  api.delete('/Users/:id', (request, response) => {
    const user = userOf(request.params.id);
    change('delete user', user, () => {
      directory().users = directory().users.filter((one) => one !== user);
      for (const group of directory().groups) group.members = group.members.filter((id) => id !== user.id);
    });
    response.status(204).end();
  });

  return api;
}

const isPart = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The resource after a PATCH of other attributes than `active`. Without a path, parts are put together one level deep. */
function applied(resource: HeldUser['resource'], operations: readonly Operation[]): HeldUser['resource'] {
  const next = structuredClone(resource);
  for (const { op, attribute, value, top } of operations) {
    if (attribute === 'active') continue;
    if (top === true)
      next[attribute] = isPart(value) ? { ...asResource(next[attribute]), ...asResource(value) } : value;
    else put(next, stepsOf(attribute).steps, op === 'remove' ? null : value);
  }
  return next;
}

const isStale = (ifMatch: string | undefined, version: number): boolean =>
  ifMatch !== undefined && ifMatch !== `W/"${version}"`;

/** User names are compared without regard to case, external ids exactly. RFC 7643 4.1.1 and 3.1. */
function matching({ directory, vendor }: Place, filter: { attribute: string; value: string } | undefined): HeldUser[] {
  const { users } = directory();
  if (filter === undefined || vendor('ignoresFilter')) return users;
  const { attribute, value } = filter;
  if (vendor('noFilter') || (vendor('userNameOnly') && attribute !== 'userName')) {
    throw new Refusal(400, `cannot filter by ${attribute}`, 'invalidFilter');
  }
  if (attribute === 'externalId') return users.filter((user) => user.resource.externalId === value);
  if (attribute !== 'userName') throw new Refusal(400, `cannot filter by ${attribute}`, 'invalidFilter');
  return users.filter((user) => user.resource.userName.toLowerCase() === value.toLowerCase());
}

const groupsOf = ({ directory }: Place, user: HeldUser) =>
  directory()
    .groups.filter((group) => group.members.includes(user.id))
    .map((group) => ({ value: group.id, display: group.displayName, type: 'direct' }))
    // A group of groups, whose membership is not the user's own.
    .concat([{ value: idOf('group Company'), display: 'Company', type: 'indirect' }]);
