import type { WorkflowClient } from '@temporalio/client';
import { beforeEach, expect, test } from 'vitest';
import { type Deciding, releaseHold } from '../../activities/release.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import type { Hold } from '../../src/model/hold.ts';
import { checkAhead } from '../../src/watch/ends-ahead.ts';
import { addPeople, at, begin, idOf, numbers, policyOf, statesOf } from '../activities/safeguards.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';

const policy = policyOf();
const day = 24 * 60;
const untold = {
  signalWithStart: () => Promise.reject(new Error('nobody is to be told of what is not due')),
} as unknown as WorkflowClient;

onBothDatabases('the watch, of ends known ahead', (under) => {
  /** Eight of sixty people end in six days, at the same moment. */
  beforeEach(async () => {
    await addPeople(under.sql, 60);
    for (const number of numbers(1, 8)) await due(number, 6 * day);
  });

  const due = (number: number, minutes: number, more: { confidential?: boolean; by?: string } = {}) =>
    under.store.transaction(async (tx) => {
      const key = `workday:end-${number}`;
      const event: IdentityEvent = {
        ...{ key, source: 'workday', id: `end-${number}`, type: 'terminated', subject: idOf(number) },
        ...{ receivedAt: at(0), data: {}, payloadHash: 'h', ...(more.by === undefined ? {} : { by: more.by }) },
      };
      await tx.admit({ key, event, workflowId: `event:${key}`, firstRunId: 'r', receivedAt: at(0) });
      const { confidential = false } = more;
      await tx.putPending(idOf(number), {
        ...{ id: `end:${key}`, kind: 'end', dueAt: at(minutes), event: key, confidential, data: {} },
      });
    });
  const check = (minutes = 0, store = under.store) =>
    checkAhead({ store, policy, clock: () => Date.parse(at(minutes)) });
  const holds = async () => (await under.store.read((reader) => reader.holds({}, {}))).items;
  const only = async (): Promise<Hold> => {
    const [hold, ...more] = await holds();
    if (hold === undefined || more.length > 0) throw new Error(`${more.length} more holds than one`);
    return hold;
  };
  const open = async () => (await under.store.read((reader) => reader.exceptions({ open: true }, {}))).items;
  const release = async (by: string, more: Partial<Deciding> = {}) => {
    const said: Deciding = { hold: '', decision: 'release', by, reason: 'planned', now: at(10), ...more };
    return releaseHold(
      { store: under.store, workflows: untold },
      said.hold === '' ? { ...said, hold: (await only()).id } : said,
    );
  };

  test('shows them seven days before, once, with the window and what to do', async () => {
    await check(-1.01 * day);
    expect(await holds()).toEqual([]);
    await check(-1 * day);
    await check();
    const { id, reason, data } = await only();
    const ahead = { window: 'hour', from: at(6 * day), until: at(6 * day) };
    expect(data).toEqual({ causes: ['workday'], releasing: [], limit: '5 people in any 60 minutes', ahead });
    expect(reason).toBe(
      `8 people are due to be terminated within 60 minutes, at ${at(6 * day)}; policy's limit is 5 people in any 60 minutes (60 are active). Those above it will be held then. If it is right, release them ahead: see who by muster holds show ${id}, then muster holds release ${id} (several people take two operators, one person takes one). Nobody who caused it can.`,
    );
    expect(await open()).toMatchObject([{ id: `hold:${id}/held`, kind: 'held', reason }]);
  });

  test('and two watches at once show them once', async () => {
    const other = await under.another();
    await Promise.all([check(), check(0, other)]);
    expect(await open()).toHaveLength(1);
    expect(await holds()).toHaveLength(1);
  });

  test('released ahead by two, none of them is held when the day comes, and none uses up a limit', async () => {
    await check();
    expect(await release('operator-1')).toEqual({ released: [], rejected: [], waitsForSecond: true });
    expect((await release('operator-2')).released).toEqual(numbers(1, 8).map(idOf));
    expect([await open(), (await only()).state]).toEqual([[], 'released']);
    const then = [];
    for (const number of numbers(1, 8)) then.push(await begin(under.store, policy, number, 6 * day));
    for (const number of numbers(9, 14)) then.push(await begin(under.store, policy, number, 6 * day));
    expect(statesOf(then)).toEqual({ taken: 13, held: 1 });
  });

  test('one person released ahead goes on, and the others are told of as before', async () => {
    await check();
    expect((await release('operator-1', { people: ['GT-3'] })).released).toEqual(['GT-3']);
    await check();
    expect(await open()).toHaveLength(1);
    const then = [];
    for (const number of numbers(1, 8)) then.push(await begin(under.store, policy, number, 6 * day));
    expect(then.map(({ state }) => state)).toEqual([...Array(6).fill('taken'), 'held', 'held']);
  });

  test('closes what has thinned out, and tells of it anew when it fills up again', async () => {
    await check();
    const first = await only();
    for (const number of numbers(1, 3)) {
      await under.store.transaction((tx) => tx.removePending(idOf(number), `end:workday:end-${number}`));
    }
    await check(1);
    expect(await open()).toEqual([]);
    expect(await only()).toMatchObject({ id: first.id, state: 'released', closedAt: at(1) });
    for (const number of numbers(11, 13)) await due(number, 6 * day);
    await check(2);
    expect((await holds()).map(({ id, state }) => [id === first.id, state])).toEqual([
      [false, 'open'],
      [true, 'released'],
    ]);
    expect(await open()).toHaveLength(1);
  });

  test('are no hold that others join, and cannot be rejected', async () => {
    await check();
    for (const number of numbers(21, 26)) await begin(under.store, policy, number);
    expect((await holds()).map(({ data }) => data.ahead === undefined).sort()).toEqual([false, true]);
    const ahead = (await holds()).find(({ data }) => data.ahead !== undefined);
    const say = { hold: ahead?.id ?? '', by: 'operator-1', reason: 'no', now: at(1) };
    await expect(
      releaseHold({ store: under.store, workflows: untold }, { ...say, decision: 'reject' }),
    ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('holds nothing yet') });
  });

  test('are not released by who caused one of them', async () => {
    await due(9, 6 * day, { by: 'operator-1' });
    await check();
    await expect(release('operator-1')).rejects.toMatchObject({ code: 'refused' });
    expect((await release('operator-2')).waitsForSecond).toBe(true);
  });

  test('of which one is confidential tell neither whom, nor how many, nor when', async () => {
    await due(9, 6 * day, { confidential: true });
    await check();
    const { reason, id } = await only();
    expect(reason).toBe(
      `Changes that are due within the next days will come above a limit of policy's and be held then. Security and administrators see what they are: muster holds show ${id}.`,
    );
  });

  test('released in the very moment they begin go on, each once', async () => {
    await check();
    await release('operator-1');
    const { id: hold } = await only();
    const other = await under.another();
    const [begun] = await Promise.all([
      Promise.all(numbers(1, 8).map((number) => begin(other, policy, number, 6 * day))),
      release('operator-2', { hold, now: at(6 * day - 1) }),
    ]);
    const again = await Promise.all(numbers(1, 8).map((number) => begin(other, policy, number, 6 * day)));
    // Whoever began before the release was counted, and those above the limit are held under a hold of their own.
    expect(again).toEqual(begun);
    expect(statesOf(begun)['taken']).toBeGreaterThanOrEqual(5);
  });
});
