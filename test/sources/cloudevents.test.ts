import { describe, expect, it } from 'vitest';
import { cloudevents } from '../../src/sources/cloudevents.ts';
import type { Normalised } from '../../src/sources/source.ts';

const event = {
  specversion: '1.0',
  id: 'A-1',
  source: 'hr',
  type: 'muster.terminated',
  subject: 'GT-48291',
  data: { effectiveDate: '2025-11-15' },
};

const read = (body: unknown, mediaType = 'application/cloudevents+json', headers: Record<string, string> = {}) =>
  cloudevents.normalise(
    { headers, mediaType, body: Buffer.from(JSON.stringify(body)), receivedAt: '2025-11-14T12:00:00.000Z' },
    {},
  );
const batch = (body: unknown) => read(body, 'application/cloudevents-batch+json');
const paths = (result: Normalised): string[] => (result.ok ? [] : result.faults.map((fault) => fault.path).sort());
const idOf = (source: string, id: string): string | undefined => {
  const result = read({ ...event, source, id });
  return result.ok ? result.events[0]?.id : undefined;
};

describe('a CloudEvent', () => {
  it('lacking everything is told all that it lacks', () => {
    expect(paths(read({}))).toEqual(['/data', '/id', '/source', '/specversion', '/subject', '/type']);
  });

  it('is told faults of envelope and data together', () => {
    expect(paths(read({ ...event, id: '', data: { effectiveDate: '2025-02-30' } }))).toEqual([
      '/data/effectiveDate',
      '/id',
    ]);
  });

  it.each([
    [{ type: 'terminated' }, '/type'],
    [{ type: 'com.example.terminated' }, '/type'],
    [{ specversion: '0.3' }, '/specversion'],
    [{ subject: '' }, '/subject'],
    [{ time: 'yesterday' }, '/time'],
    [{ data: 'text' }, '/data'],
    [{ data: undefined, data_base64: 'e30=' }, '/data_base64'],
    [{ datacontenttype: 'text/xml' }, '/datacontenttype'],
    [{ data: {} }, '/data/effectiveDate'],
    [{ data: { effectiveDate: '2025-11-15', category: 'fired' } }, '/data/category'],
  ])('changed by %j is refused at %s', (change, path) => {
    expect(paths(read({ ...event, ...change }))).toContain(path);
  });

  it.each([{ Upper: 'x' }, { source: 'not a uri' }])(
    'that the specification does not allow is refused: %j',
    (change) => {
      expect(read({ ...event, ...change })).toMatchObject({ ok: false, status: 400 });
    },
  );

  it('with an attribute that is null is read as without it', () => {
    expect(read({ ...event, time: null, dataschema: null })).toEqual(read(event));
  });

  it('in binary mode must have well-formed headers', () => {
    const headers = { 'ce-id': '%E0%A4', 'ce-source': 'hr', 'ce-type': 'muster.terminated', 'ce-specversion': '1.0' };
    expect(paths(read(event.data, 'application/json', headers))).toEqual(['/id']);
  });

  it('has an id in which source and id cannot be confused', () => {
    const ids = [idOf('a', 'b.c'), idOf('a.b', 'c'), idOf('a', 'b'), idOf('ab', 'c'), idOf('a', 'b c')];
    expect(new Set(ids).size).toBe(ids.length);
    expect(idOf('hr', 'A-1')).toBe('hr.A-1');
  });
});

describe('a batch', () => {
  it('with one bad event is refused whole, by its place', () => {
    expect(paths(batch([event, { ...event, type: 'x' }, 7]))).toEqual(expect.arrayContaining(['/1/type', '/2/id']));
  });

  it('may be empty, and may not be endless or no list', () => {
    expect(batch([])).toEqual({ ok: true, events: [], batch: true });
    expect(paths(batch(event))).toEqual(['']);
    expect(paths(batch(Array.from({ length: 1_001 }, () => event)))).toEqual(['']);
  });
});
