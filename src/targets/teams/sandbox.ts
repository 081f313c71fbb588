import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import type { MakeStandIn, StandInTools } from '../../sandbox/stand-in.ts';

/** The key in the stand-in's addresses. */
export const sandboxCredentials = { sig: 'sandbox-teams-signature-0000' } as const;

/** The workflows that the stand-in has, by the channels they post to. */
const workflows: Readonly<Record<string, string>> = {
  '#identity-security': '0d1c8a4e5b7f',
  '#people-team': '7a2b9c3d4e6f',
};

/** The address of a channel's workflow, below the stand-in's own. */
export const sandboxAddress = (baseUrl: string, channel: string): string =>
  `${baseUrl}/workflows/${workflows[channel] ?? 'none'}/triggers/manual/paths/invoke` +
  `?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=${sandboxCredentials.sig}`;

const messageSchema = z.object({
  id: z.string(),
  to: z.string(),
  title: z.string(),
  text: z.string(),
  actions: z.array(z.record(z.string(), z.unknown())),
  at: z.string(),
});
const postsSchema = z.object({ messages: z.array(messageSchema) });
type Posts = z.infer<typeof postsSchema>;

const textRun = z.looseObject({ type: z.literal('TextRun'), text: z.string().min(1) });
const cardSchema = z.object({
  type: z.literal('message'),
  attachments: z.tuple([
    z.object({
      contentType: z.literal('application/vnd.microsoft.card.adaptive'),
      contentUrl: z.null(),
      content: z.object({
        type: z.literal('AdaptiveCard'),
        version: z.literal('1.4'),
        body: z.array(z.looseObject({ type: z.literal('RichTextBlock'), inlines: z.array(textRun).min(1) })).min(1),
        actions: z
          .array(z.looseObject({ type: z.literal('Action.OpenUrl'), title: z.string().min(1), url: z.url() }))
          .default([]),
      }),
    }),
  ]),
});

const words: Readonly<Record<number, string>> = {
  401: 'DirectApiAuthorizationRequired',
  404: 'WorkflowNotFound',
  429: 'TooManyRequests',
};

const errorOf = (status: number, code = words[status] ?? 'Error') => ({
  body: JSON.stringify({ error: { code, message: `The request was refused (${status}).` } }),
  contentType: 'application/json',
});

/**
 * Power Automate's stand-in, as Teams' workflows are called: `sandboxAddress` gives the addresses. It takes Adaptive Cards 1.4
 * of text runs and links, up to 28 KB. The vendor fault `turnedOff`: the flow does not run.
 */
export const makeStandIn: MakeStandIn = (tools) => {
  let posts: Posts = { messages: [] };
  return {
    state: () => ({ accounts: [], messages: posts.messages }),
    seed: () => {
      posts = { messages: [] };
    },
    dump: () => structuredClone(posts),
    restore: (dumped) => {
      posts = postsSchema.parse(dumped);
    },
    router: router(() => posts, tools),
    errorBody: (status) => errorOf(status),
  };
};

function router(posts: () => Posts, tools: StandInTools): Router {
  const made = express.Router();
  const at = '/workflows/:id/triggers/manual/paths/invoke';
  const refusal = (request: Request): { status: number; code: string } | undefined => {
    if (request.query['sig'] !== sandboxCredentials.sig) return { status: 401, code: 'DirectApiAuthorizationRequired' };
    if (channelOf(request) === undefined) return { status: 404, code: 'WorkflowNotFound' };
    if (tools.fault()?.vendor === 'turnedOff') return { status: 400, code: 'WorkflowTriggerIsNotEnabled' };
    return request.method === 'POST' ? undefined : { status: 404, code: 'TriggerRequestMethodNotValid' };
  };
  made.all(at, express.text({ type: () => true, limit: 1_000_000 }), (request, response) => {
    const refused = refusal(request);
    if (refused !== undefined) {
      const { body, contentType } = errorOf(refused.status, refused.code);
      return void response.status(refused.status).type(contentType).send(body);
    }
    const text: unknown = request.body;
    // As the service counts: two bytes a character.
    if (typeof text !== 'string' || text.length * 2 > 28_000) return void response.status(413).end();
    const card = cardIn(text);
    if (card === undefined)
      return void response.status(400).type('application/json').send(errorOf(400, 'BadRequest').body);
    const [heading = '', ...lines] = card.body.map(({ inlines }) => inlines.map((run) => run.text).join(''));
    const message = {
      id: String(posts().messages.length + 1),
      to: channelOf(request) ?? '',
      title: heading,
      text: lines.join('\n'),
      actions: card.actions,
      at: new Date().toISOString(),
    };
    if (tools.fault()?.lie !== true) {
      posts().messages.push(message);
      const worker = /\b[A-Z]{2,5}-\d{3,}\b/.exec(`${message.title} ${message.text}`)?.[0];
      tools.called({ operation: 'send message', subject: message.to, ...(worker === undefined ? {} : { worker }) });
    }
    response.status(202).end();
  });
  return made;
}

const channelOf = (request: Request): string | undefined =>
  Object.entries(workflows).find(([, id]) => id === request.params['id'])?.[0];

function cardIn(text: string): z.infer<typeof cardSchema>['attachments'][0]['content'] | undefined {
  try {
    return cardSchema.parse(JSON.parse(text)).attachments[0].content;
  } catch {
    return undefined;
  }
}
