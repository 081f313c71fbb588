import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ExceptionRow } from '../../src/directory/store.ts';
import { Failure } from '../../src/model/failure.ts';
import { eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import { alertOpenExceptions } from '../../src/watch/alert.ts';
import { type WatchOptions, watchOnce } from '../../src/watch/watch.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { devServer } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line;

// A real server: the watch reads its lists, which the time-skipping one does not have.
beforeAll(async () => {
  environment = await devServer({ extraArgs: ['--log-level', 'never'] });
});
afterEach(() => line?.stop());
afterAll(() => environment?.teardown());

async function begin(ad = new FakeTarget([{ id: 'schen', worker: 'GT-48291', enabled: true }])) {
  const servicenow = new FakeTarget();
  line = await startLine({ environment, targets: { ad } });
  const options: WatchOptions = {
    client: environment.client,
    store: line.store,
    targets: new Map([['servicenow', servicenow.connected('servicenow', 'ServiceNow')]]),
    incidents: 'servicenow',
    exceptions: { owner: 'identity-security', dueIn: 60_000 },
    log: pino({ level: 'silent' }),
    unsettledMs: 0,
    overdueMs: 0,
  };
  return { ad, servicenow, options };
}

const exceptions = async (): Promise<ExceptionRow[]> =>
  (await line.store.transaction((tx) => tx.exceptions({}, { limit: 100 }))).items;

const exception = async (id: string): Promise<ExceptionRow> => {
  const found = await line.store.read((reader) => reader.exception(id));
  if (found === undefined) throw new Error(`no exception ${id}`);
  return found;
};

const open = (id: string) =>
  line.store.transaction((tx) =>
    tx.openException({
      ...{ id, kind: 'step-failed', workflowId: id.slice(0, id.indexOf('/')), reason: 'it said no', owner: 'o' },
      ...{ openedAt: '2026-01-01T00:00:00.000Z', dueAt: '2026-01-01T04:00:00.000Z' },
    }),
  );

const resolve = (id: string) =>
  line.store.transaction((tx) =>
    tx.resolveException(id, { action: 'done', by: 'operator-1', reason: 'private' }, '2026-01-02T00:00:00.000Z'),
  );

describe('the watch', () => {
  it('opens one incident for an event whose workflow was ended by hand, however often it looks', async () => {
    const { ad, servicenow, options } = await begin();
    ad.misbehave = () => {
      throw new Failure('unavailable', 'away');
    };
    await line.addPerson({ id: 'GT-1' });
    await line.send({ id: 'ended', subject: 'GT-1' });
    await until(() => ad.calls.length > 0, 'the first try');
    await environment.client.workflow.getHandle(eventWorkflowId('workday:ended')).terminate('by hand');
    const found = await until(async () => {
      await watchOnce(options);
      return (await exceptions()).find(({ kind, alertedAt }) => kind === 'workflow-failed' && alertedAt !== undefined);
    }, 'the alert');
    await watchOnce(options);
    expect(found).toMatchObject({
      event: 'workday:ended',
      workflowId: 'event:workday:ended',
      owner: 'identity-security',
    });
    const incidents = [...servicenow.tickets.values()].filter(({ title }) =>
      title.includes('workflow failed: workday:ended'),
    );
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.body).toContain('temporal workflow reset');
  });

  it('opens an incident for an event that nobody settles, because no worker runs', async () => {
    const { servicenow, options } = await begin();
    await line.addPerson({ id: 'GT-2' });
    const event = {
      ...{ key: 'workday:stuck', source: 'workday', id: 'stuck', subject: 'GT-2', payloadHash: 'h', data: {} },
      type: 'terminated' as const,
      receivedAt: '2026-01-01T00:00:00.000Z',
    };
    await line.store.transaction((tx) =>
      tx.admit({
        key: event.key,
        event,
        workflowId: 'event:workday:stuck',
        firstRunId: 'r',
        receivedAt: event.receivedAt,
      }),
    );
    await watchOnce(options);
    expect((await exceptions()).map(({ kind, event: key, alert }) => ({ kind, key, alert }))).toContainEqual({
      kind: 'event-stuck',
      key: 'workday:stuck',
      alert: expect.stringMatching(/^ServiceNow T\d+$/),
    });
    expect(servicenow.tickets.size).toBeGreaterThan(0);
  });

  it('alerts again and again until the incident could be opened, and keeps to one', async () => {
    const { servicenow, options } = await begin();
    let away = true;
    servicenow.misbehave = () => {
      if (away) throw new Failure('unavailable', 'away');
    };
    await line.store.transaction((tx) =>
      tx.openException({
        ...{ id: 'person:GT-3/x', kind: 'deadline-missed', workflowId: 'person:GT-3', reason: 'late', owner: 'o' },
        ...{ openedAt: '2026-01-01T00:00:00.000Z', dueAt: '2026-01-01T04:00:00.000Z' },
      }),
    );
    await watchOnce(options);
    expect((await exceptions()).find(({ id }) => id === 'person:GT-3/x')?.alertedAt).toBeUndefined();
    away = false;
    await watchOnce(options);
    await watchOnce(options);
    expect(servicenow.changes.filter((change) => change.includes('GT-3'))).toEqual([
      'open ticket exception:person:GT-3/x',
    ]);
  });

  it('closes the incident of an exception that is resolved, again and again until it could be closed', async () => {
    const { servicenow, options } = await begin();
    const id = 'person:GT-4/x';
    await open(id);
    await watchOnce(options);
    await resolve(id);
    let away = true;
    servicenow.misbehave = () => {
      if (away) throw new Failure('unavailable', 'away');
    };
    await watchOnce(options);
    expect((await exception(id)).alertClosedAt).toBeUndefined();
    away = false;
    await watchOnce(options);
    const asked = servicenow.calls.length;
    await watchOnce(options);
    expect(servicenow.calls.length).toBe(asked);
    expect((await exception(id)).alertClosedAt).toBeDefined();
    const number = servicenow.tickets.get(`exception:${id}`)?.number;
    expect(servicenow.changes.filter((change) => change === `close ticket ${number}`)).toHaveLength(1);
    expect(servicenow.tickets.get(`exception:${id}`)?.closedWith).toBe(
      `Resolved in Muster at 2026-01-02T00:00:00.000Z by operator-1: done. Muster's record of exception ${id} has the reason.`,
    );
  });

  it('closes what can be closed, though one incident cannot, and asks a target that is away but once a round', async () => {
    const { servicenow, options } = await begin();
    const ids = ['person:GT-5/a', 'person:GT-5/b', 'person:GT-5/c'];
    for (const id of ids) await open(id);
    await watchOnce(options);
    for (const id of ids) await resolve(id);
    servicenow.tickets.delete(`exception:${ids[0]}`);
    const stubborn = servicenow.tickets.get(`exception:${ids[1]}`)?.number;
    servicenow.misbehave = (operation) => {
      if (operation === `close ticket ${stubborn}`) throw new Failure('refused', 'a mandatory field');
    };
    await watchOnce(options);
    const closed = await Promise.all(ids.map(async (id) => (await exception(id)).alertClosedAt !== undefined));
    expect(closed).toEqual([true, false, true]);

    for (const id of ['person:GT-6/a', 'person:GT-6/b']) await open(id);
    servicenow.misbehave = () => undefined;
    await alertOpenExceptions({ ...options, incidents: options.targets.get('servicenow') });
    for (const id of ['person:GT-6/a', 'person:GT-6/b']) await resolve(id);
    servicenow.misbehave = () => {
      throw new Failure('timeout', 'no answer');
    };
    const before = servicenow.calls.length;
    await watchOnce(options);
    expect(servicenow.calls.length - before).toBe(1);
  });

  it('asks nobody to close what was alerted in the log alone', async () => {
    const { servicenow, options } = await begin();
    await open('person:GT-7/x');
    await watchOnce({ ...options, incidents: undefined });
    await resolve('person:GT-7/x');
    await watchOnce(options);
    expect(await exception('person:GT-7/x')).toMatchObject({ alert: 'log' });
    expect(servicenow.calls.filter((call) => call.includes('GT-7'))).toEqual([]);
  });

  it('starts somebody again whose date has passed and whose workflow was ended by hand', async () => {
    const { ad, options } = await begin();
    let away = true;
    ad.misbehave = () => {
      if (away) throw new Failure('unavailable', 'away');
    };
    await line.addPerson();
    await line.send({ id: 'lost' });
    await until(() => ad.calls.length > 0, 'the first try');
    // Both are gone: only the directory still knows that an end is under way.
    await environment.client.workflow.getHandle(eventWorkflowId('workday:lost')).terminate('by hand');
    await environment.client.workflow.getHandle(personWorkflowId('GT-48291')).terminate('by hand');
    away = false;
    await watchOnce(options);
    await until(() => ad.accounts.get('schen')?.enabled === false, 'the account to be closed');
    const arrival = await until(async () => {
      const row = await line.store.transaction((tx) => tx.arrival('workday:lost'));
      return row?.outcome === 'applied' && row;
    }, 'the outcome');
    expect(arrival.settledAt).toBeDefined();
    expect(ad.changes).toEqual(['disable schen']);
  });
});
