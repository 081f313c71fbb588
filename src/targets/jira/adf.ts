import { z } from 'zod';

interface Node {
  type: string;
  text?: string;
  content?: Node[];
}

/** A text in the Atlassian Document Format, which is all that version 3 of the API takes. */
export interface AdfDocument {
  type: 'doc';
  version: 1;
  content: Node[];
}

/** Plain text as a document: an empty line parts paragraphs, a line break stays one. */
export function documentOf(text: string): AdfDocument {
  const paragraphs = text.trim() === '' ? [] : text.trim().split(/\n\s*\n/);
  return { type: 'doc', version: 1, content: paragraphs.map(paragraph) };
}

function paragraph(text: string): Node {
  const lines = text.split('\n');
  // A text node may not be empty, so a line of nothing is its break alone.
  const content = lines.flatMap((line, index): Node[] => [
    ...(index === 0 ? [] : [{ type: 'hardBreak' }]),
    ...(line === '' ? [] : [{ type: 'text', text: line }]),
  ]);
  return { type: 'paragraph', content };
}

const nodeSchema: z.ZodType<Node> = z.lazy(() =>
  z.object({
    type: z.string(),
    text: z.string().exactOptional(),
    content: z.array(nodeSchema).exactOptional(),
  }),
);

/** The text of a document as plain text; undefined when it is no document. Marks and everything that is not text are left out. */
export function textOf(document: unknown): string | undefined {
  const parsed = nodeSchema.safeParse(document).data;
  if (parsed?.type !== 'doc') return undefined;
  return (parsed.content ?? []).map(flat).join('\n\n');
}

function flat(node: Node): string {
  if (node.type === 'hardBreak') return '\n';
  return node.text ?? (node.content ?? []).map(flat).join('');
}
