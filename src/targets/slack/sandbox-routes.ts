import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import {
  blocksSchema,
  bot,
  conversationOf,
  directId,
  type MessageKept,
  readable,
  type Workspace,
} from './sandbox-workspace.ts';

const postedSchema = z.looseObject({
  channel: z.string(),
  text: z.string().min(1),
  blocks: z.unknown(),
  metadata: z.looseObject({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).exactOptional(),
});

const scopes = 'chat:write,users:read,users:read.email,channels:history,groups:history,im:history,im:write';

/** The Web API's methods that Muster calls. Refusals have status 200, as Slack's have. */
export function workspaceRouter(workspace: () => Workspace, tools: StandInTools, token: string): Router {
  const router = express.Router();
  const refuse = (response: Response, error: string, more: Record<string, string> = {}) =>
    void response.json({ ok: false, error, ...more });
  router.use(express.json(), express.urlencoded({ extended: false }), (request, response, next) => {
    response.setHeader(
      'X-OAuth-Scopes',
      tools.fault()?.vendor === 'noHistory' ? 'chat:write,users:read.email' : scopes,
    );
    const sent = request.headers.authorization;
    if (sent === `Bearer ${token}`) return next();
    refuse(response, sent === undefined ? 'not_authed' : 'invalid_auth');
  });

  router.post('/auth.test', (_request, response) => {
    response.json({
      ok: true,
      url: 'https://globaltech.slack.com/',
      team: 'GlobalTech',
      team_id: 'T0GLOBALTECH',
      ...bot,
    });
  });
  router.post('/users.lookupByEmail', (request, response) => {
    const user = workspace().users.find(({ email }) => email === field(request, 'email'));
    if (user === undefined) return refuse(response, 'users_not_found');
    response.json({ ok: true, user: { id: user.id, name: user.name, profile: { email: user.email } } });
  });
  router.post('/conversations.open', (request, response) => {
    const user = workspace().users.find(({ id }) => id === field(request, 'users'));
    if (tools.fault()?.vendor === 'noHistory') return refuse(response, 'missing_scope', { needed: 'im:write' });
    if (user === undefined) return refuse(response, 'user_not_found');
    response.json({ ok: true, channel: { id: directId(user.id) } });
  });
  router.post('/conversations.history', (request, response) => {
    const conversation = conversationOf(workspace(), field(request, 'channel'));
    if (tools.fault()?.vendor === 'noHistory') return refuse(response, 'missing_scope', { needed: 'channels:history' });
    if (conversation?.id !== field(request, 'channel')) return refuse(response, 'channel_not_found');
    const start = Number(field(request, 'cursor') || 0);
    const end = start + Number(field(request, 'limit') || 100);
    const said = workspace()
      .messages.filter((message) => message.conversation === conversation.id)
      .reverse();
    const withMetadata = field(request, 'include_all_metadata') === 'true';
    response.json({
      ok: true,
      messages: said.slice(start, end).map((message) => shown(message, withMetadata)),
      has_more: said.length > end,
      response_metadata: { next_cursor: said.length > end ? String(end) : '' },
    });
  });
  router.post('/chat.postMessage', (request, response) => {
    const sent = postedSchema.safeParse(request.body).data;
    if (sent === undefined) return refuse(response, 'invalid_arguments');
    const conversation = conversationOf(workspace(), sent.channel);
    if (conversation === undefined) return refuse(response, 'channel_not_found');
    const fault = tools.fault();
    if (fault?.vendor === 'notInChannel') return refuse(response, 'not_in_channel');
    if (fault?.vendor === 'archived') return refuse(response, 'is_archived');
    const blocks = blocksSchema.safeParse(sent.blocks).data;
    if (blocks === undefined) return refuse(response, 'invalid_blocks');
    const now = new Date();
    const message: MessageKept = {
      id: `${Math.floor(now.getTime() / 1_000)}.${String(workspace().messages.length + 1).padStart(6, '0')}`,
      conversation: conversation.id,
      to: conversation.name,
      ...readable(blocks),
      at: now.toISOString(),
      posted: sent,
    };
    if (fault?.lie !== true) {
      workspace().messages.push(message);
      const worker = workerIn(message);
      tools.called({ operation: 'send message', subject: message.to, ...(worker === undefined ? {} : { worker }) });
    }
    response.json({ ok: true, channel: conversation.id, ts: message.id, message: shown(message, false) });
  });
  return router;
}

function shown({ id, posted }: MessageKept, withMetadata: boolean): Record<string, unknown> {
  const { channel: _, metadata, ...message } = posted;
  return {
    type: 'message',
    ts: id,
    user: bot.user_id,
    bot_id: bot.bot_id,
    ...message,
    ...(withMetadata && metadata !== undefined ? { metadata } : {}),
  };
}

const field = (request: Request, name: string): string =>
  z.record(z.string(), z.string()).catch({}).parse(request.body)[name] ?? '';

/** The worker that a message is about: named in its metadata, else in its words. */
const workerIn = ({ posted, title, text }: MessageKept): string | undefined =>
  /\b[A-Z]{2,5}-\d{3,}\b/.exec(`${JSON.stringify(posted['metadata'] ?? '')} ${title} ${text}`)?.[0];
