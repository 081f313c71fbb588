import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import type { PendingChange } from '../../src/model/person.ts';
import { startOfDay } from '../../src/model/time.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Answer, type Asking, addEvent, addPerson, asking, noon } from './asking.ts';

let store: Store;
let api: Asking;
beforeEach(async () => {
  store = await memoryStore();
  api = await asking(store);
});
afterEach(async () => {
  await api.close();
  await store.close();
});

const move = { from: '2025-12-01', to: '2025-12-08', by: 'operator-1', event: 'operator:1', at: noon };

function start(id: string, date: string, zone: string, data: Record<string, unknown> = {}): PendingChange {
  const dueAt = new Date(startOfDay(date, zone)).toISOString();
  const row = { id: `start:workday:${id}`, kind: 'start', dueAt, date, zone } as const;
  return { ...row, event: `workday:hire-${id}`, confidential: false, data: { engagement: `workday:${id}`, ...data } };
}

async function addHire(id: string, date: string, zone: string, location: string, data = {}): Promise<void> {
  await addPerson(store, id, { state: 'PreHire', attributes: { location, managerId: 'GT-41007' } });
  await store.transaction((tx) => tx.putPending(id, start(id, date, zone, data)));
}

const people = (answer: Answer) => (answer.body as { items: { person: string }[] }).items.map(({ person }) => person);

describe('hires', () => {
  beforeEach(async () => {
    await addHire('GT-1', '2025-12-08', 'America/New_York', 'New York', { moves: [move] });
    await addHire('GT-2', '2025-12-08', 'Europe/Berlin', 'Berlin');
    await addHire('GT-3', '2025-11-20', 'Europe/Berlin', 'Berlin');
    await addPerson(store, 'GT-4');
  });

  it('are listed by the moment they start, and in pages', async () => {
    const all = await api.ask('/api/hires', 'viewer');
    expect(people(all)).toEqual(['GT-3', 'GT-2', 'GT-1']);
    const first = await api.ask('/api/hires?limit=2', 'viewer');
    const { next } = first.body as { next: string };
    const second = await api.ask(`/api/hires?limit=2&cursor=${next}`, 'viewer');
    expect([people(first), people(second)]).toEqual([['GT-3', 'GT-2'], ['GT-1']]);
  });

  it.each([
    ['?startsBefore=2025-12-08', ['GT-3']],
    ['?startsBefore=2025-12-09', ['GT-3', 'GT-2', 'GT-1']],
    ['?location=Berlin', ['GT-3', 'GT-2']],
    ['?location=Berlin&startsBefore=2025-11-21', ['GT-3']],
  ])('can be listed by %s, each day as it is where they are', async (query, found) => {
    expect(people(await api.ask(`/api/hires${query}`, 'viewer'))).toEqual(found);
  });

  it.each([
    ['?startsBefore=soon', ['/startsBefore']],
    ['?cursor=x', ['/cursor']],
    ['?state=PreHire', ['/state']],
  ])('cannot be listed by %s', async (query, faults) => {
    const answer = await api.ask(`/api/hires${query}`, 'viewer');
    expect(answer).toMatchObject({ status: 400 });
    expect((answer.body as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual(faults);
  });

  it('one of them shows what is there, what is to come and every move of the date', async () => {
    expect((await api.ask('/api/hires/gt-1@globaltech.example', 'viewer')).body).toEqual({
      ...{ person: 'GT-1', name: 'Person GT-1', state: 'PreHire', workerId: 'GT-1', workerType: 'employee' },
      ...{ location: 'New York', managerId: 'GT-41007', startDate: '2025-12-08', zone: 'America/New_York' },
      ...{ startsAt: '2025-12-08T05:00:00.000Z', event: 'workday:hire-GT-1', moves: [move] },
      accounts: [{ target: 'salesforce', name: 'GT-1', kind: 'primary', status: 'enabled', entitlements: 1 }],
      due: [
        {
          ...{ id: 'start:workday:GT-1', kind: 'start', dueAt: '2025-12-08T05:00:00.000Z', date: '2025-12-08' },
          ...{ zone: 'America/New_York', event: 'workday:hire-GT-1', confidential: false },
          what: 'they start on 2025-12-08',
        },
      ],
      workflowId: 'person:GT-1',
    });
  });

  it('somebody who has begun is none of them', async () => {
    expect(await api.ask('/api/hires/GT-4', 'viewer')).toMatchObject({
      status: 404,
      body: { detail: 'GT-4 is Active, and no start is to come' },
    });
  });
});

describe('a timeline', () => {
  interface Seen {
    happened: { what: string }[];
    due: { what: string }[];
    legalHolds?: unknown[];
  }
  const timeline = async (role: string, query = '') => {
    const answer = await api.ask(`/api/people/GT-1/timeline${query}`, role);
    expect(answer.status).toBe(200);
    return answer.body as Seen & { next?: string };
  };
  const words = ({ happened, due }: Seen) => [happened.map(({ what }) => what), due.map(({ what }) => what)];

  beforeEach(async () => {
    await addPerson(store, 'GT-1');
    const moved = await addEvent(store, 'moved', 'GT-1', { type: 'start-date-changed' });
    const secret = await addEvent(store, 'secret', 'GT-1', {
      effectiveDate: '2025-12-31',
      data: { effectiveDate: '2025-12-31', category: 'involuntary' },
    });
    const held = await addEvent(store, 'held', 'GT-1', { type: 'legal-hold-placed', data: { case: 'C-7' } });
    const piece = { workflowId: 'person:GT-1', person: 'GT-1', at: noon };
    await store.transaction(async (tx) => {
      await tx.addEvidence([
        { ...piece, step: moved, event: moved, kind: 'start-moved', data: { from: 'A', to: 'B', by: 'operator-1' } },
        { ...piece, step: secret, event: secret, kind: 'end-scheduled', data: { date: 'D', zone: 'Z', dueAt: 'T' } },
        { ...piece, step: held, event: held, kind: 'legal-hold-placed', data: { by: 'security-1' } },
      ]);
      const end = { id: `end:${secret}`, kind: 'end', dueAt: '2026-01-01T05:00:00.000Z', date: '2025-12-31' } as const;
      await tx.putPending('GT-1', { ...end, event: secret, confidential: true, data: {} });
      const later = { id: 'change', kind: 'change', dueAt: '2025-12-01T05:00:00.000Z', event: moved } as const;
      await tx.putPending('GT-1', { ...later, confidential: false, data: { facts: ['department', 'jobTitle'] } });
      await tx.placeLegalHold('GT-1', { id: 'hold:1', case: 'C-7', by: 'security-1', at: noon });
    });
  });

  it('tells what happened and what is to come, in order, to whom all may be told', async () => {
    const seen = await timeline('security');
    expect(words(seen)).toEqual([
      [
        expect.stringContaining('(workday:moved)'),
        expect.stringContaining('(workday:secret)'),
        expect.stringContaining('(workday:held)'),
        'start moved from A to B by operator-1',
        'end set for D (Z), at T',
        'legal hold placed by security-1',
      ],
      ['changes: department, jobTitle', 'all access ends on 2025-12-31'],
    ]);
    expect(seen.legalHolds).toEqual([{ id: 'hold:1', case: 'C-7', by: 'security-1', at: noon }]);
  });

  it.each(['viewer', 'operator', 'auditor'])('tells %s nothing of a confidential end or a legal hold', async (role) => {
    const seen = await timeline(role);
    expect(words(seen)).toEqual([
      [expect.stringContaining('(workday:moved)'), 'start moved from A to B by operator-1'],
      ['changes: department, jobTitle'],
    ]);
    expect(seen).not.toHaveProperty('legalHolds');
  });

  it('comes in full pages, whatever is left out of them', async () => {
    const first = await timeline('viewer', '?limit=1');
    const second = await timeline('viewer', `?limit=1&cursor=${first.next}`);
    expect([first, second].map(({ happened }) => happened.length)).toEqual([1, 1]);
  });
});

describe('legal holds', () => {
  it('are listed for security and administrators alone', async () => {
    await addPerson(store, 'GT-1');
    await store.transaction((tx) =>
      tx.placeLegalHold('GT-1', { id: 'hold:1', case: 'C-7', by: 'security-1', at: noon }),
    );
    expect(await api.ask('/api/legal-holds', 'security')).toMatchObject({
      status: 200,
      body: { items: [{ person: 'GT-1', id: 'hold:1', case: 'C-7', by: 'security-1', at: noon }] },
    });
    for (const role of ['viewer', 'operator', 'approver', 'auditor']) {
      expect(await api.ask('/api/legal-holds', role)).toMatchObject({ status: 403 });
    }
    await store.transaction((tx) => tx.liftLegalHold('hold:1', 'security-1', noon));
    await store.transaction((tx) => tx.liftLegalHold('hold:1', 'admin-1', noon));
    expect((await api.ask('/api/legal-holds', 'admin')).body).toEqual({ items: [] });
  });
});
