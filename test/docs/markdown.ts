import { readFileSync } from 'node:fs';

/** First cells of a page's table rows that are code: `` | `throttled` | … `` → `throttled`, in the order of the page. */
export function firstCells(page: string, section?: string): string[] {
  return sectionOf(page, section).flatMap((line) => /^\| `([^`]+)` \|/.exec(line)?.[1] ?? []);
}

/** Every row of a section's tables as cells, without heads and rules. */
export function rows(page: string, section?: string): string[][] {
  const lines = sectionOf(page, section);
  return lines
    .filter(
      (line, index) =>
        line.startsWith('|') && !/^\|[-| ]+\|$/.test(line) && !/^\|[-| ]+\|$/.test(lines[index + 1] ?? ''),
    )
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

function sectionOf(page: string, section: string | undefined): string[] {
  const lines = readFileSync(page, 'utf8').split('\n');
  if (section === undefined) return lines;
  const start = lines.indexOf(`## ${section}`);
  if (start < 0) throw new Error(`${page} has no section "${section}"`);
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('## '));
  return lines.slice(start, length < 0 ? undefined : start + 1 + length);
}
