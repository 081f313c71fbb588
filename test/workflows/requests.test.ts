import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdentityEvent } from '../../src/model/event.ts';
import { Failure } from '../../src/model/failure.ts';
import { decideUpdate, personWorkflowId } from '../../src/model/messages.ts';
import { proofOf } from '../../src/operator/person-update.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import type { CallbackOutput } from '../../src/sources/callback.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { timeSkipping } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line | undefined;
let targets: Record<'ad', FakeTarget>;
let answers: (CallbackOutput & { source: string; callback: string })[];
let failWith: Failure | undefined;

const policy = parsePolicy(`
version: 1
zones: { default: America/New_York }
requestable:
  - { id: wiki, why: write, target: ad, entitlement: wiki }
  - { id: sales, why: see sales, target: ad, entitlement: sales, approval: security, automatic: 'person.department == "Sales"' }
  - { id: payments, why: pay, target: ad, entitlement: payments, approval: security }
  - { id: vendors, why: enter vendors, target: ad, entitlement: vendors }
separationOfDuties:
  - { id: pay-and-enter, why: nobody pays whom they entered, one: [{ target: ad, entitlement: payments }], other: [{ target: ad, entitlement: vendors }] }
groups:
  security: { operators: [operator-2] }
approvals:
  rules:
    security: { steps: [{ by: "group:security", within: 4h }] }
exceptions: { owner: identity-operations }
`);

beforeEach(async () => {
  environment = await timeSkipping();
  targets = { ad: new FakeTarget([{ id: 'a1', worker: 'GT-1', enabled: true, entitlements: ['vendors'] }]) };
  answers = [];
  failWith = undefined;
  const { ends: _, retries: __, safeguards: ___, ...rest } = policy;
  line = await startLine({
    environment,
    targets,
    policy: rest,
    callbacks: {
      patienceMs: () => 3_600_000,
      answer: async (source, callback, output) => {
        if (failWith !== undefined) throw failWith;
        answers.push({ source, callback, ...output });
      },
    },
  });
  await line.addPerson({ id: 'GT-1' });
  await line.addPerson({ id: 'GT-2', attributes: { department: 'Sales' } });
});
afterEach(async () => {
  await line?.stop();
  await environment?.teardown();
  line = undefined;
});

const running = () => {
  if (line === undefined) throw new Error('no line');
  return line;
};
const record = (id = 'GT-1') => running().store.read((reader) => reader.person(id));
const exceptions = async () => (await running().store.read((reader) => reader.exceptions({ open: true }, {}))).items;

type Given = { id: string; subject?: string; data: Record<string, unknown> };
const ask = ({ data, ...given }: Given) =>
  running().send(
    JSON.parse(
      JSON.stringify({
        ...{ subject: 'GT-1', source: 'cloudevents', type: 'access-requested', ...given },
        data: { effectiveDate: undefined, category: undefined, callback: 'v1.sealed', requestedBy: 'GT-2', ...data },
      }),
    ) as Partial<IdentityEvent> & { id: string },
  );
const outcome = async (given: Given) => (await ask(given)).result();
const items = (...privileges: string[]) => privileges.map((privilege) => ({ privilege, operation: 'Add' }));
const question = () =>
  until(
    async () => (await running().store.read((reader) => reader.approvals({ person: 'GT-1', open: true }, {}))).items[0],
    'the question',
  );

async function decide(approval: string, decision: 'approve' | 'refuse') {
  const workflowId = personWorkflowId('GT-1');
  const claim = { workflowId, item: approval, action: decision, by: 'operator-2' };
  const proof = await proofOf(claim, async () => 'proof-key-of-the-tests');
  return environment.client.workflow
    .getHandle(workflowId)
    .executeUpdate(decideUpdate, { args: [{ approval, decision, by: 'operator-2', proof }] });
}

describe('a request whose source wants an answer', () => {
  it('is approved at once where policy asks nobody, and nothing is given by Muster', async () => {
    expect(await outcome({ id: 'r1', data: { items: items('wiki') } })).toMatchObject({ outcome: 'applied' });
    expect(answers).toEqual([
      { source: 'cloudevents', callback: 'v1.sealed', approved: true, comment: 'policy agrees to it without asking' },
    ]);
    expect(targets.ad.changes).toEqual([]);
    expect(await record()).toMatchObject({ pending: [], grants: [] });
  });

  it('is approved where the condition of its automatic approval holds', async () => {
    await outcome({ id: 'r1', subject: 'GT-2', data: { items: items('sales') } });
    expect(answers).toMatchObject([{ approved: true }]);
  });

  it('is denied, with the rule, where they would have what separation of duties keeps apart', async () => {
    await running().store.transaction((tx) =>
      tx.putAccount({
        ...{ target: 'ad', id: 'a1', name: 'a1', kind: 'primary', owner: 'GT-1', origin: 'found', status: 'enabled' },
        entitlements: ['vendors'],
      }),
    );
    expect(await outcome({ id: 'r1', data: { items: items('wiki', 'payments') } })).toMatchObject({
      outcome: 'applied',
    });
    expect(answers).toMatchObject([{ approved: false, comment: expect.stringMatching(/pay-and-enter.*vendors/) }]);
    expect(await exceptions()).toEqual([]);
  });

  it('is denied where two things that are asked for may not be together', async () => {
    await outcome({ id: 'r1', data: { items: items('vendors', 'payments') } });
    expect(answers).toMatchObject([{ approved: false, comment: expect.stringMatching(/pay-and-enter/) }]);
  });

  it('is denied, and somebody told, where policy does not know what is asked for, or for whom', async () => {
    await outcome({ id: 'r1', data: { items: items('who-knows') } });
    await outcome({ id: 'r2', data: { items: items('wiki'), requestedFor: ['GT-1', 'GT-99'] } });
    await outcome({ id: 'r3', data: {} });
    expect(answers.map(({ approved }) => approved)).toEqual([false, false, false]);
    expect((await exceptions()).map(({ kind }) => kind)).toEqual([
      'needs-decision',
      'needs-decision',
      'needs-decision',
    ]);
  });

  it('waits for whom policy asks, and is answered as they decide', async () => {
    const event = await ask({ id: 'r1', data: { items: items('payments') } });
    const { id } = await question();
    expect(answers).toEqual([]);
    await decide(id, 'approve');
    expect(await event.result()).toMatchObject({ outcome: 'applied' });
    expect(answers).toMatchObject([{ approved: true, comment: `approved: ${id}` }]);
    expect((await record())?.grants).toEqual([]);
  });

  it('is denied when they refuse', async () => {
    const event = await ask({ id: 'r1', data: { items: items('payments') } });
    await decide((await question()).id, 'refuse');
    await event.result();
    expect(answers).toMatchObject([{ approved: false }]);
    expect(await exceptions()).toEqual([]);
  });

  it('is denied shortly before its deadline when nobody has decided, with an exception, and nothing is left to decide', async () => {
    const start = await environment.currentTimeMs();
    const event = await ask({ id: 'r1', data: { items: items('payments') } });
    const { id } = await question();
    await event.result();
    expect(answers).toMatchObject([{ approved: false, comment: 'nobody decided in time, which is a no' }]);
    const { items: told } = await running().store.read((reader) => reader.evidence({ person: 'GT-1' }, { limit: 500 }));
    const answered = told.find(({ kind }) => kind === 'source-answered');
    expect(answered?.data).toEqual({ approved: false, late: true });
    expect(Date.parse(answered?.at ?? '') - start).toBeGreaterThan(50 * 60_000);
    expect(Date.parse(answered?.at ?? '') - start).toBeLessThan(60 * 60_000);
    expect((await exceptions()).map(({ kind }) => kind)).toEqual(['approval']);
    expect(await running().store.read((reader) => reader.approval(id))).toMatchObject({ state: 'void' });
  });

  it('is denied for somebody who has left meanwhile', async () => {
    const event = await ask({ id: 'r1', data: { items: items('payments') } });
    await question();
    await (
      await running().send({
        id: 'end',
        source: 'cloudevents',
        subject: 'GT-1',
        type: 'terminated',
        data: { immediate: true },
      })
    ).result();
    await event.result();
    expect(answers).toMatchObject([{ approved: false }]);
  });

  it('whose source refuses the answer is a failure that somebody sees to', async () => {
    failWith = new Failure('refused', 'cloudevents: answer the request answered 403');
    expect(await outcome({ id: 'r1', data: { items: items('wiki') } })).toMatchObject({ outcome: 'failed' });
    expect((await exceptions()).map(({ reason }) => reason)).toMatchObject([expect.stringMatching(/answered 403/)]);
  });
});

describe('a request without an answer to give', () => {
  it('is given where policy agrees, and asked of people where it does not', async () => {
    expect(await outcome({ id: 'r1', data: { items: items('wiki'), callback: undefined } })).toMatchObject({
      outcome: 'applied',
    });
    expect(targets.ad.accounts.get('a1')?.entitlements).toContain('wiki');
    expect(
      await outcome({ id: 'r2', data: { items: items('payments', 'vendors'), callback: undefined } }),
    ).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/^denied: separation of duties/),
    });
    expect(answers).toEqual([]);
  });
});
