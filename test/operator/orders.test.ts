import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import type { EventInput } from '../../src/model/messages.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Asking, addEvent, addPerson, asking, noon } from './asking.ts';

interface Start {
  type: string;
  workflowId: string;
  args: [EventInput];
  memo: Record<string, unknown>;
  staticSummary: string;
}

let store: Store;
let api: Asking;
let starts: Start[];
beforeEach(async () => {
  store = await memoryStore();
  starts = [];
  api = await asking(store, { client: temporal() });
  await addPerson(store, 'GT-48291');
});
afterEach(async () => {
  await api.close();
  await store.close();
});

/** A Temporal that keeps what was started. */
function temporal(): Client {
  return {
    options: { namespace: 'default' },
    withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
    workflow: {
      start: async (type: string, options: Start) => {
        if (starts.some(({ workflowId }) => workflowId === options.workflowId)) {
          throw new WorkflowExecutionAlreadyStartedError('there', options.workflowId, type);
        }
        starts.push({ ...options, type });
      },
      getHandle: (id: string) => ({
        describe: async () => ({
          memo: starts.find(({ workflowId }) => workflowId === id)?.memo,
          startTime: new Date(noon),
          typedSearchAttributes: { get: () => 'scheduled' },
        }),
      }),
    },
  } as unknown as Client;
}

const eventOf = ({ args: [{ event }] }: Start) => event;
const started = () => {
  const [start, ...more] = starts;
  if (start === undefined || more.length > 0) throw new Error(`${starts.length} were started`);
  return start;
};

describe('an order', () => {
  it.each<[string, string, Record<string, unknown>, string, Record<string, unknown>]>([
    [
      '/api/hires/GT-48291/amend',
      'operator',
      { startDate: '2026-02-02', reason: 'visa' },
      'start-date-changed',
      { startDate: '2026-02-02', reason: 'visa' },
    ],
    ['/api/hires/GT-48291/cancel', 'admin', { reason: 'withdrew' }, 'hire-cancelled', { reason: 'withdrew' }],
    [
      '/api/people/GT-48291/contract-end',
      'operator',
      { endDate: '2026-03-31', reason: 'prolonged' },
      'contract-end-changed',
      { endDate: '2026-03-31', reason: 'prolonged' },
    ],
    [
      '/api/people/GT-48291/contract-end',
      'operator',
      { endDate: null, reason: 'for good' },
      'contract-end-changed',
      { endDate: null, reason: 'for good' },
    ],
    [
      '/api/people/GT-48291/privileges',
      'security',
      { privilege: 'production', until: '2025-12-01T00:00:00Z', reason: 'on call' },
      'privilege-granted',
      { privilege: 'production', until: '2025-12-01T00:00:00.000Z', reason: 'on call', requestedBy: 'security-1' },
    ],
    ['/api/people/GT-48291/legal-holds', 'security', { case: 'C-7' }, 'legal-hold-placed', { case: 'C-7' }],
  ])('%s by %s becomes an event in their name', async (path, role, body, type, data) => {
    const answer = await api.post(path, body, role);
    const start = started();
    const event = eventOf(start);
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'accepted', eventId: event.key, workflowId: `event:${event.key}` },
    });
    expect(start).toMatchObject({
      type: 'identityEvent',
      workflowId: `event:${event.key}`,
      memo: { payloadHash: event.payloadHash },
    });
    expect(event).toMatchObject({ source: 'operator', type, subject: 'GT-48291', by: `${role}-1`, receivedAt: noon });
    expect(event.data).toEqual(data);
  });

  it('names the engagement by the number it was asked by, and the current one for any other name', async () => {
    await store.transaction(async (tx) => {
      await tx.addIdentifier('GT-48291', { source: 'workday', type: 'workerId', value: 'GT-60000' });
      await tx.putEngagement('GT-48291', {
        ...{ id: 'workday:GT-60000', source: 'workday', workerId: 'GT-60000', workerType: 'contractor' },
        ...{ startDate: '2026-01-05', primary: false },
      });
    });
    for (const alias of ['GT-60000', 'gt-48291@globaltech.example', 'GT-48291']) {
      await api.post(`/api/hires/${alias}/amend`, { startDate: '2026-02-02', reason: 'so' }, 'operator');
    }
    expect(starts.map((start) => eventOf(start).subject)).toEqual(['GT-60000', 'GT-48291', 'GT-48291']);
  });

  it('sent again under its Idempotency-Key is one, and the key is taken for no other', async () => {
    const send = (body: unknown, role = 'operator') =>
      api.ask('/api/hires/GT-48291/amend', role, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'a key' },
        body: JSON.stringify(body),
      });
    const first = await send({ startDate: '2026-02-02', reason: 'visa' });
    const again = await send({ startDate: '2026-02-02', reason: 'visa' });
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.body).toEqual({ ...(first.body as object), status: 'duplicate', outcome: 'scheduled' });
    expect(await send({ startDate: '2026-02-09', reason: 'visa' })).toMatchObject({ status: 409 });
    expect(await send({ startDate: '2026-02-09', reason: 'visa' }, 'admin')).toMatchObject({ status: 202 });
    expect(starts).toHaveLength(2);
  });

  it('to undo an event is about whom that event was about', async () => {
    const key = await addEvent(store, '42', 'GT-48291');
    await api.post('/api/undo', { event: key, reason: 'the wrong person' }, 'operator');
    expect(eventOf(started())).toMatchObject({
      ...{ type: 'undo-requested', subject: 'GT-48291', by: 'operator-1' },
      data: { event: key, reason: 'the wrong person' },
    });
  });

  it('to lift a legal hold is for the only one, or for one that is named', async () => {
    const place = (id: string) =>
      store.transaction((tx) => tx.placeLegalHold('GT-48291', { id, case: 'C', by: 'security-1', at: noon }));
    const lift = (body: unknown) => api.post('/api/people/GT-48291/legal-holds/lift', body, 'security');
    expect(await lift({})).toMatchObject({ status: 404 });
    await place('hold:1');
    expect(await lift({})).toMatchObject({ status: 202 });
    expect(eventOf(started())).toMatchObject({ type: 'legal-hold-lifted', data: { hold: 'hold:1' } });
    await place('hold:2');
    expect(await lift({})).toMatchObject({ status: 409, body: { holds: ['hold:1', 'hold:2'] } });
    expect(await lift({ hold: 'hold:2' })).toMatchObject({ status: 202 });
  });

  it('of a legal hold shows nothing of it in Temporal, and its event to security and administrators alone', async () => {
    await api.post('/api/people/GT-48291/legal-holds', { case: 'C-7' }, 'security');
    expect(started().staticSummary).toBe('change of record of GT-48291, from operator');
    const key = await addEvent(store, '7', 'GT-48291', { type: 'legal-hold-placed', data: { case: 'C-7' } });
    const status = async (role: string) => (await api.ask(`/api/events/${key}`, role)).status;
    expect([await status('viewer'), await status('auditor'), await status('security')]).toEqual([404, 404, 200]);
  });
});

describe('an order that is wrong', () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    ['/api/hires/GT-48291/amend', { startDate: '2025-02-30', reason: ' ' }, ['/startDate', '/reason']],
    ['/api/hires/GT-48291/amend', { startDate: '2026-02-02', reason: 'so', by: 'somebody' }, ['/by']],
    ['/api/hires/GT-48291/cancel', {}, ['/reason']],
    ['/api/people/GT-48291/contract-end', { endDate: 'soon' }, ['/endDate', '/reason']],
    [
      '/api/people/GT-48291/privileges',
      { until: 'soon', colour: 'red' },
      ['/privilege', '/until', '/reason', '/colour'],
    ],
    ['/api/people/GT-48291/legal-holds', { case: '' }, ['/case']],
    ['/api/undo', { event: 'x' }, ['/reason']],
  ])('%s %j is refused with every fault, and starts nothing', async (path, body, faults) => {
    const answer = await api.post(path, body, 'admin');
    expect(answer).toMatchObject({ status: 400, type: 'application/problem+json' });
    expect((answer.body as { errors: { path: string }[] }).errors.map((fault) => fault.path)).toEqual(faults);
    expect(starts).toEqual([]);
  });

  it('about nobody, or about an event that is not there, is 404', async () => {
    expect(await api.post('/api/hires/GT-1/cancel', { reason: 'so' })).toMatchObject({ status: 404 });
    expect(await api.post('/api/undo', { event: 'workday:1', reason: 'so' })).toMatchObject({ status: 404 });
  });

  it.each([
    ['/api/hires/GT-48291/cancel', { reason: 'so' }, ['viewer', 'approver', 'security', 'auditor']],
    ['/api/people/GT-48291/privileges', { privilege: 'p', reason: 'so' }, ['viewer', 'approver', 'auditor']],
    ['/api/people/GT-48291/legal-holds', { case: 'C' }, ['viewer', 'operator', 'approver', 'auditor']],
  ])('%s by somebody without the role is 403', async (path, body, roles) => {
    for (const role of roles) expect(await api.post(path, body, role)).toMatchObject({ status: 403 });
    expect(starts).toEqual([]);
  });
});
