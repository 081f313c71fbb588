import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { run } from '../../src/cli/program.ts';
import { configSchema, parseYaml } from '../../src/config.ts';
import { receivingSources } from '../../src/receiver/receiving-source.ts';
import { connectTargets } from '../../src/targets/connect.ts';

const pages = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  '.ci/run',
];
const textOf = (page: string) => readFileSync(page, 'utf8');
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

/** Does the command line know this command? */
async function isCommand(words: string[]): Promise<boolean> {
  const silent = { out: () => undefined, err: () => undefined };
  const world = { env: {}, folder: '.', terminal: false, stopped: () => new Promise<string>(() => undefined) };
  return (await run([...words, '--help'], { ...world, ...silent })) === 0;
}

describe('what the pages tell to run', () => {
  it('are scripts of package.json', () => {
    const told = pages.flatMap((page) =>
      [...textOf(page).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, script = '']) => ({ page, script })),
    );
    expect(told.length).toBeGreaterThan(5);
    expect(told.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
  });

  it('are commands of Muster', async () => {
    const told = new Set(
      pages.flatMap((page) =>
        [...textOf(page).matchAll(/(?:npx|operator|worker|receiver) muster ([a-z]+)|`muster ([a-z]+)/g)].map(
          ([, one, other]) => one ?? other ?? '',
        ),
      ),
    );
    const unknown: string[] = [];
    for (const command of told) if (command !== 'help' && !(await isCommand([command]))) unknown.push(command);
    expect(told.size).toBeGreaterThan(8);
    expect(unknown).toEqual([]);
  });
});

describe('every muster.yaml that a page shows', () => {
  const shown = pages.flatMap((page) =>
    [...textOf(page).matchAll(/^( *)```yaml\n([\s\S]*?)^\1```$/gm)].map(([, indent = '', block = '']) => ({
      page,
      text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    })),
  );

  it('is there', () => {
    expect(shown.length).toBeGreaterThanOrEqual(3);
  });

  it.each(shown)('fits the code: $page', ({ page, text }) => {
    const config = parseYaml(text, page, configSchema);
    expect(receivingSources(config).length + connectTargets(config, async () => '').size).toBeGreaterThan(0);
  });
});
