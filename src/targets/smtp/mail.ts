import { createHash } from 'node:crypto';
import type { MessageRequest } from '../target.ts';
import type { Settings } from './settings.ts';

/** A message as it is composed. */
export interface Mail {
  from: { name: string; address: string };
  to: { name: string; address: string }[];
  subject: string;
  text: string;
  messageId: string;
  date: Date;
  headers: Record<string, string>;
}

/** The mail for a message: its text, and a line for each action that has an address. */
export function mailOf(
  { from, fromName }: Settings,
  message: MessageRequest,
  to: readonly string[],
  now: string,
): Mail {
  const { title, text, actions = [] } = message;
  const links = actions.flatMap(({ label, url }) => (url === undefined ? [] : [`${oneLine(label)}: ${url}`]));
  return {
    from: { name: fromName, address: from },
    to: to.map((address) => ({ name: '', address })),
    subject: oneLine(title),
    text: `${[text.trim(), ...(links.length === 0 ? [] : [links.join('\n')])].join('\n\n')}\n`,
    messageId: messageIdOf(message.correlationId, to, from),
    date: new Date(now),
    headers: {
      // RFC 3834: nobody's holiday notice answers.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
  };
}

/** The same for every repeat, so that a mailbox can drop it; another one for other recipients, whose mail is another. */
function messageIdOf(correlationId: string, to: readonly string[], from: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([correlationId, [...to].sort()]))
    .digest('hex');
  return `<muster.${hash.slice(0, 40)}@${from.slice(from.lastIndexOf('@') + 1)}>`;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
