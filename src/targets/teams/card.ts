import type { MessageRequest } from '../target.ts';

/** Teams takes 28 KB and counts two bytes a character. https://learn.microsoft.com/microsoftteams/limits-specifications-teams */
const mostCharacters = 14_000;

const styles = { primary: 'positive', danger: 'destructive' } as const;

/**
 * The message as a workflow takes it: an Adaptive Card 1.4, with links as its only actions (a button that answers needs a bot).
 * All text is in text runs, so that nothing in a name formats or links. What is too long is cut with a sign.
 */
export function cardMessage(message: MessageRequest): Record<string, unknown> {
  const whole = envelope(message, message.text);
  if (lengthOf(whole) <= mostCharacters) return whole;
  let [fits, tooLong] = [0, message.text.length];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (lengthOf(envelope(message, cutAt(message.text, middle))) <= mostCharacters) fits = middle;
    else tooLong = middle;
  }
  return envelope(message, cutAt(message.text, fits));
}

const lengthOf = (body: unknown): number => JSON.stringify(body).length;

const cutAt = (text: string, length: number): string =>
  `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…\n(cut: Teams takes no more)`;

function envelope({ title, actions = [] }: MessageRequest, text: string): Record<string, unknown> {
  const heading = title.replace(/\s+/g, ' ').trim().slice(0, 500);
  const links = actions.flatMap(({ label, url, style }) =>
    url === undefined
      ? []
      : [{ type: 'Action.OpenUrl', title: label, url, ...(style === undefined ? {} : { style: styles[style] }) }],
  );
  const content = {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      line(heading, { size: 'Medium', weight: 'Bolder' }),
      ...text.split('\n').map((words) => ({ ...line(words), spacing: words.trim() === '' ? 'Medium' : 'None' })),
    ],
    ...(links.length === 0 ? {} : { actions: links }),
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}

const line = (text: string, look: Record<string, string> = {}) => ({
  type: 'RichTextBlock',
  // An empty run would make the card invalid.
  inlines: [{ type: 'TextRun', text: text === '' ? ' ' : text, ...look }],
});
