import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

interface Locked {
  optionalDependencies?: Record<string, string>;
}

it('the lock file names every platform’s optional packages, without which npm ci refuses on all of them', () => {
  const text = readFileSync(join(import.meta.dirname, '..', 'package-lock.json'), 'utf8');
  const packages = (JSON.parse(text) as { packages: Record<string, Locked> }).packages;
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !placesOf(path, name).some((place) => place in packages)),
  );
  expect(missing).toEqual([]);
});

/** Where Node would look for `name` from the package at `path`, nearest first. */
function placesOf(path: string, name: string): string[] {
  const parts = path.split('/node_modules/');
  return parts
    .map((_, index) => {
      const from = parts.slice(0, parts.length - index).join('/node_modules/');
      return `${from === '' ? '' : `${from}/`}node_modules/${name}`;
    })
    .concat(`node_modules/${name}`);
}
