import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import type { Store } from '../../src/directory/store.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Asking, addEvent, addException, addPerson, asking, noon } from './asking.ts';

const targets: Config['targets'] = {
  salesforce: { kind: 'salesforce', mode: 'enforce', concurrency: 10, ratePerSecond: 5, settings: {} },
  github: { kind: 'github', mode: 'observe', concurrency: 4, settings: {} },
};

let isAway: boolean;
const client = {
  options: { namespace: 'default' },
  withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
  workflowService: {
    describeTaskQueue: async ({ taskQueue }: { taskQueue: { name: string } }) => {
      if (isAway) throw new Error('14 UNAVAILABLE');
      if (taskQueue.name !== 'muster-salesforce') return { pollers: [], stats: {} };
      return {
        pollers: [
          { lastAccessTime: { seconds: 1, nanos: 0 } },
          { lastAccessTime: { seconds: Date.parse(noon) / 1_000, nanos: 0 } },
        ],
        stats: {
          ...{ approximateBacklogCount: 3, approximateBacklogAge: { seconds: 90, nanos: 5e8 } },
          tasksDispatchRate: 0.3333,
        },
      };
    },
  },
} as unknown as Client;

let store: Store;
let api: Asking;
beforeEach(async () => {
  isAway = false;
  store = await memoryStore();
  api = await asking(store, { client, config: { operators: [...operators], targets } });
  await addPerson(store, 'GT-48291');
});
afterEach(async () => {
  await api.close();
  await store.close();
});

const operators = (['viewer', 'security'] as const).map((role) => ({
  ...{ id: `${role}-1`, token: `env:${role}` },
  roles: [role],
}));
const github = {
  ...{ name: 'github', kind: 'github', mode: 'observe', health: 'unknown', failures: 0, concurrency: 4 },
  ...{ waiting: [], more: false },
};
const items = async (role = 'viewer') => ((await api.ask('/api/targets', role)).body as { items: unknown[] }).items;

it('each target shows how it answers, what waits in its queue, and who waits for it', async () => {
  const since = '2025-11-15T11:59:00.000Z';
  await store.transaction(async (tx) => {
    await tx.noteTargetGood('salesforce', '2025-11-15T11:58:00.000Z');
    const failure = { code: 'throttled', message: 'Salesforce: REQUEST_LIMIT_EXCEEDED', probe: false };
    for (let time = 0; time < 4; time += 1) await tx.noteTargetFailure('salesforce', { ...failure, at: since });
  });
  await addException(store, 'x', { person: 'GT-48291', target: 'salesforce' });
  const failing = {
    ...{ name: 'salesforce', kind: 'salesforce', mode: 'enforce', concurrency: 10, ratePerSecond: 5 },
    ...{ failures: 4, failingSince: since, code: 'throttled', message: 'Salesforce: REQUEST_LIMIT_EXCEEDED' },
    lastGoodAt: '2025-11-15T11:58:00.000Z',
    queue: { name: 'muster-salesforce', backlog: 3, oldestSeconds: 91, perSecond: 0.33, polledAt: noon },
    ...{ waiting: ['GT-48291'], more: false },
  };
  const nothing = { queue: { name: 'muster-github', backlog: 0, oldestSeconds: 0, perSecond: 0 } };
  expect(await items()).toEqual([
    { ...failing, health: 'failing' },
    { ...github, ...nothing },
  ]);
  await store.transaction((tx) =>
    tx.noteTargetFailure('salesforce', { code: 'timeout', message: 'no answer', at: noon, probe: false }),
  );
  expect((await items())[0]).toMatchObject({
    ...{ health: 'resting', failures: 5, restUntil: '2025-11-15T12:00:05.000Z', code: 'timeout', message: 'no answer' },
  });
  await store.transaction((tx) => tx.noteTargetGood('salesforce', noon));
  expect((await items())[0]).toMatchObject({ health: 'good', failures: 0, lastGoodAt: noon });
});

it('without Temporal the queues are left out', async () => {
  isAway = true;
  expect((await items())[1]).toEqual(github);
});

it('who waits only because of a confidential end shows to security alone', async () => {
  const data = { effectiveDate: '2025-12-31', category: 'involuntary' } as const;
  const event = await addEvent(store, 'secret', 'GT-48291', { effectiveDate: '2025-12-31', data });
  await addException(store, 'secret', { person: 'GT-48291', target: 'salesforce', event });
  expect((await items())[0]).toMatchObject({ waiting: [] });
  expect((await items('security'))[0]).toMatchObject({ waiting: ['GT-48291'] });
});
