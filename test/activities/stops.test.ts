import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ChangingCall, mayChange } from '../../activities/stops.ts';
import type { Guard, Store } from '../../src/directory/store.ts';
import { Failure } from '../../src/model/failure.ts';
import { personOf } from '../helpers/line.ts';
import { memoryStore } from '../helpers/store.ts';

const call = (more: Partial<ChangingCall> = {}): ChangingCall => ({
  ...{ person: 'GT-48291', epoch: 0, event: 'workday:42', target: 'salesforce', priority: 2, attempt: 1 },
  summary: 'disable GT-48291 in Salesforce',
  ...more,
});

describe('a changing call', () => {
  let store: Store;
  beforeEach(async () => {
    store = await memoryStore();
    await store.transaction((tx) => tx.createPerson(personOf()));
  });
  afterEach(() => store.close());

  const stop = (scope: string) =>
    store.transaction((tx) => tx.putStop(scope, 'operator-1', 'a drill', '2026-01-01T00:00:00.000Z'));
  const outcome = (more: Partial<ChangingCall> = {}) =>
    mayChange(store, call(more)).then(
      () => 'made',
      (failure: Failure) => [failure.code, failure.retryAfterMs, failure.message],
    );

  it('is made while nothing is stopped', async () => {
    expect(await outcome()).toBe('made');
  });

  it.each(['all', 'target:salesforce', 'source:workday'])('is not made while "%s" is stopped', async (scope) => {
    await stop(scope);
    expect(await outcome()).toEqual([
      ...['stopped', 2_000, `disable GT-48291 in Salesforce: an operator has stopped "${scope}"`],
    ]);
  });

  it('is made while another target or source is stopped', async () => {
    await stop('target:github');
    await stop('source:sailpoint');
    expect(await outcome()).toBe('made');
  });

  it('of older work is never made, stopped or not', async () => {
    await stop('all');
    expect(await outcome({ epoch: 1 })).toMatchObject(['superseded', undefined, expect.stringContaining('newer work')]);
    expect(await outcome({ epoch: undefined })).toMatchObject(['superseded', undefined, expect.anything()]);
  });

  it('asks again every two seconds, the most urgent every second, and less often when it has waited for minutes', async () => {
    await stop('all');
    const pause = async (priority: number, attempt: number) => (await outcome({ priority, attempt }))[1];
    expect(await Promise.all([pause(1, 1), pause(2, 1), pause(5, 60)])).toEqual([1_000, 2_000, 2_000]);
    expect(await Promise.all([pause(1, 61), pause(2, 61), pause(3, 61)])).toEqual([1_000, 5_000, 10_000]);
  });

  it('goes on after the stop in the order of its priority', async () => {
    await stop('target:salesforce');
    await store.transaction((tx) => tx.removeStop('target:salesforce'));
    expect(await outcome({ priority: 1 })).toBe('made');
    const [code, pause, message] = await outcome({ priority: 2 });
    expect([code, message]).toEqual(['stopped', expect.stringContaining('what is more urgent goes on first')]);
    expect(Number(pause)).toBeLessThanOrEqual(1_200);
    const pauses = await Promise.all([3, 4, 5].map(async (priority) => Number((await outcome({ priority }))[1])));
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    // What never was stopped does not wait.
    expect(await outcome({ target: 'github', priority: 5 })).toBe('made');
  });
});

describe('where the database cannot be read', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const guard: Guard = { epoch: 0, state: 'Active', stops: [] };
  const reading = (answer: () => Promise<Guard>) => {
    const read = vi.fn(answer);
    return { read, store: { read } as unknown as Pick<Store, 'read'> };
  };
  const settled = (work: Promise<void>) => {
    const seen: { code?: string } = {};
    work.then(
      () => Object.assign(seen, { code: 'made' }),
      (failure: Failure) => Object.assign(seen, { code: failure.code }),
    );
    return seen;
  };

  it.each([
    ['refuses connections', () => Promise.reject(new Failure('unavailable', 'no database'))],
    ['refuses our login', () => Promise.reject(new Failure('credentials', 'no such role'))],
    ['hangs', () => new Promise<Guard>(() => undefined)],
  ])('because it %s, a call waits for two seconds and is stopped then: no target is blamed', async (_what, answer) => {
    const { store } = reading(answer);
    const seen = settled(mayChange(store, call()));
    await vi.advanceTimersByTimeAsync(1_500);
    expect(seen).toEqual({});
    await vi.advanceTimersByTimeAsync(500);
    expect(seen).toEqual({ code: 'stopped' });
  });

  it('for a moment, the call is made when it can be read again', async () => {
    let away = true;
    const { store } = reading(() => (away ? Promise.reject(new Failure('unavailable', 'x')) : Promise.resolve(guard)));
    const seen = settled(mayChange(store, call()));
    await vi.advanceTimersByTimeAsync(1_000);
    away = false;
    await vi.advanceTimersByTimeAsync(500);
    expect(seen).toEqual({ code: 'made' });
  });
});
