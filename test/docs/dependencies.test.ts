import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rows } from './markdown.ts';

const manifest = z
  .object({ dependencies: z.record(z.string(), z.string()), devDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

const licenceOf = (name: string) =>
  z.object({ license: z.string() }).parse(JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')))
    .license;

describe('docs/dependencies.md', () => {
  it.each([
    ['At run time', manifest.dependencies],
    ['For development', manifest.devDependencies],
  ])('lists what package.json has, %s, each with its licence', (section, packages) => {
    const said = rows('docs/dependencies.md', section).map(([name = '', , , licence]) => [
      name.replaceAll('`', ''),
      licence,
    ]);
    expect(said).toEqual(
      Object.keys(packages)
        .sort()
        .map((name) => [name, licenceOf(name)]),
    );
  });

  it('says of each what it is for', () => {
    for (const [name = '', purpose = ''] of rows('docs/dependencies.md')) expect(purpose, name).toMatch(/\w{3}/);
  });

  it('is right that every version is exact', () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});
