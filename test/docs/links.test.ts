import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Every page of the repository: at the root, under docs, and beside targets. */
const pages = [...readdirSync('.').filter((name) => name.endsWith('.md')), ...below('docs'), ...below('src')].filter(
  (page) => page.endsWith('.md'),
);

function below(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

/** What is code is no link. */
const prose = (page: string) =>
  readFileSync(page, 'utf8')
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/^ {4}.*$/gm, '')
    .replace(/`[^`\n]*`/g, 'code');

/** A heading's anchor as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const anchorsIn = (page: string) =>
  new Set([...readFileSync(page, 'utf8').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));

interface Link {
  page: string;
  target: string;
}

const links: Link[] = pages.flatMap((page) =>
  [...prose(page).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
);

/** A file or folder inside the repository and, behind a #, a heading of the page. */
function isThere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path)));
  if (file.startsWith('..') || !existsSync(file)) return false;
  return anchor === undefined || anchorsIn(file).has(anchor);
}

describe('the pages', () => {
  it('are found, and link to one another', () => {
    expect(pages).toContain('docs/architecture.md');
    expect(links.length).toBeGreaterThan(50);
  });

  it('link to what is there', () => {
    const broken = links.filter(({ page, target }) => !/^[a-z]+:/.test(target) && !isThere(page, target));
    expect(broken).toEqual([]);
  });

  it('link to the outside over TLS alone', () => {
    const outside = links.filter(({ target }) => /^[a-z]+:/.test(target));
    expect(outside.filter(({ target }) => !target.startsWith('https://'))).toEqual([]);
  });

  it('name files that are there, where they name one in code', () => {
    const named = pages.flatMap((page) =>
      [
        ...readFileSync(page, 'utf8').matchAll(
          /`((?:src|test|docs|deploy|workflows|activities|scripts|examples)\/[\w./-]+\.\w+)`/g,
        ),
      ].map(([, file = '']) => ({ page, file })),
    );
    expect(named.filter(({ file }) => !existsSync(file))).toEqual([]);
  });
});
