import express, { type Router } from 'express';
import { z } from 'zod';
import type { HeldGroup } from './sandbox-directory.ts';
import { type Operation, operationsOf } from './sandbox-patch.ts';
import { answer, answerPage, filterOf, found, type Place, Refusal, scimJson } from './sandbox-web.ts';

const membersSchema = z.array(z.looseObject({ value: z.string() }));
const sentSchema = z.looseObject({ displayName: z.string().min(1), members: membersSchema.default([]) });

/** Groups: searched by member, read, patched and put. */
export function groupRoutes(place: Place): Router {
  const { directory, vendor, change } = place;
  const api = express.Router();
  api.use('/Groups', (_request, _response, next) => {
    if (vendor('noGroups')) throw new Refusal(404, 'there is no such endpoint');
    next();
  });
  const groupOf = (id: string) =>
    found(
      directory().groups.find((group) => group.id === id),
      id,
    );
  const shown = (group: HeldGroup) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    id: group.id,
    displayName: group.displayName,
    // Left out of an empty group, as RFC 7643 2.5 lets a server.
    ...(group.members.length === 0 || vendor('hiddenMembers')
      ? {}
      : { members: group.members.map((value) => ({ value, type: 'User' })) }),
    meta: { resourceType: 'Group', version: `W/"${group.version}"` },
  });
  /** Each member who comes or goes is a change of its own. */
  const become = (group: HeldGroup, wanted: string[]) => {
    for (const id of new Set([...group.members, ...wanted])) {
      if (group.members.includes(id) === wanted.includes(id)) continue;
      const user = found(
        directory().users.find((one) => one.id === id),
        id,
      );
      const there = wanted.includes(id);
      change(there ? 'add to group' : 'remove from group', user, () => {
        group.members = there ? [...group.members, id] : group.members.filter((one) => one !== id);
        group.version += 1;
      });
    }
  };

  api.get('/Groups', (request, response) => {
    const filter = filterOf(request);
    const ignored = filter === undefined || vendor('ignoresFilter');
    if (!ignored && (vendor('noFilter') || filter.attribute !== 'members.value')) {
      throw new Refusal(400, `cannot filter by ${filter.attribute}`, 'invalidFilter');
    }
    const rows = directory().groups.filter((group) => ignored || group.members.includes(filter.value));
    answerPage(request, response, rows.map(shown), false);
  });
  api.get('/Groups/:id', (request, response) => answer(response, 200, shown(groupOf(request.params.id))));

  api.patch('/Groups/:id', scimJson, (request, response) => {
    const group = groupOf(request.params.id);
    for (const operation of operationsOf(request.body, place)) become(group, membersAfter(group, operation));
    if (vendor('noContent')) return void response.status(204).end();
    answer(response, 200, shown(group));
  });
  api.put('/Groups/:id', scimJson, (request, response) => {
    const group = groupOf(request.params.id);
    const { displayName, members } = sentSchema.parse(request.body);
    const ifMatch = request.headers['if-match'];
    if (ifMatch !== undefined && ifMatch !== `W/"${group.version}"`) {
      throw new Refusal(412, 'the resource has changed on the server');
    }
    group.displayName = displayName;
    become(
      group,
      members.map((member) => member.value),
    );
    answer(response, 200, shown(group));
  });

  return api;
}

function membersAfter(group: HeldGroup, { op, attribute, value, member }: Operation): string[] {
  if (attribute !== 'members') throw new Refusal(400, `cannot ${op} ${attribute}`, 'invalidPath');
  // Without a filter it is everybody who goes, as the RFC has it.
  if (op === 'remove') return member === undefined ? [] : group.members.filter((one) => one !== member);
  const sent = membersSchema.parse(value).map((one) => one.value);
  return op === 'add' ? [...new Set([...group.members, ...sent])] : sent;
}
