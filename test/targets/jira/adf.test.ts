import { expect, test } from 'vitest';
import { documentOf, textOf } from '../../../src/targets/jira/adf.ts';

test('an empty line parts paragraphs, a line break stays one, and no text node is empty', () => {
  expect(documentOf('One\ntwo\n\n\nThree\n')).toEqual({
    type: 'doc',
    version: 1,
    content: [
      {
        type: 'paragraph',
        content: [{ type: 'text', text: 'One' }, { type: 'hardBreak' }, { type: 'text', text: 'two' }],
      },
      { type: 'paragraph', content: [{ type: 'text', text: 'Three' }] },
    ],
  });
  expect(documentOf(' \n ')).toEqual({ type: 'doc', version: 1, content: [] });
});

test.each(['One', 'One\ntwo\n\nThree', ''])('%j is read back as it was', (text) => {
  expect(textOf(documentOf(text))).toBe(text);
});

test('what an editor added is left out, and what is no document has no text', () => {
  const mention = { type: 'mention', attrs: { id: '1' } };
  const content = [
    { type: 'paragraph', content: [{ type: 'text', text: 'Hi ', marks: [{ type: 'strong' }] }, mention] },
  ];
  expect(textOf({ type: 'doc', version: 1, content })).toBe('Hi ');
  expect([textOf('text'), textOf({ type: 'paragraph' })]).toEqual([undefined, undefined]);
});
