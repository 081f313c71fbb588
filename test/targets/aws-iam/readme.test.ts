import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/targets/aws-iam/settings.ts';
import { policyOfReadme } from './policy.ts';

const folder = new URL('../../../src/targets/aws-iam/', import.meta.url);
const files = readdirSync(folder);
const sources = files.filter((name) => name.endsWith('.ts') && !name.startsWith('sandbox'));
const text = (name: string) => readFileSync(new URL(name, folder), 'utf8');

test('the policy in the README allows exactly the actions that are called, and no more', () => {
  const called = sources.flatMap((name) => [
    ...[...text(name).matchAll(/client\.(?:ask|find|list|make|change|changeIfThere)\(\s*'([A-Z]\w+)'/gi)].map(
      (match) => match[1],
    ),
    ...[...text(name).matchAll(/switched\('(\w+)'/g)].map((match) => match[1]),
    ...[...text(name).matchAll(/this\.find\('(\w+)'/g)].map((match) => match[1]),
  ]);
  const actions = new Set(called.filter((action) => action !== 'credentials').map((action) => `iam:${action}`));
  const allowed = policyOfReadme()
    .Statement.filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action }) => Action);
  expect([...allowed].sort()).toEqual([...actions].sort());
});

test('the README lists every setting', () => {
  const settings = Object.keys(settingsSchema.shape);
  expect(settings.filter((name) => !text('README.md').includes(`\`${name}\``))).toEqual([]);
});
