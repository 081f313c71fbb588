import { z } from 'zod';
import type { SeedPerson } from '../../sandbox/stand-in.ts';

const messageSchema = z.object({
  /** Slack's `ts`: seconds and a counter, unique within a conversation. */
  id: z.string(),
  /** The conversation's id: `C…`, or `D…` with a person. */
  conversation: z.string(),
  /** The channel's name, or the person's address. */
  to: z.string(),
  title: z.string(),
  text: z.string(),
  actions: z.array(z.record(z.string(), z.unknown())),
  at: z.string(),
  /** As it was sent. */
  posted: z.record(z.string(), z.unknown()),
});
/** A message as the stand-in keeps it. */
export type MessageKept = z.infer<typeof messageSchema>;

/** Everything that the stand-in remembers over a restart. */
export const workspaceSchema = z.object({
  users: z.array(z.object({ id: z.string(), email: z.string(), name: z.string(), worker: z.string() })),
  messages: z.array(messageSchema),
});
export type Workspace = z.infer<typeof workspaceSchema>;

/** Our own bot in the workspace. */
export const bot = { user: 'muster', user_id: 'U0MUSTERBOT', bot_id: 'B0MUSTERBOT' } as const;

/** GlobalTech's channels by name; Muster is in all of them. */
export const channels: Readonly<Record<string, string>> = {
  '#identity-security': 'C0IDSECURITY',
  '#it-operations': 'C0ITOPERATIONS',
  '#people-team': 'C0PEOPLETEAM',
};

/** A workspace in which everybody has a user, and nothing was said yet. */
export const workspaceOf = (people: readonly SeedPerson[]): Workspace => ({
  users: people
    .filter(({ workerType }) => workerType === 'employee' || workerType === 'contractor')
    .map(({ workerId, email, firstName, lastName }) => ({
      id: userId(workerId),
      email,
      name: `${firstName} ${lastName}`,
      worker: workerId,
    })),
  messages: [],
});

/** Slack's id of a worker's user. */
export const userId = (worker: string): string => `U0${worker.replace(/\W/g, '').toUpperCase()}`;

/** The direct conversation with a user. */
export const directId = (user: string): string => user.replace(/^U/, 'D');

/** The conversation behind what `channel` names, and what people call it; undefined where there is none. */
export function conversationOf(workspace: Workspace, channel: string): { id: string; name: string } | undefined {
  const named = Object.entries(channels).find(([name, id]) => id === channel || name === channel);
  if (named !== undefined) return { id: named[1], name: named[0] };
  const user = workspace.users.find(({ id }) => id === channel || directId(id) === channel);
  return user === undefined ? undefined : { id: directId(user.id), name: user.email };
}

const plainText = (most: number) => z.object({ type: z.literal('plain_text'), text: z.string().min(1).max(most) });

const buttonSchema = z.looseObject({
  type: z.literal('button'),
  action_id: z.string().min(1).max(255),
  text: plainText(75),
  value: z.string().max(2_000).exactOptional(),
  url: z.url().max(3_000).exactOptional(),
  style: z.enum(['primary', 'danger']).exactOptional(),
  confirm: z
    .object({ title: plainText(100), text: plainText(300), confirm: plainText(30), deny: plainText(30) })
    .exactOptional(),
});

/** The blocks that Muster sends, within Slack's limits. */
export const blocksSchema = z
  .array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('header'), text: plainText(150) }),
      z.object({ type: z.literal('section'), text: plainText(3_000) }),
      z.object({ type: z.literal('actions'), elements: z.array(buttonSchema).min(1).max(25) }),
    ]),
  )
  .max(50);

/** What people would read, from the blocks. */
export function readable(blocks: z.infer<typeof blocksSchema>): Pick<MessageKept, 'title' | 'text' | 'actions'> {
  const texts = (type: 'header' | 'section') =>
    blocks.flatMap((block) => (block.type === type ? [block.text.text] : [])).join('\n');
  return {
    title: texts('header'),
    text: texts('section'),
    actions: blocks.flatMap((block) => (block.type === 'actions' ? block.elements : [])),
  };
}
