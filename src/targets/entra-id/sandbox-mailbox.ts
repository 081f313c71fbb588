import { randomBytes, randomUUID } from 'node:crypto';
import express, { type Router } from 'express';
import { z } from 'zod';
import type { TenantUser } from './sandbox-tenant.ts';
import { answerPage, badRequest, found, type Place, Refusal, userOf } from './sandbox-web.ts';

/** Mailboxes of users, and temporary access passes. */
export function mailboxRoutes({ tenant, vendor, change }: Place): Router {
  const api = express.Router();
  const json = express.json();
  const mailboxOf = (user: TenantUser) => {
    if (user.mailbox !== null && !vendor('mailboxElsewhere')) return user.mailbox;
    const words = 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.';
    throw new Refusal(404, 'MailboxNotEnabledForRESTAPI', words);
  };

  api.get('/users/:key/mailFolders/inbox/messageRules', (request, response) => {
    answerPage(request, response, mailboxOf(userOf(tenant(), request.params.key)).rules);
  });
  api.post('/users/:key/mailFolders/inbox/messageRules', json, (request, response) => {
    const user = userOf(tenant(), request.params.key);
    const mailbox = mailboxOf(user);
    const rule = { id: randomUUID(), ...ruleSchema.parse(request.body) };
    change('forward mailbox', user, () => void mailbox.rules.push(rule));
    response.status(201).json(rule);
  });
  api.patch('/users/:key/mailFolders/inbox/messageRules/:id', json, (request, response) => {
    const user = userOf(tenant(), request.params.key);
    const { id } = request.params;
    const rule = found(
      mailboxOf(user).rules.find((one) => one.id === id),
      id,
    );
    const changed = ruleSchema.partial().parse(request.body);
    change('forward mailbox', user, () => void Object.assign(rule, changed));
    response.json(rule);
  });

  api.get('/users/:key/mailboxSettings', (request, response) => {
    const { automaticReply } = mailboxOf(userOf(tenant(), request.params.key));
    // Text comes back as a page, as from Exchange.
    const page = (text: string) => (text === '' ? '' : `<html>\r\n<body>\r\n${text}\r\n</body>\r\n</html>\r\n`);
    const { status, internal, external } = automaticReply;
    response.json({
      automaticRepliesSetting: {
        status,
        externalAudience: 'all',
        internalReplyMessage: page(internal),
        externalReplyMessage: page(external),
      },
    });
  });
  api.patch('/users/:key/mailboxSettings', json, (request, response) => {
    const user = userOf(tenant(), request.params.key);
    const mailbox = mailboxOf(user);
    const { automaticRepliesSetting: sent } = repliesSchema.parse(request.body);
    change('set automatic reply', user, () => {
      const { status, internalReplyMessage: internal, externalReplyMessage: external } = sent;
      mailbox.automaticReply = { status, internal, external };
    });
    response.json({});
  });

  api.post('/users/:key/authentication/temporaryAccessPassMethods', json, (request, response) => {
    const user = userOf(tenant(), request.params.key);
    if (vendor('noPasses'))
      throw badRequest('Temporary Access Pass is not enabled in the authentication methods policy.');
    const { startDateTime = new Date().toISOString(), lifetimeInMinutes } = passSchema.parse(request.body);
    const endsAt = new Date(Date.parse(startDateTime) + lifetimeInMinutes * 60_000).toISOString();
    change('create temporary access pass', user, () => {
      user.pass = { startsAt: startDateTime, endsAt };
    });
    response.status(201).json({
      id: randomUUID(),
      temporaryAccessPass: randomBytes(6).toString('base64url'),
      startDateTime,
      lifetimeInMinutes,
      isUsableOnce: true,
    });
  });

  return api;
}

const ruleSchema = z.strictObject({
  displayName: z.string().min(1),
  sequence: z.int().positive(),
  isEnabled: z.boolean(),
  actions: z.strictObject({
    forwardTo: z.array(z.strictObject({ emailAddress: z.strictObject({ address: z.email() }) })).min(1),
    stopProcessingRules: z.boolean(),
  }),
});

const repliesSchema = z.strictObject({
  automaticRepliesSetting: z.strictObject({
    status: z.enum(['disabled', 'alwaysEnabled', 'scheduled']),
    externalAudience: z.enum(['none', 'contactsOnly', 'all']),
    internalReplyMessage: z.string(),
    externalReplyMessage: z.string(),
  }),
});

const passSchema = z.strictObject({
  lifetimeInMinutes: z.int().min(10).max(43_200),
  isUsableOnce: z.literal(true),
  startDateTime: z.iso.datetime({ offset: true }).optional(),
});
