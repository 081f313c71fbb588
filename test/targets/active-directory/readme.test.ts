import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/targets/active-directory/settings.ts';
import { sambaCommand } from '../../helpers/samba.ts';

const readme = readFileSync(new URL('../../../src/targets/active-directory/README.md', import.meta.url), 'utf8');
const provision = readFileSync(new URL('../../helpers/samba-provision.py', import.meta.url), 'utf8');

test('the README lists every setting', () => {
  expect(Object.keys(settingsSchema.shape).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

test('the README has the command that brings Samba', () => {
  expect(readme).toContain(sambaCommand);
});

test('the tests against Samba have the rights that the README asks for, and no others', () => {
  const asked = [...readme.matchAll(/svc-muster:(?:WP|CA);([\w ]+);(?:user|group)"/g)].map((match) => match[1]);
  const onUsers = /ON_USERS = \{(.*?)\n\}/s.exec(provision)?.[1] ?? '';
  const given = [...onUsers.matchAll(/"([\w ]+)": \(/g)].map((match) => match[1]);
  expect(given.length).toBeGreaterThan(0);
  expect([...asked].sort()).toEqual([...given, 'member'].sort());
  expect(readme).toContain('svc-muster:CCDC;user');
  expect(provision).toContain('CCDC');
});
