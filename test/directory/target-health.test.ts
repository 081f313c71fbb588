import { expect, test } from 'vitest';
import { onBothDatabases } from '../helpers/both-databases.ts';
import { sarah, someone } from './sarah.ts';

const start = Date.parse('2025-11-15T10:00:00.000Z');
const second = (seconds: number) => new Date(start + seconds * 1_000).toISOString();

onBothDatabases("targets' health", (under) => {
  const health = () => under.store.read((reader) => reader.targetHealth('salesforce'));
  const fails = (at: string, probe = false) =>
    under.store.transaction((tx) =>
      tx.noteTargetFailure('salesforce', { code: 'unavailable', message: 'status 503', at, probe }),
    );
  const answers = (at: string) => under.store.transaction((tx) => tx.noteTargetGood('salesforce', at));
  const claims = (at: string, until: string) => under.store.transaction((tx) => tx.claimProbe('salesforce', at, until));

  test('a target rests from the fifth failure in a row on, and calls that were under way then change nothing', async () => {
    expect(await health()).toBeUndefined();
    for (let failure = 0; failure < 4; failure += 1) await fails(second(failure));
    const failing = { target: 'salesforce', since: second(0), code: 'unavailable', message: 'status 503' };
    expect(await health()).toEqual({ ...failing, failures: 4 });
    for (let failure = 0; failure < 20; failure += 1) await fails(second(4));
    expect(await health()).toEqual({ ...failing, failures: 5, restUntil: second(9) });
  });

  test('an answer in between begins the count again', async () => {
    for (let failure = 0; failure < 4; failure += 1) await fails(second(failure));
    await answers(second(4));
    await fails(second(5));
    expect(await health()).toEqual({
      ...{ target: 'salesforce', failures: 1, since: second(5), code: 'unavailable', message: 'status 503' },
      lastGoodAt: second(4),
    });
  });

  test('after its rest one caller alone may look, each look that fails doubles the rest to a minute, one that succeeds ends it', async () => {
    for (let failure = 0; failure < 5; failure += 1) await fails(second(0));
    expect(await claims(second(4.9), second(34))).toBe(false);
    const rests: number[] = [];
    for (let probe = 0; probe < 6; probe += 1) {
      const from = (await health())?.restUntil ?? '';
      const lease = new Date(Date.parse(from) + 30_000).toISOString();
      expect([await claims(from, lease), await claims(from, lease)]).toEqual([true, false]);
      await fails(from, true);
      rests.push(Date.parse((await health())?.restUntil ?? '') - Date.parse(from));
    }
    expect(rests).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
    await answers(second(900));
    expect(await health()).toEqual({ target: 'salesforce', failures: 0, lastGoodAt: second(900) });
    expect(await claims(second(901), second(931))).toBe(false);
  });

  test('whose caller was lost while it looked is looked at by another one', async () => {
    for (let failure = 0; failure < 5; failure += 1) await fails(second(0));
    expect(await claims(second(5), second(35))).toBe(true);
    expect(await claims(second(34.9), second(65))).toBe(false);
    expect(await claims(second(35), second(65))).toBe(true);
  });

  test('whoever waits for a target is found: leavers with an account open there, pending changes, exceptions', async () => {
    const people = ['GT-1', 'GT-2', 'GT-3', 'GT-4', 'GT-5'];
    await under.store.transaction(async (tx) => {
      await tx.createPerson(sarah);
      for (const id of people) await tx.createPerson(someone(id));
      for (const [id, state, status] of [
        ['GT-1', 'Terminating', 'enabled'],
        ['GT-2', 'Terminating', 'disabled'],
        ['GT-3', 'Active', 'enabled'],
      ] as const) {
        await tx.updatePerson(id, { state });
        await tx.putAccount({
          ...{ target: 'salesforce', id: `005-${id}`, name: id, kind: 'primary', owner: id, origin: 'found' },
          ...{ status, entitlements: [] },
        });
      }
      const later = { kind: 'later', dueAt: second(0), event: 'workday:1' } as const;
      await tx.putPending('GT-4', { ...later, id: 'a', confidential: false, data: { targets: ['salesforce'] } });
      await tx.putPending('GT-2', {
        ...later,
        id: 'b',
        dueAt: second(9),
        confidential: false,
        data: { target: 'salesforce' },
      });
      await tx.putPending('GT-5', { ...later, id: 'a', confidential: true, data: { target: 'salesforce' } });
      await tx.openException({
        ...{ id: 'person:GT-48291/x', kind: 'step-failed', workflowId: 'person:GT-48291', person: 'GT-48291' },
        ...{ target: 'salesforce', reason: 'no', owner: 'o', openedAt: second(0), dueAt: second(9) },
      });
      await tx.openException({
        ...{ id: 'watch/person:GT-1/run', kind: 'workflow-failed', workflowId: 'person:GT-1', person: 'GT-1' },
        ...{ reason: 'ended by hand', owner: 'o', openedAt: second(0), dueAt: second(9) },
      });
    });
    const waiting = (limit: number) =>
      under.store.read((reader) => reader.waitingForTarget('salesforce', limit, second(5)));
    expect([await waiting(9), await waiting(2)]).toEqual([
      ['GT-1', 'GT-4', 'GT-48291'],
      ['GT-1', 'GT-4'],
    ]);
    const inFlight = (after: string | undefined, limit: number) =>
      under.store.read((reader) => reader.inFlight(after, limit));
    expect([await inFlight(undefined, 3), await inFlight('GT-48291', 2)]).toEqual([
      ['GT-2', 'GT-4', 'GT-48291'],
      ['GT-5'],
    ]);
  });
});
