import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sources } from '../../src/sources/index.ts';

const root = join(import.meta.dirname, '..', 'fixtures', 'sources');

interface Fixture {
  mediaType?: string;
  headers?: Record<string, string>;
  settings?: unknown;
  query?: Record<string, string>;
}

const bodiesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => !/\.(expected|request)\.json$/.test(name))
    .sort();

/** What the receiver would hand in for a fixture, and what must come out. */
function load(folder: string, name: string) {
  const stem = join(folder, name.replace(/\.\w+$/, ''));
  const has = new Set(readdirSync(folder).map((each) => join(folder, each)));
  const request: Fixture = has.has(`${stem}.request.json`)
    ? (JSON.parse(readFileSync(`${stem}.request.json`, 'utf8')) as Fixture)
    : {};
  return {
    settings: request.settings ?? {},
    request: {
      mediaType: request.mediaType ?? (name.endsWith('.xml') ? 'application/xml' : 'application/json'),
      headers: request.headers ?? {},
      body: readFileSync(join(folder, name)),
      receivedAt: '2025-11-14T12:00:00.000Z',
      ...(request.query === undefined ? {} : { query: request.query }),
    },
    expected: JSON.parse(readFileSync(`${stem}.expected.json`, 'utf8')) as unknown,
  };
}

it('there is a folder of fixtures for every kind of source, and none besides', () => {
  expect(readdirSync(root).sort()).toEqual([...sources.keys()].sort());
});

describe.each([...sources.values()])('$kind', (source) => {
  const folder = join(root, source.kind);

  it('has fixtures in every media type it takes', () => {
    const taken = new Set(bodiesIn(folder).map((name) => load(folder, name).request.mediaType));
    // Both names of XML are read alike.
    if (taken.has('application/xml')) taken.add('text/xml');
    expect([...taken].sort()).toEqual([...source.mediaTypes].sort());
  });

  it.each(bodiesIn(folder))('reads %s as its expected event', (name) => {
    const { request, settings, expected } = load(folder, name);
    expect(source.normalise(request, settings)).toEqual(expected);
  });
});
