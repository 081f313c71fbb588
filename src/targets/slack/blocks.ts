import type { MessageRequest } from '../target.ts';

/** Slack's own limits. https://docs.slack.dev/reference/block-kit/blocks */
const limits = { header: 150, section: 3_000, sections: 40, buttons: 25, label: 75, confirm: 300, confirmTitle: 100 };

type Action = NonNullable<MessageRequest['actions']>[number];

/** The message as Block Kit: title, text, buttons. Everything is `plain_text`, so that nothing in a name mentions or formats. */
export function blocksOf({ title, text, actions = [] }: MessageRequest): Record<string, unknown>[] {
  const heading = oneLine(title);
  const sections = pieces(text, limits.section).slice(0, limits.sections);
  const buttons = actions.slice(0, limits.buttons).map((action) => button(action, heading));
  return [
    { type: 'header', text: plain(heading, limits.header) },
    ...sections.map((piece) => ({ type: 'section', text: plain(piece, limits.section) })),
    ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }]),
  ];
}

/** What notifications show, where blocks cannot be. Here `&`, `<` and `>` are Slack's own and are written as entities. */
export const fallbackOf = ({ title, text }: MessageRequest): string =>
  cut(`${oneLine(title)}\n${text}`, limits.section).replace(/[&<>]/g, (character) => entities[character] ?? '');

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function button(action: Action, title: string): Record<string, unknown> {
  const { id, label, value, style, url } = action;
  const common = {
    type: 'button',
    action_id: id,
    text: plain(label, limits.label),
    ...(style === undefined ? {} : { style }),
  };
  // A click on a link is told to us as well: without a value it is no decision.
  if (url !== undefined) return { ...common, url };
  return {
    ...common,
    value,
    confirm: {
      title: plain(label, limits.confirmTitle),
      text: plain(title, limits.confirm),
      confirm: plain(label, 30),
      deny: plain('Cancel', 30),
      ...(style === undefined ? {} : { style }),
    },
  };
}

const plain = (text: string, most: number) => ({ type: 'plain_text', text: cut(text, most), emoji: false });

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim() || 'Muster';

const cut = (text: string, most: number): string => {
  if (text.length <= most) return text;
  // Not through the middle of a character.
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
};

/** The text in pieces of at most so many characters, parted at ends of lines where there are any. */
function pieces(text: string, most: number): string[] {
  const found: string[] = [];
  let rest = text.trim();
  while (rest.length > most) {
    const line = rest.lastIndexOf('\n', most);
    const end = line > 0 ? line : most - (/[\uD800-\uDBFF]/.test(rest.charAt(most - 1)) ? 1 : 0);
    found.push(rest.slice(0, end));
    rest = rest.slice(end).replace(/^\n/, '');
  }
  return rest.trim() === '' ? found : [...found, rest];
}
