import type { WorkflowClient } from '@temporalio/client';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Decided, type Deciding, releaseHold, releaseOne } from '../../activities/release.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import type { Failure } from '../../src/model/failure.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';
import { memoryDatabase } from '../helpers/store.ts';
import { addPeople, at, begin, idOf, numbers, policyOf, statesOf } from './safeguards.ts';

/** What workflows were told, as `<workflow id> <signal> <what>`. */
let told: string[];
let away: boolean;

const workflows = {
  async signalWithStart(
    _type: string,
    { workflowId, signal, signalArgs }: { workflowId: string; signal: string; signalArgs: [{ hold: string }] },
  ) {
    if (away) throw new Error('no answer');
    told.push(`${workflowId} ${signal} ${signalArgs[0].hold}`);
  },
  getHandle: (workflowId: string) => ({
    async signal(name: string, { outcome, reason }: { outcome: string; reason: string }) {
      if (away) throw new Error('no answer');
      told.push(`${workflowId} ${name} ${outcome}: ${reason}`);
    },
  }),
} as unknown as WorkflowClient;

onBothDatabases('a hold', (under) => {
  const policy = policyOf();
  let id: string;

  /** Eight of sixty people end at noon: five do, GT-6 to GT-8 are held. */
  beforeEach(async () => {
    told = [];
    away = false;
    await addPeople(under.sql, 60);
    await under.store.transaction(async (tx) => {
      for (const number of numbers(1, 20)) {
        const event: IdentityEvent = {
          ...{ key: `workday:end-${number}`, source: 'workday', id: `end-${number}`, type: 'terminated' },
          ...{ subject: idOf(number), receivedAt: at(0), data: {}, payloadHash: 'h' },
          ...(number === 8 ? { by: 'operator-8' } : {}),
        };
        await tx.admit({ key: event.key, event, workflowId: `event:${event.key}`, firstRunId: 'r', receivedAt: at(0) });
      }
    });
    for (const number of numbers(1, 8)) await begin(under.store, policy, number);
    id = (await under.store.read((reader) => reader.openHold('end')))?.id ?? '';
  });

  const say = (decision: Deciding['decision'], by: string, more: Partial<Deciding> = {}, store = under.store) =>
    releaseHold({ store, workflows }, { hold: id, decision, by, reason: 'checked with HR', now: at(10), ...more });
  const release = (by: string, ...people: string[]) => say('release', by, people.length === 0 ? {} : { people });
  const hold = () => under.store.read((reader) => reader.hold(id));
  const states = async () => {
    const all = await under.store.read((reader) => reader.reservationsOf({ hold: id }));
    return Object.fromEntries(all.map(({ person, state }) => [person, state]));
  };
  const exception = () => under.store.read((reader) => reader.exception(`hold:${id}/held`));
  const evidence = async () =>
    (await under.store.read((reader) => reader.evidence({ workflowId: `hold:${id}` }, {}))).items
      .filter(({ kind }) => !/opened/.test(kind))
      .map(({ kind, event, data }) => `${kind} ${event ?? ''} ${JSON.stringify(data['by'])}`);
  const none: Decided = { released: [], rejected: [], waitsForSecond: false };
  const waits = { ...none, waitsForSecond: true };
  const failure = (code: string, words: string) =>
    expect.objectContaining({ code, message: expect.stringContaining(words) });

  test('is released whole by two operators, who are told so; then everybody goes on, and its exception is resolved', async () => {
    expect(await release('operator-1')).toEqual(waits);
    expect(await states()).toEqual({ 'GT-6': 'held', 'GT-7': 'held', 'GT-8': 'held' });
    expect(told).toEqual([]);
    expect(await release('operator-2')).toEqual({ ...none, released: ['GT-6', 'GT-7', 'GT-8'] });
    expect(told.sort()).toEqual(['GT-6', 'GT-7', 'GT-8'].map((person) => `person:${person} released ${id}`));
    expect(await states()).toEqual({ 'GT-6': 'taken', 'GT-7': 'taken', 'GT-8': 'taken' });
    expect(await begin(under.store, policy, 6, 10)).toEqual({ state: 'taken' });
    expect(await hold()).toMatchObject({ state: 'released', closedAt: at(10) });
    const resolution = { action: 'release', by: 'operator-2', reason: 'checked with HR' };
    expect(await exception()).toMatchObject({ resolvedAt: at(10), resolution });
    expect(await evidence()).toEqual([
      'hold-release-asked  "operator-1"',
      'hold-release-asked  "operator-2"',
      ...[6, 7, 8].map((number) => `event-released workday:end-${number} ["operator-1","operator-2"]`),
      'hold-released  "operator-2"',
      'exception-resolved  "operator-2"',
    ]);
  });

  test('is not released by one operator who says it twice', async () => {
    expect([await release('operator-1'), await release('operator-1')]).toEqual([waits, waits]);
    expect(Object.values(await states())).toEqual(['held', 'held', 'held']);
  });

  test('lets one urgent leaver go by the word of one operator, and keeps the others', async () => {
    expect(await release('operator-1', 'GT-7')).toEqual({ ...none, released: ['GT-7'] });
    expect(await states()).toEqual({ 'GT-6': 'held', 'GT-7': 'taken', 'GT-8': 'held' });
    expect(told).toEqual([`person:GT-7 released ${id}`]);
    expect(await hold()).toMatchObject({ state: 'open' });
    expect((await exception())?.resolvedAt).toBeUndefined();
  });

  test('is released in part where two operators name the same people', async () => {
    expect(await release('operator-1', 'GT-6', 'GT-7')).toEqual(waits);
    expect(await release('operator-2', 'GT-7', 'GT-8')).toEqual({ ...none, released: ['GT-7'], waitsForSecond: true });
    expect(await states()).toEqual({ 'GT-6': 'held', 'GT-7': 'taken', 'GT-8': 'held' });
    // Each of the two had the word of one before.
    expect(await release('operator-3')).toEqual({ ...none, released: ['GT-6', 'GT-8'] });
    expect(await hold()).toMatchObject({ state: 'released' });
  });

  test('that somebody joined since the first operator spoke keeps them: they were not meant', async () => {
    await release('operator-1');
    await begin(under.store, policy, 9, 5);
    expect(await release('operator-2')).toEqual({
      ...{ released: ['GT-6', 'GT-7', 'GT-8'], rejected: [], waitsForSecond: true },
    });
    expect(await states()).toMatchObject({ 'GT-9': 'held' });
    expect(await hold()).toMatchObject({ state: 'open' });
  });

  test('is no mass let go person by person: after five by themselves it takes two', async () => {
    for (const number of numbers(9, 12)) await begin(under.store, policy, number);
    for (const number of numbers(6, 10)) {
      expect(await release('operator-1', idOf(number))).toEqual({ ...none, released: [idOf(number)] });
    }
    expect(await release('operator-1', 'GT-11')).toEqual(waits);
    expect(await release('operator-2', 'GT-11')).toEqual({ ...none, released: ['GT-11'] });
  });

  test('is neither released nor rejected by who caused it', async () => {
    for (const by of ['workday', 'operator-8']) {
      await expect(release(by)).rejects.toEqual(failure('refused', 'you caused what'));
      await expect(release(by, 'GT-6')).rejects.toEqual(failure('refused', 'you caused what'));
      await expect(say('reject', by)).rejects.toEqual(failure('refused', 'you caused what'));
    }
    expect(await release('operator-1')).toEqual(waits);
  });

  test('is rejected by one operator: its events are dropped with the reason, and never happen', async () => {
    expect(await say('reject', 'operator-1')).toEqual({ ...none, rejected: ['GT-6', 'GT-7', 'GT-8'] });
    const reason = 'rejected by operator-1: checked with HR';
    const expected = [6, 7, 8].flatMap((number) => [
      `event:workday:end-${number} settled dropped: ${reason}`,
      `person:GT-${number} released ${id}`,
    ]);
    expect(told.sort()).toEqual(expected.sort());
    const arrival = await under.store.read((reader) => reader.arrival('workday:end-6'));
    expect(arrival).toMatchObject({ outcome: 'dropped', reason, settledAt: at(10), person: 'GT-6' });
    expect(await under.store.read((reader) => reader.personEvent('GT-6', 'workday:end-6'))).toEqual({
      ...{ outcome: 'dropped', reason },
    });
    expect(await hold()).toMatchObject({ state: 'rejected', closedAt: at(10) });
    expect(await exception()).toMatchObject({ resolution: { action: 'reject', by: 'operator-1' } });
    // The very same event again, long after: it stays rejected, whatever the window holds by then.
    expect(await begin(under.store, policy, 6, 600)).toEqual({ state: 'rejected', reason: 'checked with HR' });
    expect(await begin(under.store, policy, 6, 600, { event: 'workday:another' })).toEqual({ state: 'taken' });
  });

  test('is rejected in part, and released in part', async () => {
    expect(await say('reject', 'operator-1', { people: ['GT-6'] })).toEqual({ ...none, rejected: ['GT-6'] });
    await release('operator-1');
    expect(await release('operator-2')).toEqual({ ...none, released: ['GT-7', 'GT-8'] });
    expect(await hold()).toMatchObject({ state: 'released' });
  });

  test('an event of which a part was carried out before stays applied', async () => {
    await under.store.transaction((tx) => tx.putPersonEvent('GT-6', 'workday:end-6', 'applied', undefined, at(1)));
    await say('reject', 'operator-1');
    expect(await under.store.read((reader) => reader.personEvent('GT-6', 'workday:end-6'))).toEqual({
      outcome: 'applied',
    });
  });

  test('that is released twice is released once; everybody is told again, for a message may have been lost', async () => {
    await release('operator-1');
    await release('operator-2');
    told = [];
    const before = await evidence();
    expect(await release('operator-1')).toEqual(none);
    expect(told).toHaveLength(3);
    expect(await evidence()).toEqual(before);
    await expect(say('reject', 'operator-1')).rejects.toEqual(
      failure('conflict', 'it was released already by operator-2'),
    );
  });

  test('is decided though Temporal is away, and says so; said again, everybody is told', async () => {
    await release('operator-1');
    away = true;
    await expect(release('operator-2')).rejects.toEqual(failure('unavailable', '3 of 3 workflows could not be told'));
    expect(Object.values(await states())).toEqual(['taken', 'taken', 'taken']);
    away = false;
    expect(await release('operator-2')).toEqual(none);
    expect(told).toHaveLength(3);
  });

  test('of one person is decided by the update of their workflow, which is refused in words where it cannot be', async () => {
    const update = (person: string, by: string, decision: Deciding['decision'] = 'release') =>
      releaseOne({ store: under.store, workflows }, { hold: id, person, decision, by, reason: 'so', now: at(10) });
    expect(await update('GT-7', 'operator-1')).toEqual({ said: `GT-7: release of ${id} by operator-1` });
    expect(await update('GT-6', 'operator-8')).toEqual({ refused: expect.stringContaining('you caused what') });
    expect(await update('GT-1', 'operator-1')).toEqual({ refused: `${id} holds nothing of GT-1` });
    expect(await states()).toEqual({ 'GT-6': 'held', 'GT-7': 'taken', 'GT-8': 'held' });
  });

  test('that was decided about is found with those who still wait for it, until they have gone on', async () => {
    const waits = (person: string, held: string) =>
      under.store.transaction((tx) =>
        tx.putPending(person, {
          ...{ id: 'end', kind: 'end', dueAt: at(0), event: `workday:end-${person.slice(3)}`, confidential: false },
          data: held === '' ? {} : { hold: held },
        }),
      );
    for (const person of ['GT-6', 'GT-7', 'GT-8']) await waits(person, id);
    const untold = (minutes: number) => under.store.read((reader) => reader.untold(at(minutes), 10));
    expect(await untold(60)).toEqual([]);
    await release('operator-1', 'GT-7');
    expect(await untold(9)).toEqual([]);
    expect(await untold(11)).toEqual([{ person: 'GT-7', hold: id }]);
    await say('reject', 'operator-1', { people: ['GT-8'] });
    expect((await untold(11)).map(({ person }) => person)).toEqual(['GT-7', 'GT-8']);
    await waits('GT-7', '');
    expect((await untold(11)).map(({ person }) => person)).toEqual(['GT-8']);
  });

  test('names those it does not hold', async () => {
    await expect(release('operator-1', 'GT-1')).rejects.toEqual(failure('not-found', 'holds nothing of GT-1'));
    await expect(say('release', 'operator-1', { hold: 'end-0' })).rejects.toEqual(failure('not-found', 'no hold'));
  });

  test('keeps what the operator may not see, and is not there for one who may see nothing of it', async () => {
    await begin(under.store, policy, 9, 1, { confidential: true });
    const sees: Deciding['sees'] = ({ data }) => data.confidential !== true;
    await say('release', 'operator-1', { sees });
    expect(await say('release', 'operator-2', { sees })).toEqual({ ...none, released: ['GT-6', 'GT-7', 'GT-8'] });
    expect(await states()).toMatchObject({ 'GT-9': 'held' });
    await expect(say('release', 'operator-1', { sees, people: ['GT-9'] })).rejects.toEqual(
      failure('not-found', 'GT-9'),
    );
    await expect(say('release', 'operator-1', { sees: () => false })).rejects.toEqual(failure('not-found', 'no hold'));
  });

  test('whom it let go uses up no limit', async () => {
    await release('operator-1');
    await say('release', 'operator-2', { now: at(60) });
    const later = [];
    for (const number of numbers(9, 14)) later.push(await begin(under.store, policy, number, 60));
    expect(statesOf(later)).toEqual({ taken: 5, held: 1 });
  });

  describe('with two operators who decide at once', () => {
    const race = async (first: Promise<Decided>, second: Promise<Decided>) => {
      const answers = await Promise.allSettled([first, second]);
      const done = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      const late = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Failure] : []));
      return { done, late };
    };

    test('has each released once', async () => {
      const store = await under.another();
      const { done, late } = await race(release('operator-1'), say('release', 'operator-2', {}, store));
      expect(late).toEqual([]);
      expect(done.flatMap(({ released }) => released).sort()).toEqual(['GT-6', 'GT-7', 'GT-8']);
      expect((await evidence()).filter((line) => line.startsWith('event-released'))).toHaveLength(3);
    });

    test('one to release and one to reject, has one outcome for each', async () => {
      const store = await under.another();
      const { done, late } = await race(
        release('operator-1', 'GT-7'),
        say('reject', 'operator-2', { people: ['GT-7'] }, store),
      );
      expect([done.length, late.map(({ code }) => code)]).toEqual([1, ['conflict']]);
      const released = done[0]?.released.length === 1;
      expect(await states()).toMatchObject({ 'GT-7': released ? 'taken' : 'rejected' });
      expect(told.filter((line) => line.startsWith('event:'))).toHaveLength(released ? 0 : 1);
    });

    test('while more join, loses nobody', async () => {
      const stores = [under.store, await under.another()];
      await release('operator-1');
      const [joined] = await Promise.all([
        Promise.all(numbers(9, 20).map((number) => begin(stores[number % 2] ?? under.store, policy, number, 1))),
        release('operator-2'),
      ]);
      expect(statesOf(joined)).toEqual({ held: 12 });
      const everywhere = await Promise.all(
        numbers(6, 20).map((number) => under.store.read((reader) => reader.heldFor(idOf(number)))),
      );
      const all = everywhere.flat();
      expect(statesOf(all)).toEqual({ taken: 3, held: 12 });
      // Those who came before the release joined the first hold; after it had closed, a new one.
      const open = await under.store.read((reader) => reader.holds({ state: 'open' }, {}));
      const holding = new Set(all.filter(({ state }) => state === 'held').map((each) => each.hold));
      expect(new Set(open.items.map((each) => each.id))).toEqual(holding);
    });
  });
});

test('a hold of more than one transaction takes is decided whole', async () => {
  const { store, sql } = await memoryDatabase();
  told = [];
  away = false;
  await addPeople(sql, 1_200);
  await store.transaction(async (tx) => {
    await tx.putHold({
      ...{ id: 'end-many', kind: 'end', reason: 'many', state: 'open', openedAt: at(0) },
      data: { causes: ['workday'], releasing: [], limit: '5 people in any 60 minutes' },
    });
    await tx.addReservations(
      numbers(1, 1_200).map((number) => ({
        ...{ person: idOf(number), event: `workday:end-${number}`, kind: 'end', source: 'workday', at: at(0) },
        ...{ state: 'held', hold: 'end-many', data: { summary: 'x', priority: number === 900 ? 1 : 2 } },
      })),
    );
  });
  const say = (by: string) =>
    releaseHold({ store, workflows }, { hold: 'end-many', decision: 'release', by, reason: 'so', now: at(1) });
  expect(await say('operator-1')).toMatchObject({ waitsForSecond: true });
  expect((await say('operator-2')).released).toHaveLength(1_200);
  expect(new Set(told).size).toBe(1_200);
  // The most urgent first.
  expect(told[0]).toBe('person:GT-900 released end-many');
  expect(await store.read((reader) => reader.hold('end-many'))).toMatchObject({ state: 'released' });
  await store.close();
});
