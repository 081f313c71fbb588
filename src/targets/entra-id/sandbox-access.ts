import express, { type Router } from 'express';
import { z } from 'zod';
import { emptyMailbox, guidOf, isChangeable, skus, type TenantGroup } from './sandbox-tenant.ts';
import { deleteUser } from './sandbox-users.ts';
import { answerPage, badRequest, found, onPremisesMastered, type Place, userOf } from './sandbox-web.ts';

/** Memberships and licences. */
export function accessRoutes({ tenant, vendor, change }: Place): Router {
  const api = express.Router();
  const json = express.json();
  const groupOf = (id: string) =>
    found(
      tenant().groups.find((group) => group.id === id),
      id,
    );

  api.get('/users/:key/memberOf', (request, response) => {
    const user = userOf(tenant(), request.params.key);
    const groups = vendor('laggingReads') ? [] : tenant().groups.filter((group) => group.members.includes(user.id));
    const rows = [
      ...groups.map(({ members, ...group }) => ({ '@odata.type': '#microsoft.graph.group', ...group })),
      ...user.roles.map((displayName) => ({
        '@odata.type': '#microsoft.graph.directoryRole',
        id: guidOf(`role ${displayName}`),
        displayName,
      })),
    ];
    answerPage(request, response, rows, vendor('foreignNextLink') ? 'https://graph.evil.example' : undefined);
  });

  api.post('/groups/:id/members/$ref', json, (request, response) => {
    const group = groupOf(request.params.id);
    const body = z
      .strictObject({ '@odata.id': z.url().regex(/\/v1\.0\/directoryObjects\/[\w-]+$/) })
      .parse(request.body);
    const user = userOf(tenant(), body['@odata.id'].split('/').at(-1));
    if (!isChangeable(group)) throw unchangeable(group);
    if (group.members.includes(user.id)) {
      throw badRequest(
        "One or more added object references already exist for the following modified properties: 'members'.",
      );
    }
    change('add to group', user, () => void group.members.push(user.id));
    response.status(204).end();
  });
  api.delete('/groups/:id/members/:user/$ref', (request, response) => {
    const group = groupOf(request.params.id);
    const user = userOf(tenant(), request.params.user);
    if (!isChangeable(group)) throw unchangeable(group);
    found(group.members.includes(user.id) ? user : undefined, user.id);
    change('remove from group', user, () => {
      group.members = group.members.filter((one) => one !== user.id);
    });
    response.status(204).end();
  });
  // Without /$ref it is the user that goes, exactly as at Microsoft.
  api.delete('/groups/:id/members/:user', (request, response) => {
    const user = userOf(tenant(), request.params.user);
    change('delete user', user, () => deleteUser(tenant(), user));
    response.status(204).end();
  });

  api.post('/users/:key/assignLicense', json, (request, response) => {
    const { addLicenses, removeLicenses } = assignSchema.parse(request.body);
    const user = userOf(tenant(), request.params.key);
    const direct = (sku: string) => user.licences.find((one) => one.skuId === sku && one.assignedByGroup === null);
    for (const { skuId, disabledPlans } of addLicenses) {
      if (user.usageLocation === null) {
        throw badRequest('License assignment cannot be done for user with invalid usage location.');
      }
      const taken = tenant()
        .users.flatMap((one) => one.licences)
        .filter((one) => one.skuId === skuId).length;
      if (vendor('noSeats') || taken >= (tenant().seats[skuId] ?? 0)) {
        throw badRequest(`Subscription with SKU ${skuId} does not have any available licenses.`);
      }
      change('assign licence', user, () => {
        user.licences = user.licences.filter((one) => one !== direct(skuId));
        user.licences.push({ skuId, disabledPlans, assignedByGroup: null });
        if (skuId !== skus.office) return;
        user.mailbox ??= emptyMailbox();
        user.mail ??= user.userPrincipalName;
      });
    }
    for (const skuId of removeLicenses) {
      const held = direct(skuId);
      if (held === undefined) throw badRequest('User does not have a corresponding license.');
      change('remove licence', user, () => {
        user.licences = user.licences.filter((one) => one !== held);
        if (skuId === skus.office) user.mailbox = null;
      });
    }
    response.json({ id: user.id, userPrincipalName: user.userPrincipalName });
  });

  return api;
}

const assignSchema = z.strictObject({
  addLicenses: z.array(z.strictObject({ skuId: z.guid(), disabledPlans: z.array(z.guid()) })),
  removeLicenses: z.array(z.guid()),
});

const unchangeable = (group: TenantGroup) =>
  group.onPremisesSyncEnabled === true
    ? onPremisesMastered()
    : badRequest(
        group.mailEnabled
          ? 'Cannot Update a mail-enabled security groups and or distribution list.'
          : 'Members of a dynamic group cannot be changed.',
      );
