import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import { tellUntold } from '../../src/watch/untold.ts';
import { memoryStore } from '../helpers/store.ts';
import { addPerson, noon } from '../operator/asking.ts';
import { watchingOf } from './watching.ts';

let store: Store;
let told: string[];
beforeEach(async () => {
  store = await memoryStore();
  told = [];
});
afterEach(() => store.close());

const client = {
  workflow: {
    signalWithStart: async (_type: string, { workflowId, signal, signalArgs }: Record<string, unknown>) =>
      void told.push(`${workflowId} ${signal} ${JSON.stringify(signalArgs)}`),
  },
} as unknown as Client;

it('somebody whose hold was released, and who has not heard of it, is told again a minute later', async () => {
  await addPerson(store, 'GT-1');
  await store.transaction(async (tx) => {
    await tx.putPending('GT-1', {
      ...{ id: 'end', kind: 'end', dueAt: noon, event: 'workday:a', confidential: false, data: { hold: 'end-1' } },
    });
    await tx.addReservations([
      {
        ...{ person: 'GT-1', event: 'workday:a', kind: 'end', source: 'workday', at: noon, state: 'taken' },
        ...{ hold: 'end-1', data: { summary: 'x', priority: 2 } },
      },
    ]);
  });
  const look = (ms: number) => tellUntold(watchingOf({ store, client, clock: () => Date.parse(noon) + ms }));
  await look(59_999);
  expect(told).toEqual([]);
  await look(60_000);
  expect(told).toEqual(['person:GT-1 released [{"hold":"end-1"}]']);
});
