import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import type { ResolveMessage } from '../../src/model/messages.ts';
import { reopenSkipped } from '../../src/watch/skipped.ts';
import { memoryStore } from '../helpers/store.ts';
import { watchingOf } from './watching.ts';

const until = '2025-12-01T00:00:00.000Z';
const id = 'person:GT-48291/workday:1/close:github/step-failed';
let store: Store;
let told: [string, ResolveMessage][];
let isAway: boolean;
beforeEach(async () => {
  store = await memoryStore();
  [told, isAway] = [[], false];
  await store.transaction(async (tx) => {
    await tx.openException({
      ...{ id, kind: 'step-failed', workflowId: 'person:GT-48291', person: 'GT-48291', target: 'github', owner: 'o' },
      ...{ reason: 'it said no', openedAt: '2025-11-15T12:00:00.000Z', dueAt: '2025-11-15T16:00:00.000Z' },
    });
    await tx.askSkip(id, { by: 'operator-1', until, reason: 'a' });
    const resolution = { action: 'skip', by: 'operator-1 and operator-2', reason: 'a, b' };
    await tx.resolveException(id, resolution, '2025-11-15T13:00:00.000Z');
  });
});
afterEach(() => store.close());

const client = {
  withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
  workflow: {
    executeUpdateWithStart: async (
      _name: string,
      options: { args: [ResolveMessage]; startWorkflowOperation: { options: { workflowId: string } } },
    ) => {
      if (isAway) throw new Error('14 UNAVAILABLE');
      told.push([options.startWorkflowOperation.options.workflowId, options.args[0]]);
    },
  },
} as unknown as Client;
const look = (now: string) => reopenSkipped(watchingOf({ store, client, clock: () => Date.parse(now) }));
const open = async () => (await store.read((reader) => reader.exceptions({ open: true }, {}))).items;

it('a step that two people skipped comes back on the day they said, once, and its person takes it up', async () => {
  await look('2025-11-30T23:59:59.000Z');
  expect([await open(), told]).toEqual([[], []]);
  await look(until);
  await look('2025-12-01T00:00:15.000Z');
  expect(await open()).toMatchObject([
    { id: `${id}#2`, kind: 'step-failed', openedAt: until, dueAt: '2025-12-01T04:00:00.000Z', owner: 'o' },
  ]);
  expect(told).toEqual([['person:GT-48291', { action: 'retry', exception: `${id}#2` }]]);
  const { items } = await store.read((reader) => reader.evidence({ person: 'GT-48291' }, {}));
  expect(items).toMatchObject([{ kind: 'exception-opened', step: `${id}#2`, at: until, target: 'github' }]);
});

it('it comes back though its workflow cannot be told, which is in flight again by that alone', async () => {
  isAway = true;
  await look(until);
  expect((await open()).map((exception) => exception.id)).toEqual([`${id}#2`]);
  expect(await store.read((reader) => reader.inFlight(undefined, 10))).toEqual(['GT-48291']);
});
