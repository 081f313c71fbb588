import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import type { Planning } from '../../src/dry-run/dry-run.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { governedBy } from '../../src/policy/policy-change.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { personOf } from '../helpers/line.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Asking, asking, noon } from './asking.ts';

const text = (sales: string, more = '') => `
version: 1
zones: { default: UTC }
rules:
  - { id: everybody, why: all, when: 'true', give: [{ target: ad, entitlements: [staff] }] }
  - { id: sales, why: Sales sells, when: 'person.department == "Sales"', give: [{ target: crm, entitlements: [${sales}] }] }
safeguards: { removals: { hour: { least: 1, percent: 0 } } }
exceptions: { owner: ops }
${more}`;
const inForce = parsePolicy(text('old'));
const wanted = parsePolicy(text('new'));

let store: Store;
let api: Asking;
let starts: { type: string; workflowId: string; args: unknown[] }[];
let isRunning: boolean;
beforeEach(async () => {
  store = await memoryStore();
  [starts, isRunning] = [[], false];
  const targets = new Map(['ad', 'crm', 'log'].map((name) => [name, new FakeTarget().connected(name)]));
  const planning = (): Planning => ({
    ...{ store, policy: inForce, targets, sources: {}, live: false, log: pino({ level: 'silent' }) },
  });
  api = await asking(store, { planning, client: temporal() });
  for (const number of [1, 2, 3, 4, 5]) await addPerson(`P-${number}`, number > 3 ? 'Support' : 'Sales');
});
afterEach(async () => {
  await api.close();
  await store.close();
});

/** A Temporal that takes starts; one that runs is refused a second time. */
function temporal(): Client {
  return {
    options: { namespace: 'default' },
    withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
    workflowService: { describeNamespace: async () => ({}) },
    workflow: {
      start: async (type: string, { workflowId, args }: { workflowId: string; args: unknown[] }) => {
        const { WorkflowExecutionAlreadyStartedError } = await import('@temporalio/client');
        if (isRunning) throw new WorkflowExecutionAlreadyStartedError('there', workflowId, type);
        isRunning = true;
        starts.push({ type, workflowId, args });
      },
    },
  } as unknown as Client;
}

async function addPerson(id: string, department: string): Promise<void> {
  await store.transaction(async (tx) => {
    const held = { ad: ['staff'], ...(department === 'Sales' ? { crm: ['old'] } : {}) };
    await tx.createPerson(
      personOf({
        ...{ id, attributes: { department, login: id, email: `${id}@g.example` } },
        identifiers: [{ source: 'workday', type: 'workerId', value: id }],
        engagements: [
          { id, source: 'workday', workerId: id, workerType: 'employee', startDate: '2020-01-06', primary: true },
        ],
      }),
    );
    for (const [target, entitlements] of Object.entries(held)) {
      await tx.putAccount({
        ...{ target, id: `${target}-${id}`, name: id, kind: 'primary', owner: id, origin: 'created' },
        ...{ status: 'enabled', entitlements },
      });
    }
  });
}

const plan = (body: object, role = 'operator') => api.post('/api/policy/plan', body, role);

describe('POST /api/policy/plan', () => {
  it('touches nobody under a policy that everybody has', async () => {
    expect(await plan({})).toMatchObject({
      status: 200,
      body: { policy: inForce.hash, inForce: inForce.hash, summary: { looked: 5, touched: 0 }, items: [] },
    });
  });

  it('names each person whom another policy would touch, how, and what safeguards would hold', async () => {
    const { status, body } = await plan({ policy: text('new') });
    const items = ['P-1', 'P-2', 'P-3'].map((person) => ({
      ...{ person, name: `Person ${person}`, asks: [], stopped: [] },
      changes: [
        {
          ...{ id: 'grant:crm:new', target: 'crm', action: 'grant', entitlement: 'new', mode: 'enforce' },
          ...{ summary: `give ${person} new in crm`, because: 'sales: Sales sells' },
        },
        {
          ...{ id: 'revoke:crm:old', target: 'crm', action: 'revoke', entitlement: 'old', mode: 'enforce' },
          ...{ summary: `take old from ${person} in crm`, because: 'the rule that gave it is gone' },
        },
      ],
    }));
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        ...{ policy: wanted.hash, inForce: inForce.hash, items },
        summary: {
          ...{ looked: 5, touched: 3, grants: 3, revokes: 3, asks: 0, stopped: 0 },
          targets: [
            { target: 'crm', mode: 'enforce', action: 'grant', people: 3 },
            { target: 'crm', mode: 'enforce', action: 'revoke', people: 3 },
          ],
          rules: [{ rule: 'sales', gains: 3, loses: 3 }],
          safeguards: { removals: 3, limit: '1 people in any 60 minutes', held: 2 },
        },
      },
    });
    const { items: evidence } = await store.read((reader) => reader.evidence({}, {}));
    expect(evidence).toEqual([]);
  });

  it('goes on page by page, the numbers on the first alone', async () => {
    const first = (await plan({ policy: text('new'), limit: 2 })).body as { items: unknown[]; next: string };
    expect(first).toMatchObject({ summary: { touched: 3 }, items: [{ person: 'P-1' }, { person: 'P-2' }] });
    const { body } = await plan({ policy: text('new'), limit: 2, cursor: first.next });
    expect(body).toEqual({
      ...{ policy: wanted.hash, inForce: inForce.hash },
      items: [expect.objectContaining({ person: 'P-3' })],
    });
  });

  it('refuses a policy with faults, each by its place', async () => {
    expect(await plan({ policy: 'version: 2\n' })).toMatchObject({
      status: 400,
      body: {
        errors: expect.arrayContaining([
          expect.objectContaining({ problem: expect.stringMatching(/^policy:1:10: version: /) }),
        ]),
      },
    });
    expect(await plan({ policy: text('new', 'hires: { ahead: [gone] }') })).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/policy', problem: 'policy:9:18: hires.ahead.0: muster.yaml has no target "gone"' }] },
    });
    expect(await plan({}, 'viewer')).toMatchObject({ status: 403 });
  });
});

describe('a policy on its way', () => {
  it('is started once, in the name of who asked', async () => {
    const workflowId = `propagate-policy:${inForce.hash}`;
    const said = { policy: inForce.hash, workflowId };
    expect(await api.post('/api/policy/apply', {}, 'admin')).toMatchObject({
      ...{ status: 202, body: { status: 'accepted', ...said } },
    });
    expect(await api.post('/api/policy/apply', {}, 'operator')).toMatchObject({
      ...{ status: 200, body: { status: 'running', ...said } },
    });
    expect(starts).toEqual([{ type: 'propagatePolicy', workflowId, args: [{ policy: inForce.hash, by: 'admin-1' }] }]);
    for (const role of ['viewer', 'approver', 'auditor']) {
      expect(await api.post('/api/policy/apply', {}, role)).toMatchObject({ status: 403 });
    }
  });

  it('shows how far it is, is stopped with a reason, and only while it is under way', async () => {
    expect(await api.ask('/api/policy/progress', 'viewer')).toMatchObject({ status: 404 });
    expect(await api.post('/api/policy/stop', { reason: 'x' }, 'security')).toMatchObject({ status: 409 });
    const row = { policy: inForce.hash, by: 'admin-1', startedAt: '2025-11-15T11:00:00.000Z', looked: 100, changed: 7 };
    await store.transaction((tx) =>
      tx.putPropagation({
        ...{ id: 'a', ...row, state: 'running', cursor: 'P-2' },
        data: { governs: governedBy(inForce), people: 200, batch: [{ person: 'P-1', revoke: [] }], held: 2 },
      }),
    );
    const shown = { id: 'a', ...row, people: 200, inFlight: 1, held: 2 };
    expect((await api.ask('/api/policy/progress', 'viewer')).body).toEqual({ ...shown, state: 'running' });
    expect(await api.post('/api/policy/stop', {}, 'security')).toMatchObject({ status: 400 });
    const stopped = { ...shown, state: 'stopped', endedAt: noon, reason: 'stopped by security-1: a wrong rule' };
    expect((await api.post('/api/policy/stop', { reason: 'a wrong rule' }, 'security')).body).toEqual(stopped);
    expect((await api.ask('/api/policy/progress', 'viewer')).body).toEqual(stopped);
    expect(await api.post('/api/policy/stop', { reason: 'again' }, 'security')).toMatchObject({ status: 409 });
  });
});
