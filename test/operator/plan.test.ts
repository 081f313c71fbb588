import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Asking, addPerson, asking } from './asking.ts';

let store: Store;
let api: Asking;
let salesforce: FakeTarget;
beforeEach(async () => {
  store = await memoryStore();
  salesforce = new FakeTarget();
  const source = { authoritative: true, mode: 'observe' as const, duplicateWindow: 600_000 };
  api = await asking(store, {
    planning: () => ({
      ...{ store, policy: loadPolicy('policy.yaml'), live: true, log: pino({ level: 'silent' }) },
      sources: { workday: source },
      targets: new Map([['salesforce', salesforce.connected('salesforce', 'Salesforce')]]),
    }),
  });
  await addPerson(store, 'GT-48291');
});
afterEach(async () => {
  await api.close();
  await store.close();
});

const leaves = (effectiveDate: string, more: object = {}) => ({
  event: { type: 'muster.terminated', subject: 'GT-48291', source: 'workday', data: { effectiveDate, ...more } },
});

describe('a plan', () => {
  it('says what an event would do, for a source that is only watched too', async () => {
    salesforce.accounts.set('005', { id: '005', worker: 'GT-48291', enabled: true, entitlements: ['Sales_Console'] });
    const answer = await api.post('/api/plan', leaves('2025-11-14', { category: 'voluntary' }), 'auditor');
    expect(answer).toMatchObject({
      status: 200,
      body: {
        ...{ person: 'GT-48291', event: { type: 'terminated', subject: 'GT-48291', source: 'workday' } },
        ...{ mode: 'observe', outcome: 'applied', state: { before: 'Active', after: 'Terminated' } },
        seen: { read: ['salesforce'], unread: [] },
      },
    });
    const { moments } = answer.body as { moments: { plan: { changes: { id: string; because: string }[] } }[] };
    expect(moments[0]?.plan.changes).toContainEqual(
      expect.objectContaining({ id: 'close:salesforce', because: 'leaver: no engagement is active any more' }),
    );
    expect(salesforce.changes).toEqual([]);
    expect(await api.ask('/api/people/GT-48291', 'admin')).toMatchObject({ body: { state: 'Active', pending: [] } });
    expect((await api.ask('/api/events', 'admin')).body).toEqual({ items: [] });
  });

  it('of a person says what they lack, by any of their names', async () => {
    const answer = await api.post('/api/plan', { person: 'gt-48291@globaltech.example' }, 'operator');
    expect(answer).toMatchObject({
      status: 200,
      body: { person: 'GT-48291', event: { type: 'policy-changed', source: 'muster' }, mode: 'enforce' },
    });
  });

  it('tells nothing of a confidential end to whom it must not show', async () => {
    await store.transaction((tx) =>
      tx.putPending('GT-48291', {
        ...{ id: 'end:workday:1', kind: 'end', dueAt: '2025-12-01T05:00:00.000Z', date: '2025-11-30' },
        ...{ zone: 'America/New_York', event: 'workday:1', confidential: true },
        data: { engagement: 'workday:GT-48291', enteredAt: '2025-11-01T00:00:00.000Z' },
      }),
    );
    const body = leaves('2025-12-31', { category: 'voluntary', enteredAt: '2025-10-01T00:00:00Z' });
    const [operator, security] = [
      await api.post('/api/plan', body, 'operator'),
      await api.post('/api/plan', body, 'security'),
    ];
    expect(operator.body).toMatchObject({ outcome: 'scheduled', reason: 'ends 2026-01-01T05:00:00.000Z', gone: [] });
    expect(security.body).toMatchObject({ outcome: 'ignored', reason: 'what is pending was entered later' });
  });

  it.each<[unknown, string[]]>([
    [{}, ['']],
    [{ event: { type: 'muster.vanished', subject: 'GT-1', data: {} } }, ['/event/type']],
    [
      { event: { type: 'terminated', subject: 'GT-48291', data: { effectiveDate: 'soon' } } },
      ['/event/data/effectiveDate'],
    ],
    [{ event: { type: 'terminated', subject: 'GT-48291', data: {}, by: 'x' } }, ['/event/by']],
    [
      { event: { type: 'hired', subject: 'GT-1', source: 'sap', data: { startDate: '2026-01-05' } } },
      ['/event/source'],
    ],
  ])('of %j is refused with what is wrong', async (body, faults) => {
    const answer = await api.post('/api/plan', body, 'operator');
    expect(answer.status).toBe(400);
    expect((answer.body as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual(faults);
  });

  it('is for nobody who may only look', async () => {
    expect(await api.post('/api/plan', { person: 'GT-48291' }, 'viewer')).toMatchObject({ status: 403 });
    expect(await api.post('/api/plan', { person: 'GT-1' }, 'operator')).toMatchObject({ status: 404 });
  });
});
