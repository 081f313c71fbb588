import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Store } from '../../src/directory/store.ts';
import { addPeople, at, begin, idOf, numbers, policyOf } from '../activities/safeguards.ts';
import { memoryDatabase } from '../helpers/store.ts';
import { type Answer, type Asking, addEvent, asking } from './asking.ts';

/** Temporal as far as holds go: keeps what it was told. */
let told: string[];
let away: boolean;
const temporal = {
  withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
  workflow: {
    async signalWithStart(_type: string, { workflowId, signal }: { workflowId: string; signal: string }) {
      if (away) throw new Error('14 UNAVAILABLE');
      told.push(`${workflowId} ${signal}`);
    },
    getHandle: (workflowId: string) => ({
      signal: async (name: string) => void told.push(`${workflowId} ${name}`),
    }),
  },
} as unknown as Client;

let store: Store;
let api: Asking;
let id: string;
const policy = policyOf();
beforeEach(async () => {
  told = [];
  away = false;
  const database = await memoryDatabase();
  store = database.store;
  api = await asking(store, { client: temporal, clock: () => Date.parse(at(10)) });
  await addPeople(database.sql, 60);
  for (const number of numbers(6, 9)) await addEvent(store, `end-${number}`, idOf(number));
  for (const number of numbers(1, 7)) await begin(store, policy, number);
  await begin(store, policy, 8, 0, { confidential: true });
  id = (await store.read((reader) => reader.openHold('end')))?.id ?? '';
});
afterEach(async () => {
  await api.close();
  await store.close();
});

const detail = ({ status, body }: Answer) => [status, (body as { detail?: string }).detail];
const items = (answer: Answer) => (answer.body as { items: { id: string; person: string; held: number }[] }).items;
const say = (decision: string, role: string, people?: string[]) =>
  api.post(`/api/holds/${id}`, { decision, reason: 'checked', ...(people === undefined ? {} : { people }) }, role);

describe('the list of holds', () => {
  it('has the open ones, with how much is held, released and rejected', async () => {
    expect((await api.ask('/api/holds', 'security')).body).toEqual({
      items: [
        {
          ...{
            id,
            kind: 'end',
            state: 'open',
            openedAt: at(0),
            limit: '5 people in any 60 minutes',
            causes: ['workday'],
          },
          ...{ reason: expect.stringContaining(`muster holds show ${id}`), releasing: [] },
          ...{ held: 3, released: 0, rejected: 0 },
        },
      ],
    });
    expect(items(await api.ask('/api/holds?open=false', 'security'))).toEqual([]);
    await say('reject', 'security');
    expect(items(await api.ask('/api/holds', 'security'))).toEqual([]);
    expect(items(await api.ask('/api/holds?open=all', 'security'))).toMatchObject([
      { id, state: 'rejected', rejected: 3 },
    ]);
  });

  it('tells nobody of what is confidential but security and administrators', async () => {
    for (const [role, held] of [
      ['viewer', 2],
      ['operator', 2],
      ['auditor', 2],
      ['security', 3],
      ['admin', 3],
    ] as const) {
      expect([role, items(await api.ask('/api/holds', role))[0]?.held]).toEqual([role, held]);
    }
  });

  it('of what is ahead has ends that would exceed a limit, and no hold of today’s', async () => {
    await store.transaction((tx) =>
      tx.putHold({
        ...{ id: 'ahead-1', kind: 'end', reason: 'many', state: 'open', openedAt: at(1) },
        data: {
          ...{ causes: ['workday'], releasing: [], limit: '5 people in any 60 minutes' },
          ahead: { window: 'hour', from: at(1_000), until: at(1_000) },
        },
      }),
    );
    await store.transaction((tx) =>
      tx.putPending(idOf(30), {
        ...{ id: 'end:workday:x', kind: 'end', dueAt: at(1_000), event: 'workday:x', confidential: false, data: {} },
      }),
    );
    const ahead = await api.ask('/api/holds/ahead', 'operator');
    expect(ahead.body).toMatchObject({
      items: [{ id: 'ahead-1', held: 1, ahead: { window: 'hour', from: at(1_000), until: at(1_000) } }],
    });
    expect(items(await api.ask('/api/holds', 'operator')).map((hold) => hold.id)).toEqual(['ahead-1', id]);
    expect(items(await api.ask('/api/holds/ahead-1', 'operator'))).toMatchObject([
      { person: 'GT-30', at: at(1_000), state: 'held', summary: `the end of GT-30, due ${at(1_000)}` },
    ]);
  });
});

describe('one hold', () => {
  it('shows what it would do to whom', async () => {
    const item = (number: number, confidential: boolean) => ({
      ...{ person: idOf(number), event: `workday:end-${number}`, source: 'workday', at: at(0), state: 'held' },
      ...{ summary: `end GT-${number}`, priority: 2, confidential },
    });
    expect(items(await api.ask(`/api/holds/${id}`, 'admin'))).toEqual([item(6, false), item(7, false), item(8, true)]);
    expect(items(await api.ask(`/api/holds/${id}`, 'operator'))).toEqual([item(6, false), item(7, false)]);
    expect(detail(await api.ask('/api/holds/end-0', 'admin'))).toEqual([404, 'no hold has that id']);
  });

  it('of which everything is confidential is not there, nor its exception', async () => {
    await say('reject', 'security', ['GT-6', 'GT-7']);
    await store.transaction(async (tx) => {
      const rest = await tx.hold(id);
      if (rest === undefined) throw new Error('no hold');
      await tx.putHold({ ...rest, id: 'end-secret' });
      await tx.addReservations([
        {
          ...{ person: 'GT-20', event: 'workday:s', kind: 'end', source: 'workday', at: at(0), state: 'held' },
          ...{ hold: 'end-secret', data: { summary: 'x', priority: 2, confidential: true } },
        },
      ]);
      await tx.openException({
        ...{ id: 'hold:end-secret/held', kind: 'held', workflowId: 'hold:end-secret', reason: 'r', owner: 'o' },
        ...{ openedAt: at(0), dueAt: at(60) },
      });
    });
    const shown = async (role: string) => [
      items(await api.ask('/api/holds', role)).map((hold) => hold.id),
      (await api.ask('/api/holds/end-secret', role)).status,
      (await api.ask('/api/exceptions/hold:end-secret/held', role)).status,
      (await api.post('/api/holds/end-secret', { decision: 'release', reason: 'so' }, role)).status,
    ];
    expect(await shown('operator')).toEqual([[id], 404, 404, 404]);
    expect(await shown('security')).toEqual([[id, 'end-secret'].sort().reverse(), 200, 200, 200]);
  });
});

describe('deciding about a hold', () => {
  it('takes two operators for all, and answers with what came of it and the hold as it is then', async () => {
    expect((await say('release', 'security')).body).toMatchObject({
      said: 'a second operator must release the same: more than one person takes two',
      ...{ released: [], rejected: [], waitsForSecond: true },
      hold: { id, state: 'open', held: 3, releasing: [{ by: 'security-1', at: at(10), reason: 'checked' }] },
    });
    const answer = await say('release', 'admin');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      said: 'released: GT-6, GT-7, GT-8',
      ...{ released: ['GT-6', 'GT-7', 'GT-8'], waitsForSecond: false },
      hold: { state: 'released', held: 0, released: 3, items: [{ decidedBy: 'admin-1', decidedAt: at(10) }, {}, {}] },
    });
    expect(told.sort()).toEqual(['person:GT-6 released', 'person:GT-7 released', 'person:GT-8 released']);
    expect((await say('release', 'security')).body).toMatchObject({
      said: 'decided before; everybody concerned was told again',
    });
    expect(detail(await say('reject', 'security'))).toEqual([409, `it was released already by admin-1 at ${at(10)}`]);
  });

  it('takes one for one person, by any of their names', async () => {
    await store.transaction((tx) =>
      tx.addIdentifier('GT-7', { source: 'workday', type: 'email', value: 'seven@globaltech.example' }),
    );
    expect((await say('release', 'operator', ['seven@globaltech.example'])).body).toMatchObject({
      ...{ said: 'released: GT-7', released: ['GT-7'] },
    });
    expect(detail(await say('release', 'operator', ['GT-0']))).toEqual([400, 'people: "GT-0" is nobody’s name']);
    expect(detail(await say('release', 'operator', ['GT-1']))).toEqual([404, `${id} holds nothing of GT-1`]);
  });

  it('leaves what an operator may not see as it is', async () => {
    expect((await say('reject', 'operator')).body).toMatchObject({ rejected: ['GT-6', 'GT-7'], hold: { held: 0 } });
    expect(items(await api.ask(`/api/holds/${id}`, 'security'))).toContainEqual(
      expect.objectContaining({ person: 'GT-8', state: 'held' }),
    );
    expect(detail(await say('release', 'operator', ['GT-8']))).toEqual([404, `${id} holds nothing of GT-8`]);
  });

  it.each([
    ['viewer', 403],
    ['approver', 403],
    ['auditor', 403],
    ['operator', 200],
    ['security', 200],
    ['admin', 200],
    ['nobody', 401],
  ])('by "%s" is answered %i', async (role, status) => {
    expect((await say('release', role)).status).toBe(status);
  });

  it('is not for who caused any of it', async () => {
    await addEvent(store, 'end-10', 'GT-10', { by: 'operator-1' });
    await begin(store, policy, 10);
    expect(detail(await say('release', 'operator'))).toEqual([
      ...[403, `you caused what ${id} holds: somebody else must decide about it`],
    ]);
    expect((await say('release', 'security')).status).toBe(200);
  });

  it.each([
    [{ decision: 'maybe', reason: 'x' }, '/decision'],
    [{ decision: 'release' }, '/reason'],
    [{ decision: 'release', reason: ' ' }, '/reason'],
    [{ decision: 'release', reason: 'x', people: [] }, '/people'],
    [{ decision: 'release', reason: 'x', by: 'admin-1' }, '/by'],
  ])('refuses %j', async (body, path) => {
    const answer = await api.post(`/api/holds/${id}`, body, 'operator');
    expect(answer.status).toBe(400);
    expect(z.object({ errors: z.array(z.object({ path: z.string() })) }).parse(answer.body).errors[0]?.path).toBe(path);
  });

  it('is kept when Temporal is out of reach, and everybody is told when it is said again', async () => {
    away = true;
    const answer = await say('release', 'operator', ['GT-6']);
    expect(detail(answer)).toEqual([
      503,
      expect.stringContaining('it is decided, and 1 of 1 workflows could not be told'),
    ]);
    expect(answer.headers.get('retry-after')).toBe('5');
    away = false;
    expect((await say('release', 'operator', ['GT-6'])).status).toBe(200);
    expect(told).toEqual(['person:GT-6 released']);
  });

  it('is not done through its exception', async () => {
    const exception = `/api/exceptions/hold:${id}/held`;
    expect(detail(await api.post(exception, { action: 'done', reason: 'x' }, 'operator'))).toEqual([
      ...[409, `it closes when the hold does: release or reject ${id} (POST /api/holds/${id})`],
    ]);
  });
});
