import { WorkflowNotFoundError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ExceptionRow } from '../../src/directory/store.ts';
import { Failure } from '../../src/model/failure.ts';
import { eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import { personStart } from '../../src/person-start.ts';
import { Watch } from '../../src/watch/watch.ts';
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
  let skewMs = 0;
  const watch = new Watch({
    client: environment.client,
    store: line.store,
    targets: new Map([
      ['servicenow', servicenow.connected('servicenow', 'ServiceNow')],
      ['ad', ad.connected('ad')],
    ]),
    policy: { ...line.policy, alerts: { ...line.policy.alerts, routes: [] } },
    incidents: 'servicenow',
    log: pino({ level: 'silent' }),
    ...{ unsettledMs: 0, overdueMs: 0, clock: () => Date.now() + skewMs },
  });
  const later = (ms: number) => {
    skewMs = ms;
  };
  return { ad, servicenow, watch, later };
}

const exceptions = async (): Promise<ExceptionRow[]> =>
  (await line.store.transaction((tx) => tx.exceptions({}, { limit: 100 }))).items;

describe('the watch', () => {
  it('opens one incident for an event whose workflow was ended by hand, however often it looks', async () => {
    const { ad, servicenow, watch } = await begin();
    ad.misbehave = () => {
      throw new Failure('unavailable', 'away');
    };
    await line.addPerson({ id: 'GT-1' });
    await line.send({ id: 'ended', subject: 'GT-1' });
    await until(() => ad.calls.length > 0, 'the first try');
    await environment.client.workflow.getHandle(eventWorkflowId('workday:ended')).terminate('by hand');
    const found = await until(async () => {
      await watch.round();
      return (await exceptions()).find(({ kind, alertedAt }) => kind === 'workflow-failed' && alertedAt !== undefined);
    }, 'the alert');
    await watch.round();
    expect(found).toMatchObject({
      event: 'workday:ended',
      workflowId: 'event:workday:ended',
      owner: 'identity-operations',
    });
    const incidents = [...servicenow.tickets.values()].filter(({ title }) =>
      title.includes('workflow failed: workday:ended'),
    );
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.body).toContain('temporal workflow reset');
  });

  it('opens an incident for an event that nobody settles, because no worker runs', async () => {
    const { servicenow, watch } = await begin();
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
    await watch.round();
    expect((await exceptions()).map(({ kind, event: key, alert }) => ({ kind, key, alert }))).toContainEqual({
      kind: 'event-stuck',
      key: 'workday:stuck',
      alert: expect.stringMatching(/^ServiceNow T\d+$/),
    });
    expect(servicenow.tickets.size).toBeGreaterThan(0);
  });

  it('starts somebody again whose date has passed and whose workflow was ended by hand', async () => {
    const { ad, watch } = await begin();
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
    await watch.round();
    await until(() => ad.accounts.get('schen')?.enabled === false, 'the account to be closed');
    const arrival = await until(async () => {
      const row = await line.store.transaction((tx) => tx.arrival('workday:lost'));
      return row?.outcome === 'applied' && row;
    }, 'the outcome');
    expect(arrival.settledAt).toBeDefined();
    expect(ad.changes).toEqual(['disable schen']);
  });

  it('tells of queues without workers, once, and ends that by itself when there are some', {
    timeout: 180_000,
  }, async () => {
    const { watch, servicenow, later } = await begin();
    const unpolled = async () =>
      (await exceptions())
        .filter(({ kind }) => kind === 'queue-unpolled')
        .map(({ id, resolution }) => `${/queue-unpolled.([^/]*)/.exec(id)?.[1]} ${resolution?.by ?? 'open'}`)
        .sort();
    await line.addPerson({ id: 'GT-9' });
    await line.store.transaction((tx) =>
      tx.putPending('GT-9', {
        ...{ id: 'end', kind: 'end', dueAt: '2099-01-01T00:00:00.000Z', event: 'workday:e', confidential: false },
        data: {},
      }),
    );
    await watch.round();
    await line.status('GT-9');
    // Nobody has asked for half a minute, but somebody answers.
    later(40_000);
    await watch.round();
    expect((await unpolled()).filter((each) => each.startsWith('muster '))).toEqual([]);
    await line.stopWorkers();
    await watch.round();
    expect((await unpolled()).filter((each) => each.startsWith('muster '))).toEqual(['muster open']);
    // No worker may be between two questions for this long.
    later(140_000);
    await watch.round();
    await watch.round();
    expect(await unpolled()).toEqual(['muster open', 'muster-ad open', 'muster-servicenow open']);
    expect([...servicenow.tickets.values()].filter(({ title }) => title.includes('queue unpolled'))).toHaveLength(3);
    await line.restartWorkers();
    later(0);
    await until(async () => {
      await watch.round();
      return !(await unpolled()).includes('muster open');
    }, 'the queue to be polled');
    expect((await unpolled()).filter((each) => !each.startsWith('muster-servicenow'))).toEqual([
      'muster muster',
      'muster-ad muster',
    ]);
  });

  it('starts everybody in flight and every open event again after Temporal lost its database, and says so once', async () => {
    // What the directory and the ledger hold then, and this server has never heard of.
    const { ad, watch } = await begin();
    const waiting = Array.from({ length: 12 }, (_, index) => `GT-5${index}`);
    const events = ['under-way', 'nobody', 'scheduled'].map((id) => `workday:lost-${id}`);
    const [, nobody = '', scheduled = ''] = events;
    for (const person of ['GT-48291', ...waiting]) await line.addPerson({ id: person });
    await line.store.transaction(async (tx) => {
      for (const key of events) {
        const subject = key === nobody ? 'GT-404' : 'GT-48291';
        const event = {
          ...{ key, source: 'workday', id: key.slice(8), type: 'terminated' as const, subject, payloadHash: 'h' },
          ...{ receivedAt: '2025-11-15T10:00:00.000Z', data: { effectiveDate: '2025-11-15' } },
        };
        const { receivedAt } = event;
        await tx.admit({ key, event, workflowId: eventWorkflowId(key), firstRunId: 'r', receivedAt });
      }
      await tx.updateArrival(scheduled, { outcome: 'scheduled', person: 'GT-48291' });
      for (const person of waiting) {
        await tx.putPending(person, {
          ...{ id: 'end', kind: 'end', dueAt: '2099-01-01T00:00:00.000Z', event: 'workday:e', confidential: false },
          data: {},
        });
      }
    });
    await watch.round();
    await watch.round();
    const handles = (ids: string[]) => ids.map((id) => environment.client.workflow.getHandle(id));
    const described = await Promise.all(handles(waiting.map(personWorkflowId)).map((handle) => handle.describe()));
    expect(described.map(({ status }) => status.name)).toEqual(waiting.map(() => 'RUNNING'));
    const [first, second, third] = handles(events.map(eventWorkflowId));
    expect(await first?.result()).toMatchObject({ outcome: 'applied' });
    expect((await second?.describe())?.status.name).toBe('RUNNING');
    await expect(third?.describe()).rejects.toThrow(WorkflowNotFoundError);
    expect(ad.changes).toEqual(['disable schen']);
    const lost = (await exceptions()).filter(({ kind }) => kind === 'database-lost');
    expect(lost.map(({ reason }) => /the workflows of (\d+ people and \d+ events)/.exec(reason)?.[1])).toEqual([
      '12 people and 2 events',
    ]);
    await second?.terminate();
  });

  it('starts somebody again before their day, whose workflow was ended by hand in the Web UI', async () => {
    const { watch } = await begin();
    await line.addPerson({ id: 'GT-70' });
    await line.store.transaction((tx) =>
      tx.putPending('GT-70', {
        ...{ id: 'start', kind: 'start', dueAt: '2099-01-01T00:00:00.000Z', event: 'workday:e', confidential: false },
        data: {},
      }),
    );
    const handle = environment.client.workflow.getHandle(personWorkflowId('GT-70'));
    await environment.client.workflow.start('person', personStart('GT-70', 4));
    await handle.terminate('by hand');
    await until(async () => {
      await watch.round();
      return (await exceptions()).some(
        ({ kind, person, alertedAt }) => kind === 'workflow-failed' && person === 'GT-70' && alertedAt !== undefined,
      );
    }, 'the alert');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect((await exceptions()).filter(({ kind }) => kind === 'database-lost')).toEqual([]);
  });
});
