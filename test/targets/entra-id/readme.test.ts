import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../../src/targets/entra-id/', import.meta.url);
const text = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const sandbox = readdirSync(folder).filter((name) => name.startsWith('sandbox'));

test('the README names every vendor fault of the stand-in, and the stand-in knows every one that is named', () => {
  const known = sandbox.flatMap((name) => [...text(name).matchAll(/vendor\('(\w+)'\)/g)].map(([, fault]) => fault));
  const named = /vendor faults(.*?)(?:\n\n|\n$)/is.exec(text('README.md'))?.[1]?.match(/(?<=`)\w+(?=`)/g) ?? [];
  expect([...new Set(named)].sort()).toEqual([...new Set(known)].sort());
});
