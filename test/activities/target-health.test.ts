import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toApplicationFailure } from '../../activities/failures.ts';
import { withHealth } from '../../activities/target-health.ts';
import type { Store } from '../../src/directory/store.ts';
import { Failure, type FailureCode } from '../../src/model/failure.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { memoryStore } from '../helpers/store.ts';

const start = Date.parse('2025-11-15T10:00:00.000Z');
let store: Store;
let statements: string[];
let now: number;
beforeEach(async () => {
  const own = await memoryStore();
  statements = [];
  now = start;
  store = {
    ...own,
    read: (work) => {
      statements.push('read');
      return own.read(work);
    },
    transaction: (work) => {
      statements.push('write');
      return own.transaction(work);
    },
  };
});
afterEach(() => store.close());

const targets = new Map([['servicenow', new FakeTarget().connected('servicenow', 'ServiceNow')]]);
const timing = { callMs: 30_000, retryMaximumMs: 60_000 };
const call = <T>(work: () => Promise<T>) => withHealth({ store, targets, timing }, 'servicenow', work, () => now);
const failing = (code: FailureCode) => () =>
  call(async () => {
    throw toApplicationFailure(new Failure(code, 'status 503'), 60_000);
  }).catch((error: unknown) => error);
const health = async () => (await store.read((reader) => reader.targetHealth('servicenow'))) ?? { failures: 0 };
const fails = async (times: number, code: FailureCode = 'unavailable') => {
  for (let time = 0; time < times; time += 1) await failing(code)();
};

describe('a target that fails', () => {
  it('is called no more after five times in a row, and whoever comes is told when to come back', async () => {
    await fails(5);
    let called = false;
    const refused = await call(async () => {
      called = true;
    }).catch((error: unknown) => error);
    expect(called).toBe(false);
    expect(refused).toBeInstanceOf(ApplicationFailure);
    expect(refused).toMatchObject({ type: 'unavailable', nonRetryable: false, nextRetryDelay: 5_000 });
    expect((refused as ApplicationFailure).message).toBe(
      'ServiceNow is resting until 2025-11-15T10:00:05.000Z, after 5 answers in a row that were none (unavailable); one call at a time looks whether it is back',
    );
  });

  it('is looked at by one of many when its rest is over, and when that one succeeds all go on', async () => {
    await fails(5);
    now += 5_000;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let calls = 0;
    const work = async () => {
      calls += 1;
      await held;
      return 'done';
    };
    const probe = call(work);
    const others = await Promise.allSettled(Array.from({ length: 20 }, () => call(work)));
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set(['rejected']));
    release();
    expect([await probe, calls]).toEqual(['done', 1]);
    const after = await Promise.all(Array.from({ length: 20 }, () => call(async () => 'done')));
    expect(after).toHaveLength(20);
    expect(await health()).toMatchObject({ failures: 0, lastGoodAt: new Date(now).toISOString() });
  });

  it('rests longer after each look that fails', async () => {
    await fails(5);
    now += 5_000;
    await fails(1, 'timeout');
    expect(await health()).toMatchObject({ failures: 6, restUntil: new Date(now + 10_000).toISOString() });
    expect(await failing('unavailable')()).toMatchObject({ nextRetryDelay: 10_000 });
  });

  it.each(['refused', 'credentials', 'not-confirmed', 'protocol'] as const)(
    'answers all the same where it says %s, and begins the count again',
    async (code) => {
      await fails(4);
      await fails(1, code);
      await fails(4);
      expect(await health()).toMatchObject({ failures: 4 });
    },
  );

  it.each(['stopped', 'superseded'] as const)(
    'is not counted where the call was %s before it was made',
    async (code) => {
      await fails(4);
      await fails(3, code);
      expect(await health()).toMatchObject({ failures: 4 });
    },
  );

  it('hides no failure of its own where the database is away, and lets the call decide', async () => {
    const broken: Store = {
      ...store,
      read: () => Promise.reject(new Error('gone')),
      transaction: () => Promise.reject(new Error('gone')),
    };
    const work = (ends: () => Promise<string>) =>
      withHealth({ store: broken, targets, timing }, 'servicenow', ends, () => now);
    expect(await work(async () => 'done')).toBe('done');
    await expect(work(() => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
  });
});

it('a target that is well costs a read a second and a write a minute, however many calls', async () => {
  for (let second = 0; second < 30; second += 1) {
    await Promise.all(Array.from({ length: 10 }, () => call(async () => 'done')));
    now += 1_000;
  }
  const [reads, writes] = ['read', 'write'].map((kind) => statements.filter((each) => each === kind).length);
  expect(writes).toBe(1);
  expect(reads).toBeLessThanOrEqual(31);
});
