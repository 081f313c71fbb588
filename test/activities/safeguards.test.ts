import { describe, expect, test } from 'vitest';
import type { Reserved } from '../../activities/safeguards.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';
import { addPeople, at, begin, idOf, numbers, policyOf, statesOf } from './safeguards.ts';

const taken = { state: 'taken' };

onBothDatabases('safeguards', (under) => {
  const policy = policyOf();
  /** One after the other, all at once in time. */
  const beginAll = async (which: number[], minutes = 0): Promise<Reserved[]> => {
    const answers: Reserved[] = [];
    for (const number of which) answers.push(await begin(under.store, policy, number, minutes));
    return answers;
  };
  const holds = () => under.store.read((reader) => reader.holds({}, {}));
  const held = async () => (await holds()).items.map(({ id }) => id);

  test('five of sixty people may end in an hour; the sixth is held, under one hold with all that follow', async () => {
    await addPeople(under.sql, 60);
    const answers = await beginAll(numbers(1, 8));
    expect(statesOf(answers)).toEqual({ taken: 5, held: 3 });
    const [hold = ''] = await held();
    expect(answers.slice(5)).toEqual([1, 2, 3].map(() => ({ state: 'held', hold })));
    const reason = `6 people would be terminated within 60 minutes; policy's limit is 5 people in any 60 minutes (60 were active). What comes above it is held, nothing of it is done, and deadlines run on. See who: muster holds show ${hold}. Then muster holds release ${hold} (several people take two operators, one person takes one) or muster holds reject ${hold}; nobody who caused it can.`;
    expect((await holds()).items).toEqual([
      {
        ...{ id: hold, kind: 'end', state: 'open', openedAt: at(0), reason },
        data: { causes: ['workday'], releasing: [], limit: '5 people in any 60 minutes' },
      },
    ]);
    expect((await under.store.read((reader) => reader.exceptions({}, {}))).items).toMatchObject([
      { id: `hold:${hold}/held`, kind: 'held', workflowId: `hold:${hold}`, reason, openedAt: at(0) },
    ]);
    const reservations = await under.store.read((reader) => reader.reservationsOf({ hold }));
    expect(reservations).toHaveLength(3);
    expect(reservations[0]).toEqual({
      ...{ person: 'GT-6', event: 'workday:end-6', kind: 'end', source: 'workday', at: at(0), state: 'held', hold },
      data: { summary: 'end GT-6', priority: 2 },
    });
    const kinds = (await under.store.read((reader) => reader.evidence({}, {}))).items.map(({ kind }) => kind);
    expect(kinds.sort()).toEqual([
      ...['event-held-by-safeguard', 'event-held-by-safeguard', 'event-held-by-safeguard'],
      ...['exception-opened', 'hold-opened'],
    ]);
  });

  test('asked again, a safeguard gives its first answer and counts nobody twice', async () => {
    await addPeople(under.sql, 60);
    const first = await beginAll(numbers(1, 7));
    expect(await beginAll(numbers(1, 7))).toEqual(first);
    // Long after, too: a lost run takes up what was reserved, and what is held waits for people.
    expect(await beginAll(numbers(1, 7), 600)).toEqual(first);
    expect(await held()).toHaveLength(1);
  });

  test('what is held uses no limit up: when the window has moved on, others go through while the hold is open', async () => {
    await addPeople(under.sql, 60);
    await beginAll(numbers(1, 7));
    // To the millisecond: at 60 minutes the first five are out of the window.
    expect(statesOf(await beginAll([8], 59.99))).toEqual({ held: 1 });
    expect(statesOf(await beginAll(numbers(9, 14), 60))).toEqual({ taken: 5, held: 1 });
    const [only, ...more] = await held();
    expect(more).toEqual([]);
    const all = await under.store.read((reader) => reader.reservationsOf({ hold: only ?? '' }));
    expect(all.map(({ person }) => person)).toEqual(['GT-6', 'GT-7', 'GT-8', 'GT-14']);
  });

  test('no more than ten of sixty end in 24 hours, however they are spread', async () => {
    await addPeople(under.sql, 60);
    const spread = [...numbers(1, 4).map((n) => [n, 0]), ...numbers(5, 8).map((n) => [n, 120])];
    const later = [...numbers(9, 12).map((n) => [n, 240])];
    const answers: Reserved[] = [];
    for (const [number = 0, minutes] of [...spread, ...later]) {
      answers.push(await begin(under.store, policy, number, minutes));
    }
    expect(answers.map(({ state }) => state)).toEqual([...Array(10).fill('taken'), 'held', 'held']);
    expect((await holds()).items.map(({ data }) => data.limit)).toEqual(['10 people in any 24 hours']);
    expect(await begin(under.store, policy, 13, 24 * 60)).toEqual(taken);
  });

  test('the share is of those active at the window’s start: whoever has ended since counts on', async () => {
    await addPeople(under.sql, 300);
    // 2 % of 300 are six. Were those who ended left out, the sixth would meet a limit of 5.
    expect(statesOf(await beginAll(numbers(1, 7)))).toEqual({ taken: 6, held: 1 });
  });

  test('a second event for somebody who was counted adds nobody', async () => {
    await addPeople(under.sql, 60);
    await beginAll(numbers(1, 5));
    expect(await begin(under.store, policy, 5, 30, { event: 'sailpoint:end-5' })).toEqual(taken);
    expect(await begin(under.store, policy, 6, 30)).toMatchObject({ state: 'held' });
  });

  test('kinds have limits and holds of their own', async () => {
    await addPeople(under.sql, 60);
    await beginAll(numbers(1, 6));
    expect(await begin(under.store, policy, 7, 0, { kind: 'security' })).toEqual(taken);
    const security = numbers(8, 28).map((number) => begin(under.store, policy, number, 0, { kind: 'security' }));
    expect(statesOf(await Promise.all(security))).toEqual({ taken: 19, held: 2 });
    const removals = numbers(29, 50).map((number) => begin(under.store, policy, number, 0, { kind: 'removal' }));
    expect(statesOf(await Promise.all(removals))).toEqual({ taken: 20, held: 2 });
    const blanks = numbers(29, 40).map((number) => begin(under.store, policy, number, 0, { kind: 'blank' }));
    expect(statesOf(await Promise.all(blanks))).toEqual({ taken: 10, held: 2 });
    expect((await held()).map((id) => id.slice(0, id.indexOf('-'))).sort()).toEqual([
      'blank',
      'end',
      'removal',
      'security',
    ]);
  });

  test('work that waited for the database counts when it is done, not when it was asked for', async () => {
    await addPeople(under.sql, 60);
    const answers: Reserved[] = [];
    // Ten hours of ends, one an hour, all begun now.
    for (const number of numbers(1, 10)) {
      const now = new Date(Date.now() - number * 3_600_000).toISOString();
      answers.push(await begin(under.store, policy, number, 0, { now }));
    }
    expect(statesOf(answers)).toEqual({ taken: 5, held: 5 });
  });

  test('an operator who caused what is held is among its causes, with every source', async () => {
    await addPeople(under.sql, 60);
    await beginAll(numbers(1, 6));
    await under.store.transaction(async (tx) => {
      const event = {
        ...{ key: 'cloudevents:x', source: 'cloudevents', id: 'x', type: 'terminated' as const, subject: 'GT-7' },
        ...{ receivedAt: at(0), data: {}, payloadHash: 'h', by: 'operator-1' },
      };
      await tx.admit({ key: event.key, event, workflowId: 'event:x', firstRunId: 'r', receivedAt: at(0) });
    });
    await begin(under.store, policy, 7, 0, { event: 'cloudevents:x', source: 'cloudevents' });
    expect((await holds()).items[0]?.data.causes).toEqual(['workday', 'cloudevents', 'operator-1']);
  });

  describe('three workers racing', () => {
    const race = async (many: number, begun: number, limits = policy) => {
      await addPeople(under.sql, many);
      const stores = [under.store, await under.another(), await under.another()];
      const answers = await Promise.all(
        numbers(1, begun).map((number) => begin(stores[number % 3] ?? under.store, limits, number)),
      );
      const [row] = await under.sql("SELECT count(*)::int AS ended FROM muster.person WHERE state = 'Terminating'");
      return { ...statesOf(answers), ...(row as object), holds: (await held()).length };
    };

    test('with 60 people never let more than five through', async () => {
      expect(await race(60, 60)).toEqual({ taken: 5, held: 55, ended: 5, holds: 1 });
    });

    test('with 20,000 people never let more than the cap through', async () => {
      expect(await race(20_000, 120)).toEqual({ taken: 50, held: 70, ended: 50, holds: 1 });
    });

    test('with 20,000 people never let more than the share through', async () => {
      const { ends } = policy.safeguards;
      const limits = policyOf({ ends: { ...ends, hour: { least: 5, percent: 0.4 }, cap: 1_000 } });
      expect(await race(20_000, 100, limits)).toEqual({ taken: 80, held: 20, ended: 80, holds: 1 });
    });

    test('and asking for the same people let none through twice', async () => {
      await addPeople(under.sql, 60);
      const answers = await Promise.all(
        [...numbers(1, 12), ...numbers(1, 12)].map((n) => begin(under.store, policy, n)),
      );
      expect(statesOf(answers)).toEqual({ taken: 10, held: 14 });
      expect(answers.slice(12)).toEqual(answers.slice(0, 12));
      const people = await under.store.read((reader) => reader.peopleOf(numbers(1, 12).map(idOf)));
      expect(people.filter(({ state }) => state === 'Terminating')).toHaveLength(5);
    });
  });
});
