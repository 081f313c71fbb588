import { type Client, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dependencies } from '../../activities/dependencies.ts';
import { verifyProof } from '../../activities/proof.ts';
import type { Store } from '../../src/directory/store.ts';
import type { Approval, DecideMessage } from '../../src/model/approval.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Answer, type Asking, addEvent, addPerson, asking, noon } from './asking.ts';

interface Told {
  update: string;
  workflowId: string;
  message: DecideMessage;
}

let store: Store;
let api: Asking;
let told: Told[];
let answer: () => Promise<string>;
beforeEach(async () => {
  store = await memoryStore();
  told = [];
  answer = async () => 'so be it';
  const client = {
    options: { namespace: 'default' },
    withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
    workflow: {
      executeUpdateWithStart: (
        update: string,
        options: { args: [DecideMessage]; startWorkflowOperation: { options: { workflowId: string } } },
      ) => {
        told.push({ update, workflowId: options.startWorkflowOperation.options.workflowId, message: options.args[0] });
        return answer();
      },
    },
  } as unknown as Client;
  api = await asking(store, { client });
  for (const id of ['GT-1', 'GT-2', 'GT-3']) await addPerson(store, id);
});
afterEach(async () => {
  await api.close();
  await store.close();
});

const id = 'GT-1/aaaaaaaaaaaa/1';
async function add(more: Partial<Approval> = {}): Promise<Approval> {
  const approval: Approval = {
    ...{ id, person: 'GT-1', event: 'servicenow:1', hash: 'sha256:a', state: 'open', openedAt: noon, step: 0 },
    ...{ dueAt: '2025-11-17T12:00:00.000Z', approvers: ['GT-2', 'operator:approver-1'] },
    data: {
      ...{
        rule: 'admin-role',
        summary: ['GT-1 gets admin'],
        said: [],
        fallback: false,
        reminders: 0,
        requestedBy: 'GT-3',
      },
      items: [
        {
          ...{ target: 'salesforce', entitlement: 'admin', because: 'asked', hash: 'sha256:b' },
          requested: { until: '2026-01-01T00:00:00.000Z', privileged: true },
        },
      ],
    },
    ...more,
  };
  await store.transaction((tx) => tx.openApproval(approval));
  return approval;
}
const shown = {
  ...{ id, person: 'GT-1', event: 'servicenow:1', hash: 'sha256:a', state: 'open', openedAt: noon, step: 0 },
  ...{ dueAt: '2025-11-17T12:00:00.000Z', approvers: ['GT-2', 'operator:approver-1'], rule: 'admin-role' },
  ...{ summary: ['GT-1 gets admin'], said: [], fallback: false, reminders: 0, requestedBy: 'GT-3' },
  items: [{ target: 'salesforce', entitlement: 'admin', because: 'asked', until: '2026-01-01T00:00:00.000Z' }],
};
const decide = (body: unknown, role = 'approver', which = id) =>
  api.post(`/api/approvals/${encodeURIComponent(which)}`, body, role);
const approve = { decision: 'approve', comment: 'for the audit' };
const detail = ({ status, body }: Answer) => [status, (body as { detail?: string }).detail];
const idsOf = ({ body }: Answer) => (body as { items: { id: string }[] }).items.map((each) => each.id);

describe('approvals', () => {
  it('are listed, open ones by default, by person and by who is asked, and shown one by one', async () => {
    await add();
    await add({ id: 'GT-2/b/1', person: 'GT-2', approvers: ['operator:admin-1'] });
    await add({ id: 'GT-1/c/1', state: 'void', dueAt: '2025-11-16T12:00:00.000Z' });
    expect((await api.ask('/api/approvals?person=GT-1', 'viewer')).body).toEqual({ items: [shown] });
    expect(idsOf(await api.ask('/api/approvals?open=all', 'viewer'))).toEqual(['GT-1/c/1', id, 'GT-2/b/1']);
    expect(idsOf(await api.ask('/api/approvals?open=false', 'viewer'))).toEqual(['GT-1/c/1']);
    expect(idsOf(await api.ask('/api/approvals?approver=admin-1', 'viewer'))).toEqual(['GT-2/b/1']);
    expect(await api.ask(`/api/approvals/${id}`, 'viewer')).toMatchObject({ status: 200, body: shown });
    expect(await api.ask(`/api/approvals/${encodeURIComponent(id)}`, 'viewer')).toMatchObject({ body: shown });
    expect(detail(await api.ask('/api/approvals/GT-1/none/1', 'viewer'))).toEqual([404, 'no approval has that id']);
  });

  it('of an end that must not show yet are for security and administrators', async () => {
    const data = { effectiveDate: '2025-12-31', category: 'involuntary' } as const;
    const event = await addEvent(store, 'secret', 'GT-1', { effectiveDate: '2025-12-31', data });
    await add({ event });
    expect(idsOf(await api.ask('/api/approvals', 'approver'))).toEqual([]);
    expect((await api.ask(`/api/approvals/${id}`, 'viewer')).status).toBe(404);
    expect((await decide(approve)).status).toBe(404);
    expect(idsOf(await api.ask('/api/approvals', 'security'))).toEqual([id]);
  });

  it('are decided by the person’s workflow, which believes who says it', async () => {
    await add();
    answer = async () => {
      await store.transaction((tx) =>
        tx.updateApproval(id, { state: 'approved', decidedBy: 'approver-1', decidedAt: noon }),
      );
      return `${id} is approved`;
    };
    expect(await decide(approve)).toMatchObject({
      status: 200,
      body: { said: `${id} is approved`, approval: { id, state: 'approved', decidedBy: 'approver-1' } },
    });
    const proof = { nonce: expect.any(String), mac: expect.any(String) };
    expect(told).toEqual([
      { update: 'decide', workflowId: 'person:GT-1', message: { ...approve, approval: id, by: 'approver-1', proof } },
    ]);
    const { by = '', proof: made = { nonce: '', mac: '' } } = told[0]?.message ?? {};
    const dependencies = { proofKey: async () => 'proof-key-of-the-tests' } as Partial<Dependencies> as Dependencies;
    const claim = { workflowId: 'person:GT-1', item: id, action: 'approve', by, ...made };
    expect(await verifyProof(dependencies, claim)).toBe(true);
    expect(await verifyProof(dependencies, { ...claim, action: 'refuse' })).toBe(false);
  });

  it('are decided by approvers alone, by those who are asked, and by nobody whom it concerns or who asked', async () => {
    await add();
    for (const role of ['viewer', 'operator', 'security', 'auditor', 'admin']) {
      expect(detail(await decide(approve, role))).toEqual([403, 'this takes the role approver']);
    }
    const notAsked = 'you are not asked about this: `approvers` says who is';
    const own = 'it concerns you, or you asked for it: somebody else must decide';
    const other = await add({ id: 'GT-1/b/1', approvers: ['GT-2'] });
    expect(detail(await decide(approve, 'approver', other.id))).toEqual([403, notAsked]);
    const mine = await add({ id: 'GT-1/c/1', data: { ...other.data, requestedBy: 'approver-1' } });
    expect(detail(await decide(approve, 'approver', mine.id))).toEqual([403, own]);
    const known = { source: 'okta', type: 'id' as const, value: 'approver-1' };
    await store.transaction((tx) => tx.addIdentifier('GT-1', known));
    expect(detail(await decide(approve))).toEqual([403, own]);
    expect(told).toEqual([]);
  });

  it('are decided by whoever decides for somebody who is asked', async () => {
    await addPerson(store, 'approver-1', { identifiers: [] });
    await add({ approvers: ['GT-2'] });
    expect((await decide(approve)).status).toBe(403);
    const delegation = { approver: 'GT-2', delegate: 'approver-1', until: '2025-11-16T12:00:00.000Z' };
    expect((await api.post('/api/delegations', delegation, 'operator')).status).toBe(200);
    expect((await decide(approve)).status).toBe(200);
  });

  it('that are over, or that the workflow refuses, say so', async () => {
    await add({ id: 'GT-1/b/1', state: 'refused', decidedBy: 'GT-2' });
    expect(detail(await decide(approve, 'approver', 'GT-1/b/1'))).toEqual([
      409,
      'it is refused already by GT-2: nothing is to be decided any more',
    ]);
    await add();
    answer = () =>
      Promise.reject(new WorkflowUpdateFailedError('refused', ApplicationFailure.create({ message: 'too late' })));
    expect(detail(await decide(approve))).toEqual([409, 'too late']);
    answer = () => Promise.reject(new Error('14 UNAVAILABLE'));
    expect(detail(await decide(approve))).toEqual([
      503,
      expect.stringContaining('look whether the approval is decided'),
    ]);
  });

  it.each<[unknown, string]>([
    [{}, '/decision'],
    [{ decision: 'maybe' }, '/decision'],
    [{ decision: 'approve', comment: ' ' }, '/comment'],
    [{ decision: 'approve', by: 'GT-2' }, '/by'],
  ])('refuse %j by its fault', async (body, path) => {
    await add();
    expect(await decide(body)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });
});

describe('delegations', () => {
  const until = '2025-11-20T00:00:00.000Z';
  const post = (body: object, role = 'operator') =>
    api.post('/api/delegations', { approver: 'GT-2', delegate: 'GT-3', ...body }, role);
  const list = async (query = '') => (await api.ask(`/api/delegations${query}`, 'viewer')).body;

  it('are made by any name, listed, moved and ended, with evidence', async () => {
    const made = { approver: 'GT-2', delegate: 'GT-3', from: noon, until, by: 'operator-1' };
    expect(await post({ approver: 'gt-2@globaltech.example', until: '2025-11-20T01:00:00+01:00' })).toMatchObject({
      status: 200,
      body: made,
    });
    expect(await list()).toEqual({ items: [made] });
    expect(await list('?approver=gt-2@globaltech.example')).toEqual({ items: [made] });
    expect(await list('?approver=GT-3')).toEqual({ items: [] });
    const longer = { ...made, until: '2025-11-30T00:00:00.000Z', by: 'security-1' };
    expect(await post({ until: longer.until }, 'security')).toMatchObject({ status: 200, body: longer });
    expect(await list()).toEqual({ items: [longer] });
    expect(await post({ until: noon })).toMatchObject({ status: 200, body: { ...made, until: noon } });
    expect(await list()).toEqual({ items: [] });
    const { items } = await store.read((reader) => reader.evidence({ person: 'GT-2' }, {}));
    expect(items.map(({ kind }) => kind)).toEqual(['delegation-made', 'delegation-made', 'delegation-ended']);
  });

  it.each<[string, object, number, string]>([
    ['nobody knows the delegate', { delegate: 'GT-99' }, 400, 'delegate: is the name of nobody, or of several people'],
    ['it is the approver', { delegate: 'GT-2' }, 400, 'delegate: is the approver'],
    [
      'it is over before it begins',
      { from: until, until: noon },
      400,
      'until: is not after "from", and nothing that began then could be ended',
    ],
    ['the end is no moment', { until: 'tomorrow' }, 400, 'the body breaks the schema'],
  ])('are refused where %s', async (_why, body, status, words) => {
    expect(detail(await post({ until, ...body }))).toEqual([status, words]);
  });

  it('are for operators, and let nobody decide who says so', async () => {
    expect((await post({ until }, 'approver')).status).toBe(403);
    expect((await post({ until }, 'viewer')).status).toBe(403);
    await store.transaction((tx) => tx.addIdentifier('GT-3', { source: 'okta', type: 'id', value: 'operator-1' }));
    expect(detail(await post({ until }))).toEqual([403, 'it would let you decide yourself: somebody else must say so']);
    expect((await post({ until }, 'admin')).status).toBe(200);
  });
});
