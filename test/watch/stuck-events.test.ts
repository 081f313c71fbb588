import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import { StuckEvents } from '../../src/watch/stuck-events.ts';
import { memoryStore } from '../helpers/store.ts';
import { addEvent, addPerson, noon } from '../operator/asking.ts';
import { watchingOf } from './watching.ts';

const minute = 60_000;
let store: Store;
let now: number;
let stuck: StuckEvents;
beforeEach(async () => {
  store = await memoryStore();
  now = Date.parse(noon);
  stuck = new StuckEvents(watchingOf({ store, clock: () => now }), 15 * minute);
  await addPerson(store, 'GT-1');
  await addEvent(store, 'a', 'GT-1');
});
afterEach(() => store.close());

const stop = (scope: string) => store.transaction((tx) => tx.putStop(scope, 'operator-1', 'a drill', noon));
const go = (scope: string) => store.transaction((tx) => tx.removeStop(scope));
const look = async (minutes: number) => {
  now = Date.parse(noon) + minutes * minute;
  await stuck.look();
  return (await store.read((reader) => reader.exceptions({}, {}))).items.map(({ kind, event }) => `${kind} ${event}`);
};

describe('an event that nobody settles', () => {
  it('is an exception after a quarter of an hour, once', async () => {
    expect(await look(15)).toEqual([]);
    expect(await look(15.01)).toEqual(['event-stuck workday:a']);
    expect(await look(16)).toEqual(['event-stuck workday:a']);
  });

  it.each(['all', 'target:github', 'source:workday'])(
    'is none while "%s" is stopped, nor when it has just been lifted',
    async (scope) => {
      await stop(scope);
      expect(await look(20)).toEqual([]);
      await go(scope);
      expect(await look(30)).toEqual([]);
      expect(await look(34.9)).toEqual([]);
      expect(await look(35)).toEqual(['event-stuck workday:a']);
    },
  );

  it('is one though another source is stopped', async () => {
    await stop('source:sailpoint');
    expect(await look(20)).toEqual(['event-stuck workday:a']);
  });
});
