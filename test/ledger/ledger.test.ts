import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Arrival } from '../../src/directory/store.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import type { OpenException } from '../../src/model/exception.ts';
import { sarah, someone } from '../directory/sarah.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';

const termination: IdentityEvent = {
  key: 'workday:e-1',
  source: 'workday',
  id: 'e-1',
  type: 'terminated',
  subject: 'GT-48291',
  receivedAt: '2025-11-15T10:00:00.000Z',
  effectiveDate: '2025-11-15',
  data: { effectiveDate: '2025-11-15', category: 'voluntary', note: 'NUL \u0000 and half a pair \ud800' },
  payloadHash: 'f00d',
};

type NewArrival = Omit<Arrival, 'outcome' | 'reason' | 'settledAt'>;

function arrivalOf(key: string, change: Partial<NewArrival> = {}): NewArrival {
  return {
    key,
    event: { ...termination, key },
    workflowId: `event:${key}`,
    firstRunId: 'run-1',
    receivedAt: '2025-11-15T10:00:00.000Z',
    ...change,
  };
}

function exceptionOf(id: string, change: Partial<OpenException> = {}): OpenException {
  return {
    id,
    kind: 'step-failed',
    workflowId: 'person:GT-48291',
    reason: 'GitHub refuses',
    owner: 'identity-security',
    openedAt: '2025-11-15T10:00:00.000Z',
    dueAt: '2025-11-15T10:15:00.000Z',
    ...change,
  };
}

onBothDatabases('the ledger', (under) => {
  const admit = (arrival: NewArrival) => under.store.transaction((tx) => tx.admit(arrival));
  const arrival = (key: string) => under.store.read((reader) => reader.arrival(key));

  test('fifty copies of one event at once: one is admitted, the others are told of it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => admit(arrivalOf('workday:e-1', { firstRunId: `run-${index}` }))),
    );
    const refused = answers.flatMap((answer) => (answer.inserted ? [] : [answer.existing]));
    expect(refused).toHaveLength(49);
    const there = await arrival('workday:e-1');
    for (const existing of refused) expect(existing).toEqual(there);
  });

  test('an admitted event comes back letter by letter, whatever its source wrote into it', async () => {
    expect(await admit(arrivalOf('workday:e-1', { person: 'GT-48291' }))).toEqual({ inserted: true });
    expect(await arrival('workday:e-1')).toEqual(arrivalOf('workday:e-1', { person: 'GT-48291' }));
    expect(await arrival('workday:e-2')).toBeUndefined();
  });

  test('what becomes of an event is added, and another chain of runs can take it over', async () => {
    await admit(arrivalOf('workday:e-1'));
    await under.store.transaction(async (tx) => {
      await tx.takeOver('workday:e-1', 'run-9');
      await tx.updateArrival('workday:e-1', { person: 'GT-48291', outcome: 'scheduled' });
    });
    await under.store.transaction((tx) => tx.updateArrival('workday:e-1', {}));
    const scheduled = arrivalOf('workday:e-1', { firstRunId: 'run-9', person: 'GT-48291' });
    expect(await arrival('workday:e-1')).toEqual({ ...scheduled, outcome: 'scheduled' });
    const settled = { outcome: 'applied', reason: 'all six closed', settledAt: '2025-11-15T10:00:05.000Z' } as const;
    await under.store.transaction((tx) => tx.updateArrival('workday:e-1', settled));
    expect(await admit(arrivalOf('workday:e-1'))).toEqual({ inserted: false, existing: { ...scheduled, ...settled } });
    await expect(under.store.transaction((tx) => tx.takeOver('x:1', 'run'))).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(
      under.store.transaction((tx) => tx.updateArrival('x:1', { outcome: 'applied' })),
    ).rejects.toMatchObject({ code: 'not-found' });
  });

  test('arrivals are listed from the newest, by any field, page by page', async () => {
    for (const id of [1, 2, 3, 4]) await admit(arrivalOf(`workday:e-${id}`));
    const hired: IdentityEvent = { ...termination, key: 'okta:e-5', source: 'okta', type: 'hired' };
    await admit(arrivalOf('okta:e-5', { event: hired, receivedAt: '2025-11-15T11:00:00.000Z', person: 'GT-1' }));
    await under.store.transaction((tx) =>
      tx.updateArrival('workday:e-2', { outcome: 'ignored', settledAt: '2025-11-15T10:00:05.000Z' }),
    );
    const list = (filter: object, request: object = {}) =>
      under.store.read(async (reader) => {
        const { items, next } = await reader.arrivals(filter, request);
        return { keys: items.map((each) => each.key.split(':e-')[1]).join(''), next };
      });
    const first = await list({}, { limit: 3 });
    expect(first).toEqual({ keys: '543', next: expect.any(String) });
    expect(await list({}, { limit: 3, cursor: first.next })).toEqual({ keys: '21', next: undefined });
    expect((await list({ source: 'okta' })).keys).toBe('5');
    expect((await list({ type: 'hired', person: 'GT-1' })).keys).toBe('5');
    expect((await list({ outcome: 'ignored' })).keys).toBe('2');
    expect((await list({ unsettledBefore: '2025-11-15T10:30:00.000Z' })).keys).toBe('431');
  });

  test('an event that waits for its person waits once, and is found by source and subject', async () => {
    const waiting = {
      event: 'workday:e-1',
      source: 'workday',
      subject: 'GT-48291',
      type: 'terminated',
      workflowId: 'event:workday:e-1',
      since: '2025-11-15T10:00:00.000Z',
    };
    await under.store.transaction(async (tx) => {
      await tx.addWaiting(waiting);
      await tx.addWaiting({ ...waiting, since: '2025-11-15T10:00:30.000Z' });
      await tx.addWaiting({ ...waiting, event: 'workday:e-2', subject: 'GT-1' });
    });
    const found = () => under.store.read((reader) => reader.waitingFor('workday', 'GT-48291'));
    expect(await found()).toEqual([waiting]);
    expect(await under.store.read((reader) => reader.waitingFor('okta', 'GT-48291'))).toEqual([]);
    await under.store.transaction((tx) => tx.removeWaiting('workday:e-1'));
    expect(await found()).toEqual([]);
  });

  test('a person remembers what was made of an event, the last word of it', async () => {
    await under.store.transaction((tx) => tx.createPerson(sarah));
    const remembered = () => under.store.read((reader) => reader.personEvent(sarah.id, 'workday:e-1'));
    const put = (outcome: 'scheduled' | 'ignored', reason?: string) =>
      under.store.transaction((tx) =>
        tx.putPersonEvent(sarah.id, 'workday:e-1', outcome, reason, '2025-11-15T10:00:00.000Z'),
      );
    expect(await remembered()).toBeUndefined();
    await put('ignored', 'stale');
    expect(await remembered()).toEqual({ outcome: 'ignored', reason: 'stale' });
    await put('scheduled');
    expect(await remembered()).toEqual({ outcome: 'scheduled' });
  });

  test('an exception opens once, alerts, and is resolved once', async () => {
    const whole = exceptionOf('person:GT-48291/close:github', {
      person: 'GT-48291',
      event: 'workday:e-1',
      target: 'github',
      reason: 'GitHub says: \u0000',
    });
    const open = () => under.store.transaction((tx) => tx.openException(whole));
    expect([await open(), await open()]).toEqual([true, false]);
    const seen = () => under.store.read((reader) => reader.exception(whole.id));
    const opened = { ...whole, reason: 'GitHub says: \ufffd' };
    expect(await seen()).toEqual(opened);
    const alerted = { alert: 'servicenow INC0012345', alertedAt: '2025-11-15T10:00:20.000Z' };
    await under.store.transaction((tx) => tx.markAlerted(whole.id, alerted.alert, alerted.alertedAt));
    expect(await seen()).toEqual({ ...opened, ...alerted });
    const resolution = { action: 'retry', by: 'operator-1', reason: 'the vendor is back' };
    const resolve = (at: string) => under.store.transaction((tx) => tx.resolveException(whole.id, resolution, at));
    const both = await Promise.all([resolve('2025-11-15T11:00:00.000Z'), resolve('2025-11-15T11:00:00.000Z')]);
    expect(both.toSorted()).toEqual([false, true]);
    expect(await seen()).toEqual({ ...opened, ...alerted, resolution, resolvedAt: '2025-11-15T11:00:00.000Z' });
    expect(await open()).toBe(false);
    const alertClosedAt = '2025-11-15T11:00:15.000Z';
    await under.store.transaction((tx) => tx.markAlertClosed(whole.id, alertClosedAt));
    expect(await seen()).toEqual({
      ...{ ...opened, ...alerted, alertClosedAt },
      ...{ resolution, resolvedAt: '2025-11-15T11:00:00.000Z' },
    });
    await expect(under.store.transaction((tx) => tx.markAlertClosed('x', alertClosedAt))).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(under.store.transaction((tx) => tx.markAlerted('x', 'y', alerted.alertedAt))).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('exceptions are listed by when they are due, and filtered', async () => {
    const due = (minute: number) => `2025-11-15T10:${minute}:00.000Z`;
    await under.store.transaction(async (tx) => {
      await tx.openException(exceptionOf('c', { dueAt: due(30), person: 'GT-1' }));
      await tx.openException(exceptionOf('b', { dueAt: due(20), target: 'github' }));
      await tx.openException(exceptionOf('a', { dueAt: due(20), kind: 'deadline-missed' }));
      await tx.openException(exceptionOf('d', { dueAt: due(10) }));
      await tx.resolveException('d', { action: 'done', by: 'operator-1', reason: 'seen' }, due(40));
      await tx.markAlerted('c', 'mail', due(11));
    });
    const list = (filter: object, request: object = {}) =>
      under.store.read(async (reader) => {
        const { items, next } = await reader.exceptions(filter, request);
        return { ids: items.map((each) => each.id).join(''), next };
      });
    const first = await list({}, { limit: 2 });
    expect(first).toEqual({ ids: 'da', next: expect.any(String) });
    expect(await list({}, { limit: 2, cursor: first.next })).toEqual({ ids: 'bc', next: undefined });
    expect((await list({ open: true })).ids).toBe('abc');
    expect((await list({ open: false })).ids).toBe('d');
    expect((await list({ open: true, unalerted: true })).ids).toBe('ab');
    expect((await list({ unalerted: false })).ids).toBe('c');
    expect((await list({ person: 'GT-1' })).ids).toBe('c');
    expect((await list({ target: 'github' })).ids).toBe('b');
    expect((await list({ kind: 'deadline-missed' })).ids).toBe('a');
  });

  test('an alert is unclosed from when it went out until it is closed, one in the log alone never', async () => {
    const at = '2025-11-15T10:00:00.000Z';
    const alerts = { a: 'ServiceNow INC1', b: 'ServiceNow INC2', c: 'log', d: undefined };
    await under.store.transaction(async (tx) => {
      for (const [id, alert] of Object.entries(alerts)) {
        await tx.openException(exceptionOf(id));
        if (alert !== undefined) await tx.markAlerted(id, alert, at);
      }
      for (const id of ['b', 'c', 'd'])
        await tx.resolveException(id, { action: 'done', by: 'operator-1', reason: '' }, at);
    });
    const unclosed = async (open: boolean) =>
      (await under.store.read((reader) => reader.exceptions({ open, alertUnclosed: true }, {}))).items.map(
        ({ id }) => id,
      );
    expect([await unclosed(true), await unclosed(false)]).toEqual([['a'], ['b']]);
    await under.store.transaction((tx) => tx.markAlertClosed('b', at));
    expect(await unclosed(false)).toEqual([]);
  });

  test('evidence is written once under its key, whoever writes it again, and listed as it came', async () => {
    const piece = (step: string, change: Partial<Evidence> = {}): Evidence => ({
      workflowId: 'person:GT-48291',
      step,
      kind: 'account-disabled',
      at: '2025-11-15T10:00:00.000Z',
      data: { attempt: 1 },
      ...change,
    });
    const full = piece('close:github', {
      person: 'GT-48291',
      event: 'workday:e-1',
      target: 'github',
      data: { n: null },
    });
    await under.store.transaction((tx) => tx.addEvidence([full, piece('close:ad'), piece('close:ad', { data: {} })]));
    await under.store.transaction((tx) => tx.addEvidence([piece('close:github', { data: { attempt: 2 } })]));
    await under.store.transaction((tx) => tx.addEvidence([piece('close:ad', { kind: 'read-back', workflowId: 'w' })]));
    await under.store.transaction((tx) => tx.addEvidence([]));
    const list = (filter: object, request: object = {}) =>
      under.store.read(async (reader) => {
        const { items, next } = await reader.evidence(filter, request);
        return { items: items.map(({ seq: _s, recordedAt: _r, ...rest }) => rest), next };
      });
    const last = piece('close:ad', { kind: 'read-back', workflowId: 'w' });
    const first = await list({}, { limit: 2 });
    expect(first).toEqual({ items: [full, piece('close:ad')], next: expect.any(String) });
    expect(await list({}, { limit: 2, cursor: first.next })).toEqual({ items: [last], next: undefined });
    expect((await list({ person: 'GT-48291' })).items).toEqual([full]);
    expect((await list({ event: 'workday:e-1' })).items).toEqual([full]);
    expect((await list({ workflowId: 'w' })).items).toEqual([last]);
  });

  test('what was there before a change is what was kept first, whatever a retry finds', async () => {
    const keep = (account: string, state: unknown) =>
      under.store.transaction((tx) =>
        tx.keepBefore({ event: 'workday:e-1', target: 'ad', account, state, at: '2025-11-15T10:00:00.000Z' }),
      );
    const groups = { groups: ['CN=Engineers'], note: '\u0000' };
    expect(await keep('guid-2', groups)).toEqual(groups);
    expect(await keep('guid-2', { groups: [] })).toEqual(groups);
    expect(await keep('guid-1', null)).toBeNull();
    expect(await keep('guid-1', groups)).toBeNull();
    const racers = await Promise.all(Array.from({ length: 10 }, (_, index) => keep('guid-3', index)));
    expect(new Set(racers).size).toBe(1);
    expect(await under.store.read((reader) => reader.before('workday:e-1'))).toEqual([
      { target: 'ad', account: 'guid-1', state: null },
      { target: 'ad', account: 'guid-2', state: groups },
      { target: 'ad', account: 'guid-3', state: racers[0] },
    ]);
    expect(await under.store.read((reader) => reader.before('workday:e-2'))).toEqual([]);
  });

  test('any JSON that was kept or put into an attribute comes back the same', async () => {
    await under.store.transaction((tx) => tx.createPerson(someone('GT-1')));
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ stringUnit: 'grapheme' }), async (state) => {
        round += 1;
        const sent: unknown = JSON.parse(JSON.stringify(state));
        const account = String(round);
        const back = await under.store.transaction(async (tx) => {
          await tx.putPending('GT-1', {
            id: 'later',
            kind: 'later',
            dueAt: '2025-11-15T10:00:00.000Z',
            event: 'e',
            confidential: false,
            data: { sent },
          });
          const kept = await tx.keepBefore({ event: 'e', target: 't', account, state, at: '2025-11-15T10:00:00.000Z' });
          return [kept, (await tx.person('GT-1'))?.pending[0]?.data['sent']];
        });
        expect(back).toEqual([sent, sent]);
      }),
      { numRuns: 25 },
    );
  });
});
