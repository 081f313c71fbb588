import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admitEvent } from '../../activities/admit-event.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import type { Store } from '../../src/directory/store.ts';
import type { EventType } from '../../src/model/event.ts';
import { personOf } from '../helpers/line.ts';
import { memoryStore } from '../helpers/store.ts';

const noon = '2025-11-15T12:00:00.000Z';
let store: Store;
beforeEach(async () => {
  store = await memoryStore();
  await store.transaction((tx) => tx.createPerson(personOf()));
});
afterEach(() => store.close());

const stop = (scope: string) => store.transaction((tx) => tx.putStop(scope, 'operator-1', 'a bad feed', noon));
const go = (scope: string) => store.transaction((tx) => tx.removeStop(scope));

async function admit(id: string, type: EventType = 'terminated', source = 'workday') {
  const key = `${source}:${id}`;
  const event = { ...{ key, source, id, type, subject: 'GT-48291', payloadHash: 'h', receivedAt: noon, data: {} } };
  const sources = { [source]: { authoritative: true, mode: 'enforce', duplicateWindow: 0 } };
  const request = { event, now: noon, workflowId: `event:${key}`, firstRunId: 'run-1' };
  return (await admitEvent({ store, sources } as Partial<Dependencies> as Dependencies, request)).kind;
}

const arrival = (key: string) => store.read((reader) => reader.arrival(key));

describe('an event of a source that is stopped', () => {
  it('is kept in the ledger and not admitted, however often it asks', async () => {
    await stop('source:workday');
    expect([await admit('a'), await admit('a')]).toEqual(['stopped', 'stopped']);
    expect(await arrival('workday:a')).toMatchObject({ outcome: 'held', reason: 'the source workday is stopped' });
    expect((await arrival('workday:a'))?.settledAt).toBeUndefined();
    const { items } = await store.read((reader) => reader.evidence({ event: 'workday:a' }, {}));
    expect(items.map(({ kind }) => kind)).toEqual(['event-accepted', 'event-parked']);
    expect((await store.read((reader) => reader.exceptions({}, {}))).items).toEqual([]);
  });

  it('is admitted after the go, once, and is held no longer', async () => {
    await stop('source:workday');
    await admit('a');
    await go('source:workday');
    expect(await admit('a')).toBe('admitted');
    expect(await arrival('workday:a')).toMatchObject({ person: 'GT-48291' });
    expect((await arrival('workday:a'))?.outcome).toBeUndefined();
  });

  it('goes on after those that are more urgent and wait as well', async () => {
    await stop('source:workday');
    for (const type of ['hired', 'transferred', 'terminated'] as const) await admit(type, type);
    await go('source:workday');
    const all = async () => [await admit('hired', 'hired'), await admit('transferred', 'transferred')];
    expect(await all()).toEqual(['stopped', 'stopped']);
    expect(await admit('terminated', 'terminated')).toBe('admitted');
    expect(await all()).toEqual(['stopped', 'admitted']);
    expect(await admit('hired', 'hired')).toBe('admitted');
  });

  it('waits while another source’s and another stop’s events go on', async () => {
    await stop('source:workday');
    expect(await admit('b', 'terminated', 'sailpoint')).toBe('admitted');
    expect(await admit('a')).toBe('stopped');
  });
});

it('a stop of everything, or of a target, admits events: their changes are what is stopped', async () => {
  await stop('all');
  await stop('target:github');
  expect(await admit('a')).toBe('admitted');
});
