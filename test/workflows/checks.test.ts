import type { ScheduleHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryCheck, Reconciliation } from '../../src/model/checks.ts';
import type { Policy } from '../../src/policy/schema.ts';
import { ensureSchedules, scheduleFaults, wantedSchedules } from '../../src/schedules.ts';
import { FakeReport } from '../activities/checking.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { devServer } from '../helpers/temporal.ts';
import { asking } from '../operator/asking.ts';

const hour = 3_600_000;

let environment: TestWorkflowEnvironment;
let line: Line | undefined;
beforeAll(async () => {
  environment = await devServer();
});
afterEach(async () => {
  await line?.stop();
  line = undefined;
});
afterAll(() => environment?.teardown());

const policy = (check: Partial<Policy['deliveryChecks'][string]> = {}) => ({
  deliveryChecks: { workday: { every: hour, window: 2 * hour, takeIn: true, ...check } },
  drift: { every: 24 * hour, unplanned: 'report', orphan: 'report', vanished: 'report' } as const,
});

const sources = {
  workday: {
    ...{ kind: 'workday', authoritative: true, mode: 'enforce' as const, authentication: [], duplicateWindow: 1 },
    ...{ rateLimit: 1, settings: { report: { kind: 'file' } } },
  },
};

const wanted = (check?: Parameters<typeof policy>[0]) => wantedSchedules(policy(check), { sources });

/** Starts a run of a schedule by hand, as an operator would, and gives what came of it. */
async function trigger<T>(handle: ScheduleHandle): Promise<T> {
  const before = (await handle.describe()).info.recentActions.length;
  await handle.trigger();
  const action = await until(async () => (await handle.describe()).info.recentActions.slice(before)[0], 'a run');
  return environment.client.workflow.getHandle(action.action.workflow.workflowId).result() as Promise<T>;
}

describe('schedules', () => {
  it('are made, brought up to date, and left alone when they are so', async () => {
    const { client } = environment;
    const ensure = (check?: Parameters<typeof policy>[0]) => ensureSchedules(client, wanted(check));
    expect(await scheduleFaults(client, wanted())).toEqual([
      'delivery-check is missing',
      'reconcile is missing',
      'propagate-policy is missing',
    ]);
    expect(await ensure()).toEqual({
      created: ['delivery-check', 'reconcile', 'propagate-policy'],
      updated: [],
      removed: [],
    });
    expect(await ensure()).toEqual({ created: [], updated: [], removed: [] });
    expect(await scheduleFaults(client, wanted())).toEqual([]);

    const handle = client.schedule.getHandle('delivery-check');
    expect((await handle.describe()).action).toMatchObject({ priority: { priorityKey: 5 } });
    await handle.pause('somebody looks');
    expect(await ensure({ every: 2 * hour })).toEqual({ created: [], updated: ['delivery-check'], removed: [] });
    expect(await scheduleFaults(client, wanted({ every: 2 * hour }))).toEqual([
      'delivery-check is paused (somebody looks)',
    ]);
    expect((await handle.describe()).spec.intervals).toEqual([{ every: 2 * hour, offset: 120_000 }]);

    const unchecked = wantedSchedules({ ...policy(), deliveryChecks: {} }, { sources });
    expect(await ensureSchedules(client, unchecked)).toEqual({ created: [], updated: [], removed: ['delivery-check'] });
  });

  it('start a delivery check that takes in what is missing, and looks at no window twice', async () => {
    const { client } = environment;
    const report = new FakeReport();
    let asked = 0;
    const changes = report.changes.bind(report);
    report.changes = () => {
      asked += 1;
      return changes();
    };
    const data = { effectiveDate: '2025-11-15', category: 'voluntary' as const };
    report.list = [{ workerId: 'GT-48291', kind: 'terminated', effectiveDate: '2025-11-15', data }];
    const crm = new FakeTarget([{ id: 'schen', worker: 'GT-48291', enabled: true }]);
    line = await startLine({
      ...{ environment, targets: { crm }, reports: new Map([['workday', report]]) },
      policy: policy(),
    });
    const { store } = line;
    await line.addPerson();
    await ensureSchedules(client, wanted());
    const handle = client.schedule.getHandle('delivery-check');
    expect(await trigger<DeliveryCheck>(handle)).toEqual({
      windows: [
        {
          ...{ source: 'workday', missing: 1, unread: false },
          ...{ from: expect.any(String), to: expect.stringMatching(/:00:00\.000Z$/) },
        },
      ],
    });
    await until(() => crm.changes.includes('disable schen'), 'the account to be closed');
    const { items } = await store.read((reader) => reader.exceptions({ kind: 'missing-events' }, {}));
    expect(items.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('GT-48291 terminated 2025-11-15 (no event arrived)'),
    ]);
    // The same window is not looked at twice.
    expect(await trigger<DeliveryCheck>(handle)).toEqual({ windows: [] });
    expect(asked).toBe(1);
  });

  it('start a reconciliation that closes what a leaver has open again', async () => {
    const { client } = environment;
    const crm = new FakeTarget([{ id: 'again', worker: 'GT-77', enabled: true }]);
    line = await startLine({ environment, targets: { crm }, policy: policy() });
    await line.addPerson({
      id: 'GT-77',
      state: 'Terminated',
      identifiers: [{ source: 'workday', type: 'workerId', value: 'GT-77' }],
      engagements: [
        {
          ...{ id: 'e', source: 'workday', workerId: 'GT-77', workerType: 'employee', primary: true },
          ...{ startDate: '2020-01-06', endDate: '2024-01-31', location: 'New York' },
        },
      ],
    });
    await ensureSchedules(client, wanted());
    const result = await trigger<Reconciliation>(client.schedule.getHandle('reconcile'));
    expect(result).toEqual({
      targets: [
        {
          ...{ target: 'crm', accounts: 1, repairs: 1 },
          found: { 'live-leaver': 1, unplanned: 0, orphan: 0, vanished: 0 },
        },
      ],
      unread: [],
    });
    await until(() => crm.changes.includes('disable again'), 'the account to be closed');
  });
});

describe('adopting over the API', () => {
  it('reads a target on its own queue and says what was recorded, to administrators alone', async () => {
    const crm = new FakeTarget([{ id: 'a', worker: 'GT-78', enabled: true, entitlements: ['x'] }]);
    line = await startLine({ environment, targets: { crm }, policy: policy() });
    await line.addPerson({ id: 'GT-78', identifiers: [{ source: 'workday', type: 'workerId', value: 'GT-78' }] });
    const api = await asking(line.store, { client: environment.client });
    try {
      const adopt = (body: object, role?: string) => api.post('/api/accounts/adopt', body, role);
      expect(await adopt({ target: 'crm' }, 'operator')).toMatchObject({ status: 403 });
      expect(await api.ask('/api/accounts/adopt/nowhere', 'admin')).toMatchObject({ status: 404 });
      const counts = { accounts: 1, matched: 1, recorded: 1, grants: 2 };
      expect(await adopt({ target: 'crm', dryRun: true })).toMatchObject({
        ...{ status: 200, body: { state: 'done', workflowId: 'adopt:crm', adoption: { ...counts, dryRun: true } } },
      });
      expect(await adopt({ target: 'crm' })).toMatchObject({ status: 200, body: { adoption: counts } });
      expect(await api.ask('/api/accounts/adopt/crm', 'auditor')).toMatchObject({
        ...{ status: 200, body: { state: 'done', adoption: { ...counts, dryRun: false } } },
      });
      expect(crm.changes).toEqual([]);
    } finally {
      await api.close();
    }
  });

  it('of a target that cannot be listed says why', async () => {
    const silent = new FakeTarget();
    const connected = silent.connected('crm');
    delete connected.target.accounts?.list;
    silent.connected = () => connected;
    line = await startLine({ environment, targets: { crm: silent }, policy: policy() });
    const api = await asking(line.store, { client: environment.client });
    try {
      expect(await api.post('/api/accounts/adopt', { target: 'crm' })).toMatchObject({
        ...{ status: 200, body: { state: 'failed', reason: 'crm cannot list its accounts' } },
      });
    } finally {
      await api.close();
    }
  });
});
