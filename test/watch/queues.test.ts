import type { Client } from '@temporalio/client';
import { ServiceError } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import { Queues } from '../../src/watch/queues.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { memoryStore } from '../helpers/store.ts';
import { watchingOf } from './watching.ts';

const start = Date.parse('2025-11-15T12:00:00.000Z');
const seconds = (count: number) => start + count * 1_000;

/** What Temporal shows of one queue, times in seconds after the start. */
interface Shown {
  polled?: number;
  backlog?: number;
  oldest?: number;
  limit?: number;
}

let store: Store;
let now: number;
let shown: Record<string, Shown>;
/** Undefined: no workflow is open. */
let answers: boolean | undefined;
beforeEach(async () => {
  store = await memoryStore();
  [now, shown, answers] = [start, {}, true];
});
afterEach(() => store.close());

const client = {
  options: { namespace: 'default' },
  withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
  workflowService: {
    describeTaskQueue: async ({ taskQueue }: { taskQueue: { name: string } }) => {
      const { polled, backlog = 0, oldest, limit } = shown[taskQueue.name] ?? {};
      return {
        pollers: polled === undefined ? [] : [{ lastAccessTime: { seconds: seconds(polled) / 1_000, nanos: 0 } }],
        stats: {
          approximateBacklogCount: backlog,
          approximateBacklogAge: { seconds: oldest === undefined ? 0 : (now - seconds(oldest)) / 1_000, nanos: 0 },
        },
        effectiveRateLimit: limit === undefined ? null : { requestsPerSecond: limit, rateLimitSource: 1 },
      };
    },
  },
  workflow: {
    count: async () => ({ count: answers === undefined ? 0 : 1 }),
    list: async function* () {
      if (answers !== undefined) yield { workflowId: 'person:GT-1' };
    },
    getHandle: () => ({
      query: async () => {
        if (answers !== true) throw new ServiceError('no answer');
      },
    }),
  },
} as unknown as Client;

/** Looks every 15 seconds from one second to another; gives when which queue was told of or closed. */
async function watch(from: number, to: number): Promise<string[]> {
  const told: string[] = [];
  const targets = [new FakeTarget().connected('github')];
  const queues = new Queues(watchingOf({ store, client, targets, clock: () => now }));
  let before: string[] = [];
  for (let second = from; second <= to; second += 15) {
    now = seconds(second);
    await queues.look();
    const { items } = await store.read((reader) => reader.exceptions({ open: true }, {}));
    const open = items.map(({ id }) => /unpolled.(.*).since/.exec(id)?.[1] ?? '');
    told.push(...open.filter((each) => !before.includes(each)).map((queue) => `${second}: ${queue} is gone`));
    told.push(...before.filter((each) => !open.includes(each)).map((queue) => `${second}: ${queue} is back`));
    before = open;
  }
  return told;
}

describe('a queue', () => {
  it.each([
    ['right after they asked for work', 0],
    ['long after they asked for work', -50],
  ])('is told of within a minute when all workers are killed, %s', async (_when, polled) => {
    shown = { muster: { polled }, 'muster-github': { polled } };
    answers = false;
    // The watch may have looked just before.
    const [first = ''] = await watch(-1, 59);
    expect(first).toMatch(/: muster is gone$/);
    expect(Number.parseInt(first, 10)).toBeLessThanOrEqual(59);
  });

  it('that waits quietly is not told of: a worker with nothing to do asks once a minute', async () => {
    shown = { muster: { polled: 0 }, 'muster-github': { polled: 0 } };
    expect(await watch(0, 60)).toEqual([]);
  });

  it('that nobody ever asked is told of after half a minute; a target’s only where something is in flight or waits', async () => {
    answers = undefined;
    expect(await watch(0, 60)).toEqual(['30: muster is gone']);
    shown = { muster: { polled: 60 }, 'muster-github': { backlog: 1, oldest: 60 } };
    expect(await watch(75, 120)).toEqual(['105: muster-github is gone']);
  });

  it('of a target whose worker is busy with calls that hang is not told of, one that is halted by an operator neither', async () => {
    shown = { muster: { polled: 60 }, 'muster-github': { polled: 0, backlog: 9, oldest: 0 } };
    expect(await watch(30, 44)).toEqual([]);
    shown['muster-github'] = { polled: 0, backlog: 9, oldest: 0, limit: 0 };
    expect(await watch(300, 360)).toEqual([expect.stringContaining('muster is gone')]);
  });

  it('with work in front of workers that ask for none is told of, and closed when they ask again', async () => {
    shown = { muster: { polled: 300 }, 'muster-github': { polled: 0, backlog: 9, oldest: 0 } };
    expect(await watch(30, 60)).toEqual(['45: muster-github is gone']);
    shown['muster-github'] = { polled: 75 };
    expect(await watch(75, 90)).toEqual([]);
    const { items } = await store.read((reader) => reader.exceptions({ open: false }, {}));
    expect(items).toMatchObject([
      { target: 'github', kind: 'queue-unpolled', resolution: { action: 'done', by: 'muster' } },
    ]);
  });
});
