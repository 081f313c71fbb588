import { expect, test } from 'vitest';
import type { Reader, Transaction } from '../../src/directory/store.ts';
import { Failure } from '../../src/model/failure.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';
import { accountOf, employment, endAt, sarah, sarahsRecord, someone } from './sarah.ts';

onBothDatabases('the directory', (under) => {
  const create = (...people: (typeof sarah)[]) =>
    under.store.transaction(async (tx) => {
      for (const each of people) await tx.createPerson(each);
    });
  const record = (id: string) => under.store.read((reader) => reader.person(id));

  test('a person comes back whole, with all that belongs to her', async () => {
    await create(sarah);
    const github = accountOf(sarah.id, { target: 'github', id: '1', managedBy: 'okta', entitlements: [] });
    const end = { ...endAt('2025-11-16T05:00:00.000Z'), date: '2025-11-15', zone: 'America/Chicago' };
    const reminder = endAt('2025-11-08T05:00:00.120Z', 'reminder');
    await under.store.transaction(async (tx) => {
      await tx.putAccount(accountOf(sarah.id));
      await tx.putAccount(github);
      await tx.putPending(sarah.id, end);
      await tx.putPending(sarah.id, reminder);
    });
    const whole = { ...sarahsRecord, accounts: [github, accountOf(sarah.id)], pending: [reminder, end] };
    expect(await record(sarah.id)).toEqual(whole);
    expect(await under.store.transaction((tx) => tx.person(sarah.id, { lock: true }))).toEqual(whole);
    expect(await record('GT-1')).toBeUndefined();
  });

  test('an engagement and a pending change without their optional facts have no nulls', async () => {
    const { wid: _w, endDate: _e, lastDayOfWork: _l, managerId: _m, location: _o, ...bare } = employment;
    await create(someone('GT-1', { engagements: [bare], protection: 'breakGlass' }));
    await under.store.transaction((tx) => tx.putPending('GT-1', endAt('2025-11-16T05:00:00.000Z')));
    expect(await record('GT-1')).toEqual({
      ...someone('GT-1', { engagements: [bare], protection: 'breakGlass' }),
      epoch: 0,
      accounts: [],
      pending: [endAt('2025-11-16T05:00:00.000Z')],
      grants: [],
      facts: {},
      legalHolds: [],
    });
  });

  test('what is put again replaces, and forgets what it no longer has', async () => {
    await create(sarah);
    const { endDate: _, ...open } = employment;
    const { zone: _z, ...unzoned } = { ...endAt('2025-11-16T05:00:00.000Z'), zone: 'UTC' };
    await under.store.transaction(async (tx) => {
      await tx.putAccount(accountOf(sarah.id, { managedBy: 'okta' }));
      await tx.putAccount(accountOf(sarah.id, { status: 'disabled', entitlements: [] }));
      await tx.putPending(sarah.id, { ...unzoned, zone: 'UTC' });
      await tx.putPending(sarah.id, unzoned);
      await tx.putEngagement(sarah.id, open);
    });
    expect(await record(sarah.id)).toEqual({
      ...sarahsRecord,
      engagements: [open],
      accounts: [accountOf(sarah.id, { status: 'disabled', entitlements: [] })],
      pending: [unzoned],
    });
    await under.store.transaction((tx) => tx.removePending(sarah.id, 'end'));
    expect((await record(sarah.id))?.pending).toEqual([]);
  });

  test('an account that changes its owner leaves the one and joins the other', async () => {
    await create(sarah, someone('GT-1'));
    await under.store.transaction((tx) => tx.putAccount(accountOf(sarah.id, { kind: 'shared' })));
    await under.store.transaction((tx) => tx.putAccount(accountOf('GT-1', { kind: 'shared' })));
    expect((await record(sarah.id))?.accounts).toEqual([]);
    expect((await record('GT-1'))?.accounts).toEqual([accountOf('GT-1', { kind: 'shared' })]);
  });

  test('a change touches what it names and nothing else', async () => {
    await create(sarah);
    await under.store.transaction((tx) => tx.updatePerson(sarah.id, { state: 'Terminating', epoch: 1 }));
    await under.store.transaction((tx) => tx.updatePerson(sarah.id, { name: 'Sarah B. Chen', attributes: { a: 1 } }));
    expect(await record(sarah.id)).toEqual({
      ...sarahsRecord,
      name: 'Sarah B. Chen',
      state: 'Terminating',
      epoch: 1,
      attributes: { a: 1 },
    });
    expect(await under.sql(`SELECT revision FROM muster.person`)).toEqual([{ revision: 3 }]);
  });

  test('two racers who raise the epoch under the lock raise it twice, and see what the other wrote', async () => {
    await create(sarah);
    const raise = (name: string) =>
      under.store.transaction(async (tx) => {
        const person = await tx.person(sarah.id, { lock: true });
        await tx.updatePerson(sarah.id, { epoch: (person?.epoch ?? 0) + 1 });
        await tx.putPending(sarah.id, endAt('2025-11-16T05:00:00.000Z', name));
        return person?.pending.length;
      });
    const seen = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(raise));
    expect(seen.toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect((await record(sarah.id))?.epoch).toBe(5);
  });

  test('people are found by id and by any identifier, an address in any case', async () => {
    await create(sarah, someone('GT-1', { identifiers: [{ source: 'okta', type: 'id', value: 'GT-48291' }] }));
    const ids = (alias: string) =>
      under.store.read(async (reader) => (await reader.personByAlias(alias)).map((person) => person.id));
    expect(await ids('GT-48291')).toEqual(['GT-1', 'GT-48291']);
    expect(await ids('GT-1')).toEqual(['GT-1']);
    expect(await ids('sarah.CHEN@globaltech.example')).toEqual(['GT-48291']);
    expect(await ids('gt-48291')).toEqual([]);
  });

  test('holders of an identifier are found with and without its source', async () => {
    await create(
      sarah,
      someone('GT-1', { identifiers: [{ source: 'okta', type: 'email', value: 'sarah.chen@globaltech.example' }] }),
    );
    const holders = (source?: string) =>
      under.store.read((reader) =>
        reader.peopleWith({
          type: 'email',
          value: 'SARAH.CHEN@globaltech.example',
          ...(source !== undefined && { source }),
        }),
      );
    expect(await holders()).toEqual(['GT-1', 'GT-48291']);
    expect(await holders('workday')).toEqual(['GT-48291']);
    expect(await holders('entra')).toEqual([]);
    expect(await under.store.read((reader) => reader.peopleWith({ type: 'workerId', value: 'GT-48291' }))).toEqual([
      'GT-48291',
    ]);
  });

  test('an identifier belongs to one person: again for her is nothing, for another a conflict without the value', async () => {
    await create(sarah, someone('GT-1'));
    const add = (person: string) =>
      under.store.transaction((tx) =>
        tx.addIdentifier(person, { source: 'workday', type: 'email', value: 'sarah.chen@GLOBALTECH.example' }),
      );
    await add(sarah.id);
    expect((await record(sarah.id))?.identifiers).toEqual(sarah.identifiers);
    const failure = await add('GT-1').catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({
      code: 'conflict',
      message: 'this email of workday belongs to GT-48291, not GT-1',
    });
    await under.store.transaction((tx) => tx.addIdentifier('GT-1', { source: 'okta', type: 'id', value: '00u1' }));
    expect((await record('GT-1'))?.identifiers).toEqual([{ source: 'okta', type: 'id', value: '00u1' }]);
  });

  test('a person is made once, and whole or not at all', async () => {
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => create(sarah)));
    expect(made.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
    const refusals = made.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(new Set(refusals.map((each: Failure) => `${each.code}: ${each.message}`))).toEqual(
      new Set(['conflict: a person with this id exists already']),
    );
    await expect(create(someone('GT-1', { identifiers: sarah.identifiers }))).rejects.toMatchObject({
      code: 'conflict',
      message: 'one of these identifiers belongs to another person',
    });
    expect(await record('GT-1')).toBeUndefined();
  });

  test('what names nobody in the directory is not found, in words', async () => {
    const attempts: ((tx: Transaction) => Promise<void>)[] = [
      (tx) => tx.updatePerson('GT-0', { state: 'Active' }),
      (tx) => tx.putAccount(accountOf('GT-0')),
      (tx) => tx.putPending('GT-0', endAt('2025-11-16T05:00:00.000Z')),
    ];
    for (const attempt of attempts) {
      await expect(under.store.transaction(attempt)).rejects.toMatchObject({ code: 'not-found' });
    }
  });

  test('those with something due come in the order in which it is due', async () => {
    await create(someone('GT-1'), someone('GT-2'), someone('GT-3'));
    await under.store.transaction(async (tx) => {
      await tx.putPending('GT-1', endAt('2025-11-16T05:00:00.000Z', 'late'));
      await tx.putPending('GT-1', endAt('2025-11-15T05:00:00.000Z', 'early'));
      await tx.putPending('GT-2', endAt('2025-11-14T05:00:00.000Z'));
      await tx.putPending('GT-3', endAt('2025-11-16T05:00:00.001Z'));
    });
    const due = (until: string, limit: number) => under.store.read((reader) => reader.due(until, limit));
    expect(await due('2025-11-16T05:00:00.000Z', 10)).toEqual(['GT-2', 'GT-1']);
    expect(await due('2025-11-16T05:00:00.000Z', 1)).toEqual(['GT-2']);
    expect(await due('2025-11-16T05:00:00.001Z', 10)).toEqual(['GT-2', 'GT-1', 'GT-3']);
  });

  test('the guard knows epoch, state and the stops in force', async () => {
    await create(sarah);
    const guard = (id: string) => under.store.read((reader) => reader.guard(id));
    expect(await guard(sarah.id)).toEqual({ epoch: 0, state: 'Active', stops: [] });
    expect(await guard('GT-0')).toBeUndefined();
    const stop = { by: 'operator-1', reason: 'drill', at: '2025-11-15T10:00:00.000Z' };
    await under.store.transaction(async (tx) => {
      await tx.putStop('target:github', 'operator-2', 'first', '2025-11-15T09:00:00.000Z');
      await tx.putStop('target:github', stop.by, stop.reason, stop.at);
      await tx.putStop('all', stop.by, stop.reason, stop.at);
    });
    expect(await guard(sarah.id)).toEqual({ epoch: 0, state: 'Active', stops: ['all', 'target:github'] });
    await under.store.transaction((tx) => tx.removeStop('all'));
    expect(await under.store.read((reader) => reader.stops())).toEqual([{ scope: 'target:github', ...stop }]);
  });

  test('lists are filtered by field, and pages neither repeat nor leave out', async () => {
    const ids = Array.from({ length: 7 }, (_, index) => `GT-${index + 1}`);
    await create(...ids.map((id, index) => someone(id, { attributes: { department: index % 2 ? 'Sales' : 'IT' } })));
    await create(sarah, someone('GT-9', { state: 'Terminated' }));
    await under.store.transaction(async (tx) => {
      await tx.putAccount(accountOf('GT-2'));
      await tx.putAccount(accountOf('GT-3', { id: '2', status: 'absent' }));
    });
    const list = (filter: object, request: object) =>
      under.store.read(async (reader) => {
        const page = await reader.people(filter, request);
        return { ids: page.items.map((person) => person.id), next: page.next };
      });
    const first = await list({ department: 'IT' }, { limit: 3 });
    expect(first).toEqual({ ids: ['GT-1', 'GT-3', 'GT-5'], next: expect.stringMatching(/^[\w-]+$/) });
    expect(await list({ department: 'IT' }, { limit: 3, cursor: first.next })).toEqual({
      ids: ['GT-7'],
      next: undefined,
    });
    expect((await list({ target: 'salesforce' }, {})).ids).toEqual(['GT-2']);
    expect((await list({ managerId: 'GT-10007' }, {})).ids).toEqual(['GT-48291']);
    expect((await list({ location: 'Austin', state: 'Active' }, {})).ids).toEqual(['GT-48291']);
    expect((await list({ state: 'Terminated' }, {})).ids).toEqual(['GT-9']);
    expect((await list({}, { limit: 4 })).ids).toEqual(['GT-1', 'GT-2', 'GT-3', 'GT-4']);
    expect((await list({}, { limit: 100_000 })).ids).toHaveLength(9);
    expect(await under.store.read((reader) => reader.countActive())).toBe(8);
  });

  test('a cursor that no list gave, or another list, is refused in words', async () => {
    await create(sarah, someone('GT-1'));
    const { next } = await under.store.read((reader) => reader.people({}, { limit: 1 }));
    const attempts: ((reader: Reader) => Promise<unknown>)[] = [
      (reader) => reader.people({}, { cursor: 'GT-1' }),
      (reader) => reader.people({}, { cursor: '' }),
      (reader) => reader.arrivals({}, { cursor: next ?? '' }),
    ];
    for (const attempt of attempts) {
      const message = expect.stringMatching(/^the cursor is not/);
      await expect(under.store.read(attempt)).rejects.toMatchObject({ code: 'refused', message });
    }
    await expect(under.store.read((reader) => reader.people({}, { limit: 0 }))).rejects.toBeInstanceOf(Failure);
  });
});
