import { Failure } from '../../model/failure.ts';
import type { CallContext, MailboxAbility, Outcome } from '../target.ts';
import { GraphError, title } from './failure.ts';
import type { InboxRule, MailboxClient } from './mailbox-client.ts';
import type { Settings } from './settings.ts';
import { licencePrefix } from './users.ts';

/** By this name a repeat finds the rule. */
const ruleName = 'Muster: handed over';

/** The mailbox of somebody who has left: what comes in is forwarded, and who wrote is told. */
export function mailbox(client: MailboxClient, settings: Settings): MailboxAbility {
  const needed = new Set(settings.mailboxLicences.map((sku) => `${licencePrefix}${sku}`.toLowerCase()));
  return {
    handOver: async ({ id }, to, context) => {
      const rules = await rulesOf(client, id, context.signal);
      const forwarded = await forward(client, id, rules, to.email, context);
      const replying = await reply(client, id, settings.automaticReply, context);
      return forwarded === 'changed' ? forwarded : replying;
    },
    neededBy: ({ entitlements }) => entitlements.filter((held) => needed.has(held.toLowerCase())),
  };
}

async function rulesOf(client: MailboxClient, user: string, signal: AbortSignal): Promise<InboxRule[]> {
  let rules: InboxRule[] | undefined;
  try {
    rules = await client.rules(user, signal);
  } catch (error) {
    if (!(error instanceof GraphError) || error.graphCode !== 'MailboxNotEnabledForRESTAPI') throw error;
    throw new Failure('not-found', `${title}: user ${user} has no mailbox that Graph reaches`, {
      advice: 'It has none, or it lies on an Exchange server of your own: hand it over there.',
      cause: error,
    });
  }
  if (rules === undefined)
    throw new Failure('not-found', `${title} has no user ${user} whose mailbox could be handed over`);
  return rules;
}

/** One rule without conditions, before all others. What it forwards stays in the mailbox as well. */
async function forward(
  client: MailboxClient,
  user: string,
  rules: readonly InboxRule[],
  address: string,
  context: CallContext,
): Promise<Outcome> {
  const ours = rules.find(({ displayName }) => displayName === ruleName);
  const goesTo = (ours?.actions?.forwardTo ?? []).map((to) => to.emailAddress?.address?.toLowerCase());
  if (ours?.isEnabled === true && goesTo.length === 1 && goesTo[0] === address.toLowerCase()) return 'already';
  const rule = {
    displayName: ruleName,
    sequence: 1,
    isEnabled: true,
    actions: { forwardTo: [{ emailAddress: { address } }], stopProcessingRules: false },
  };
  await context.beforeChange('forward mailbox');
  if (ours === undefined) await client.addRule(user, rule, context.signal);
  else await client.changeRule(user, ours.id, rule, context.signal);
  return 'changed';
}

async function reply(client: MailboxClient, user: string, text: string, context: CallContext): Promise<Outcome> {
  if (text === '') return 'already';
  const { status, internalReplyMessage, externalReplyMessage } = await client.automaticReplies(user, context.signal);
  const said = [internalReplyMessage, externalReplyMessage].every((message) => plain(message ?? '') === plain(text));
  if (status === 'alwaysEnabled' && said) return 'already';
  await context.beforeChange('set automatic reply');
  await client.replyAlways(user, text, context.signal);
  return 'changed';
}

/** Exchange gives a message back as the HTML that it made of it. */
const plain = (message: string): string =>
  message
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
