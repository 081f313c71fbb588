import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCheckActivities } from '../../activities/checks.ts';
import type { Store } from '../../src/directory/store.ts';
import type { EventOutcome, IdentityEvent } from '../../src/model/event.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Policy } from '../../src/policy/schema.ts';
import type { ReportedChange } from '../../src/sources/report.ts';
import { memoryStore } from '../helpers/store.ts';
import { asActivity, dependenciesOf, FakeReport, noon, worker } from './checking.ts';

let store: Store;
let report: FakeReport;
beforeEach(async () => {
  store = await memoryStore();
  report = new FakeReport();
});
afterEach(() => store.close());

const window = { source: 'workday', from: '2025-11-15T10:45:00.000Z', to: '2025-11-15T11:45:00.000Z' };
const run = { workflowId: 'delivery-check-2025-11-15T11:47:00Z', run: '20251115T114700Z', now: noon };

const leaves = (workerId: string, more: Partial<ReportedChange> = {}): ReportedChange => ({
  ...{ workerId, kind: 'terminated', effectiveDate: '2025-11-15', enteredAt: '2025-11-15T11:00:00.000Z' },
  data: { effectiveDate: '2025-11-15' },
  ...more,
});

const checked = (check: Partial<Policy['deliveryChecks'][string]> = {}): Partial<Policy> => ({
  deliveryChecks: { workday: { every: 900_000, window: 3_600_000, takeIn: false, ...check } },
});

function activities(policy: Partial<Policy> = checked(), mode: 'observe' | 'enforce' = 'enforce') {
  const made = dependenciesOf(store, { policy, reports: { workday: report }, mode });
  const delivery = createCheckActivities(made.dependencies);
  return {
    ...made,
    check: (of = window) => asActivity(() => delivery.checkDelivery({ ...run, window: of })),
    due: (now: string) => delivery.dueDeliveryChecks({ now }),
    unread: (message: string) => asActivity(() => delivery.reportUnread({ ...run, window, message })),
    silence: (now: string) => asActivity(() => delivery.checkSilence({ ...run, now })),
  };
}

async function arrive(id: string, subject: string, more: Partial<IdentityEvent> & { outcome?: EventOutcome } = {}) {
  const { outcome, ...given } = more;
  const event: IdentityEvent = {
    ...{ key: `workday:${id}`, source: 'workday', id, type: 'terminated', subject, payloadHash: 'f00' },
    ...{ receivedAt: '2025-11-15T11:00:01.000Z', effectiveDate: '2025-11-15', data: { effectiveDate: '2025-11-15' } },
    ...given,
  };
  await store.transaction(async (tx) => {
    const { key, receivedAt } = event;
    await tx.admit({ key, event, workflowId: `event:${key}`, firstRunId: 'r', person: subject, receivedAt });
    if (outcome !== undefined) await tx.updateArrival(key, { outcome, settledAt: noon });
  });
}

const add = (...ids: string[]) =>
  store.transaction(async (tx) => {
    for (const id of ids) await tx.createPerson(worker(id));
  });

const open = async () =>
  (await store.read((reader) => reader.exceptions({ open: true }, {}))).items.map(({ id, kind, reason }) => ({
    id,
    kind,
    reason,
  }));

const evidenceOf = async (kind: string) =>
  (await store.read((reader) => reader.evidence({ workflowId: 'delivery-check' }, {}))).items
    .filter((row) => row.kind === kind)
    .map(({ data }) => data);

describe('the delivery check', () => {
  it('finds nothing missing where each change has its event, and keeps the comparison', async () => {
    await add('GT-1', 'GT-2');
    await arrive('a', 'GT-1');
    report.list = [leaves('GT-1')];
    expect(await activities().check()).toEqual({ missing: 0 });
    expect(await open()).toEqual([]);
    expect(await evidenceOf('delivery-compared')).toEqual([
      {
        ...{ ...window, workflowId: run.workflowId, query: 'the list of a test', readAt: expect.any(String) },
        ...{ reported: { terminated: 1, hired: 0 }, arrived: { terminated: 1, hired: 0 } },
        ...{
          agrees: { terminated: 0, hired: 0 },
          missing: [],
          confidential: 0,
          takeIn: false,
          complete: true,
          hashes: [],
        },
      },
    ]);
  });

  it('says by worker and date what never arrived, and takes nothing in that policy does not say', async () => {
    await add('GT-1', 'GT-2');
    await arrive('a', 'GT-1');
    report.list = [
      leaves('GT-1'),
      leaves('GT-2'),
      { workerId: 'GT-3', kind: 'hired', effectiveDate: '2025-12-01', data: { startDate: '2025-12-01' } },
    ];
    const { check, started } = activities();
    expect(await check()).toEqual({ missing: 2 });
    expect(await open()).toEqual([
      {
        id: `delivery-check/workday/missing/${window.to}`,
        kind: 'missing-events',
        reason:
          'workday lists 2 entered from 2025-11-15T10:45:00.000Z to 2025-11-15T11:45:00.000Z that are missing: GT-2 terminated 2025-11-15 (no event arrived); GT-3 hired 2025-12-01 (no event arrived). Have the source send them again, or do by hand what they ask for, and resolve this with "done".',
      },
    ]);
    expect(started).toEqual([]);
  });

  it('another date of the same worker is another change', async () => {
    await add('GT-1');
    await arrive('a', 'GT-1', { effectiveDate: '2025-11-30', outcome: 'scheduled', data: {} });
    report.list = [leaves('GT-1')];
    expect(await activities().check()).toEqual({ missing: 1 });
  });

  it('finds an end whose event was applied and whose person is active all the same', async () => {
    await add('GT-1');
    await arrive('a', 'GT-1', { outcome: 'applied' });
    report.list = [leaves('GT-1')];
    await activities().check();
    expect((await open()).map(({ reason }) => reason)).toEqual([
      expect.stringContaining('GT-1 terminated 2025-11-15 (an event arrived, and the directory says otherwise)'),
    ]);
  });

  it('asks nobody about what came from elsewhere and is so', async () => {
    await add('GT-1');
    await store.transaction((tx) => tx.updatePerson('GT-1', { state: 'Terminated' }));
    report.list = [leaves('GT-1')];
    expect(await activities().check()).toEqual({ missing: 0 });
    expect(await evidenceOf('delivery-compared')).toMatchObject([{ agrees: { terminated: 1, hired: 0 } }]);
  });

  it('of a source that is only watched, states say nothing', async () => {
    await add('GT-1');
    await arrive('a', 'GT-1', { outcome: 'ignored' });
    report.list = [leaves('GT-1')];
    expect(await activities(checked(), 'observe').check()).toEqual({ missing: 0 });
  });

  it('tells what windows that overlap both miss once', async () => {
    await add('GT-1');
    report.list = [leaves('GT-1')];
    const { check, due } = activities();
    await check();
    expect(await due('2025-11-15T11:55:00.000Z')).toEqual([]);
    const [next] = await due('2025-11-15T12:02:00.000Z');
    expect(next).toEqual({ ...window, from: '2025-11-15T11:00:00.000Z', to: '2025-11-15T12:00:00.000Z' });
    expect(await check(next)).toEqual({ missing: 1 });
    expect(await open()).toHaveLength(1);
  });

  it('names nobody whose end is confidential and to come, and who they are is in no evidence either', async () => {
    const secret = leaves('GT-9', {
      effectiveDate: '2025-12-31',
      data: { effectiveDate: '2025-12-31', category: 'involuntary' },
    });
    report.list = [leaves('GT-8'), secret];
    await activities().check();
    const everything = JSON.stringify([await open(), await evidenceOf('delivery-compared')]);
    expect(everything).toContain('GT-8');
    expect(everything).toContain("1 more whose category is confidential: the source's own report names them");
    expect(everything).not.toContain('GT-9');
    expect(everything).not.toContain('2025-12-31');
  });

  it('takes in what is missing where policy says so, once however often it is tried', async () => {
    await add('GT-1');
    report.list = [leaves('GT-1'), leaves('GT-9', { data: { effectiveDate: '2025-11-15', category: 'voluntary' } })];
    const { check, started, startedIds } = activities(checked({ takeIn: true }));
    await check();
    await check();
    expect(startedIds).toEqual([
      'event:workday:delivery-check.20251115T114700Z.GT-1',
      'event:workday:delivery-check.20251115T114700Z.GT-9',
    ]);
    expect(started[1]).toEqual({
      ...{ key: 'workday:delivery-check.20251115T114700Z.GT-9', source: 'workday', type: 'terminated' },
      ...{ id: 'delivery-check.20251115T114700Z.GT-9', subject: 'GT-9', effectiveDate: '2025-11-15' },
      ...{ enteredAt: '2025-11-15T11:00:00.000Z', receivedAt: noon, payloadHash: expect.any(String) },
      data: { effectiveDate: '2025-11-15', category: 'voluntary' },
    });
    expect(await open()).toHaveLength(1);
  });

  it('what could not be read is an exception, one however long it lasts, and closes when it can', async () => {
    const { check, unread } = activities();
    await unread('Workday report answered 500.');
    await unread('Workday report answered 503.');
    expect((await open()).map(({ id }) => id)).toEqual([`delivery-check/workday/unread/${window.to}`]);
    await check();
    expect(await open()).toEqual([]);
  });

  it('a list with a bad line is compared as far as it can be read, and the next window reaches back over it', async () => {
    const { check, due } = activities();
    await check({ ...window, from: '2025-11-15T09:45:00.000Z', to: '2025-11-15T10:45:00.000Z' });
    report.list = [leaves('GT-8')];
    report.failure = new Failure('protocol', '1 lines cannot be read: row 2');
    expect(await check()).toEqual({ missing: 1, unread: '1 lines cannot be read: row 2' });
    expect(await open()).toHaveLength(1);
    expect(await due('2025-11-15T12:02:00.000Z')).toEqual([
      { ...window, from: '2025-11-15T10:45:00.000Z', to: '2025-11-15T12:00:00.000Z' },
    ]);
  });

  it('a refused login is not tried again in a hurry', async () => {
    report.failure = new Failure('credentials', 'the password is wrong', { advice: 'Renew it.' });
    await expect(activities().check()).rejects.toMatchObject({
      ...{ nonRetryable: true, type: 'credentials', message: 'the password is wrong Renew it.' },
    });
    report.failure = new Failure('unavailable', 'it is down', { retryAfterMs: 90_000 });
    await expect(activities().check()).rejects.toMatchObject({ nonRetryable: false, nextRetryDelay: 30_000 });
  });
});

describe('silence', () => {
  const usual = checked({ usual: 6 * 3_600_000 });

  it('longer than usual is alerted once, and ends with its return', async () => {
    await arrive('a', 'GT-1', { receivedAt: '2025-11-15T04:00:00.000Z' });
    const { silence } = activities(usual);
    await silence('2025-11-15T10:00:00.000Z');
    expect(await open()).toEqual([]);
    await silence('2025-11-15T10:00:00.001Z');
    await silence(noon);
    expect(await open()).toEqual([
      {
        id: 'delivery-check/workday/silent/2025-11-15T04:00:00.000Z',
        kind: 'silent-source',
        reason: expect.stringContaining(
          'nothing came from workday since 2025-11-15T04:00:00.000Z, which is longer than its usual 6 h.',
        ),
      },
    ]);
    await arrive('b', 'GT-1', { receivedAt: noon });
    await silence('2025-11-15T12:15:00.000Z');
    expect(await open()).toEqual([]);
  });

  it('is not broken by what the check took in itself', async () => {
    await arrive('a', 'GT-1', { receivedAt: '2025-11-15T04:00:00.000Z' });
    await arrive('delivery-check.x.GT-2', 'GT-2', { receivedAt: '2025-11-15T11:59:00.000Z' });
    await activities(usual).silence(noon);
    expect((await open()).map(({ kind }) => kind)).toEqual(['silent-source']);
  });

  it('of a source that never sent anything counts from the first look', async () => {
    const { silence } = activities(usual);
    await silence('2025-11-15T12:00:00.000Z');
    await silence('2025-11-15T17:00:00.000Z');
    expect(await open()).toEqual([]);
    await silence('2025-11-15T18:00:01.000Z');
    expect((await open()).map(({ kind }) => kind)).toEqual(['silent-source']);
  });
});
