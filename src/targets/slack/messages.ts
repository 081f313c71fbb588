import type { CallContext, MessageRequest, MessagesAbility } from '../target.ts';
import { blocksOf, fallbackOf } from './blocks.ts';
import type { History, SlackClient } from './client.ts';
import { SlackError } from './failure.ts';
import { channelOf, type Settings } from './settings.ts';

const eventType = 'muster_message';

/** Without these rights a message is sent all the same: one too many is better than none. */
const cannotLook = new Set(['missing_scope', 'not_in_channel', 'no_permission', 'not_allowed_token_type']);

/**
 * Messages by chat.postMessage, which has no idempotency key: each carries its correlation id as metadata, and is looked for
 * among the conversation's newest messages before it is sent.
 */
export function messagesAbility(client: SlackClient, settings: Settings): MessagesAbility {
  const { lookBack } = settings;
  return {
    async send(message, context) {
      const { signal } = context;
      const to = await recipientOf(client, settings, message.to, signal);
      if (lookBack > 0 && (await isSent(client, to, message.correlationId, lookBack, signal))) return 'already';
      await context.beforeChange('send message');
      await client.post(
        {
          channel: to.id,
          text: fallbackOf(message),
          blocks: blocksOf(message),
          metadata: { event_type: eventType, event_payload: { correlation_id: message.correlationId } },
          unfurl_links: false,
          unfurl_media: false,
        },
        signal,
      );
      return 'changed';
    },
  };
}

/** Where a message goes: a channel, or a person's own id, which stands for the direct conversation with them. */
interface Recipient {
  id: string;
  person: boolean;
}

async function recipientOf(
  client: SlackClient,
  settings: Settings,
  to: MessageRequest['to'],
  signal: AbortSignal,
): Promise<Recipient> {
  if ('channel' in to) return { id: channelOf(settings, to.channel), person: false };
  return { id: await client.userByEmail(to.email, signal), person: true };
}

/** Is a message of ours with this correlation id among the newest? False too where we may not look. */
async function isSent(
  client: SlackClient,
  { id, person }: Recipient,
  correlationId: string,
  lookBack: number,
  signal: CallContext['signal'],
): Promise<boolean> {
  try {
    // Anybody's app may write such metadata: only our own counts, or an alert could be kept back by a forged one.
    const me = await client.myId(signal);
    const conversation = person ? await client.directWith(id, signal) : id;
    const isOurs = ({ user, metadata }: History['messages'][number]) =>
      user === me && metadata?.event_type === eventType && metadata.event_payload?.['correlation_id'] === correlationId;
    let cursor: string | undefined;
    for (let left = lookBack; left > 0; left -= 200) {
      const page = await client.history(conversation, Math.min(left, 200), cursor, signal);
      if (page.messages.some(isOurs)) return true;
      cursor = page.response_metadata?.next_cursor ?? '';
      if (cursor === '') return false;
    }
    return false;
  } catch (error) {
    if (error instanceof SlackError && cannotLook.has(error.error ?? '')) return false;
    throw error;
  }
}
