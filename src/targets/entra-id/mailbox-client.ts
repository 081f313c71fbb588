import { z } from 'zod';
import { guidOf, unlessGone } from './client.ts';
import type { GraphConnection } from './connection.ts';
import { parsed } from './failure.ts';

const permission = 'MailboxSettings.ReadWrite';

const ruleSchema = z.object({
  id: z.string(),
  displayName: z.string().nullish(),
  isEnabled: z.boolean().nullish(),
  actions: z
    .object({
      forwardTo: z.array(z.object({ emailAddress: z.object({ address: z.string().nullish() }).nullish() })).nullish(),
    })
    .nullish(),
});
/** A rule of an inbox. */
export type InboxRule = z.infer<typeof ruleSchema>;

const repliesSchema = z.object({
  status: z.string().nullish(),
  internalReplyMessage: z.string().nullish(),
  externalReplyMessage: z.string().nullish(),
});
/** What a mailbox answers by itself. */
export type AutomaticReplies = z.infer<typeof repliesSchema>;

/** What Graph offers of a mailbox that is not one's own: the rules of its inbox, and its automatic replies. */
export class MailboxClient {
  readonly #graph: GraphConnection;

  constructor(graph: GraphConnection) {
    this.#graph = graph;
  }

  /** undefined when there is no such user. */
  rules(user: string, signal: AbortSignal): Promise<InboxRule[] | undefined> {
    const call = { path: rulesOf(user), name: 'list inbox rules', permission };
    return unlessGone(() => this.#graph.list(ruleSchema, call, signal));
  }

  async addRule(user: string, rule: Record<string, unknown>, signal: AbortSignal): Promise<void> {
    const call = { method: 'POST' as const, path: rulesOf(user), name: 'create inbox rule', permission };
    await this.#graph.call({ ...call, json: rule }, signal);
  }

  async changeRule(user: string, id: string, rule: Record<string, unknown>, signal: AbortSignal): Promise<void> {
    const path = `${rulesOf(user)}/${encodeURIComponent(id)}`;
    await this.#graph.call({ method: 'PATCH', path, name: 'change inbox rule', permission, json: rule }, signal);
  }

  async automaticReplies(user: string, signal: AbortSignal): Promise<AutomaticReplies> {
    const path = `/users/${guidOf(user)}/mailboxSettings`;
    const name = 'read automatic replies';
    const answer = await this.#graph.call({ path, name, permission }, signal);
    return parsed(z.object({ automaticRepliesSetting: repliesSchema }), answer.json(), name).automaticRepliesSetting;
  }

  async replyAlways(user: string, text: string, signal: AbortSignal): Promise<void> {
    const automaticRepliesSetting = {
      status: 'alwaysEnabled',
      externalAudience: 'all',
      internalReplyMessage: text,
      externalReplyMessage: text,
    };
    const call = { method: 'PATCH' as const, path: `/users/${guidOf(user)}/mailboxSettings`, permission };
    await this.#graph.call({ ...call, name: 'set automatic reply', json: { automaticRepliesSetting } }, signal);
  }
}

const rulesOf = (user: string): string => `/users/${guidOf(user)}/mailFolders/inbox/messageRules`;
