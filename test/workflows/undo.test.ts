import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdentityEvent } from '../../src/model/event.ts';
import { decideUpdate, personWorkflowId } from '../../src/model/messages.ts';
import { proofOf } from '../../src/operator/person-update.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { timeSkipping } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line | undefined;
let targets: Record<'ad' | 'crm', FakeTarget>;

const policy = parsePolicy(`
version: 1
zones: { default: America/New_York }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.location == "New York"', give: [{ target: ad, entitlements: [staff, news] }] }
requestable:
  - { id: wiki, why: write, target: ad, entitlement: wiki }
groups:
  operations: { operators: [operator-1, operator-2] }
approvals: { fallback: operations }
transitions:
  leaver:
    later: [{ id: delete, after: 40d, do: deleteAccounts, targets: [ad] }]
exceptions: { owner: identity-operations }
`);

const accounts = {
  ad: [
    // The news were given to everybody after they were last planned: an undo gives nothing that they did not have.
    { id: 'a1', worker: 'GT-1', enabled: true, entitlements: ['old-share', 'staff', 'wiki'] },
    { id: 'a1-admin', worker: 'GT-1', kind: 'admin' as const, enabled: true, entitlements: ['servers'] },
  ],
  crm: [{ id: 'c1', worker: 'GT-1', enabled: false, entitlements: ['seller'] }],
};

beforeEach(async () => {
  environment = await timeSkipping();
  targets = { ad: new FakeTarget(accounts.ad), crm: new FakeTarget(accounts.crm) };
  const { ends: _, retries: __, safeguards: ___, ...rest } = policy;
  line = await startLine({ environment, targets, policy: rest });
  await line.addPerson({ id: 'GT-1' });
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
const record = () => running().store.read((reader) => reader.person('GT-1'));
const exceptions = async () =>
  (await running().store.read((reader) => reader.exceptions({ open: true }, {}))).items.map(({ kind }) => kind);
const held = () =>
  Object.fromEntries(
    Object.entries(targets).map(([name, target]) => [
      name,
      [...target.accounts.values()].map(({ id, enabled, entitlements = [] }) => ({
        id,
        enabled,
        entitlements: [...entitlements].sort(),
      })),
    ]),
  );
const asItWas = () =>
  Object.fromEntries(
    Object.entries(accounts).map(([name, list]) => [
      name,
      list.map(({ id, enabled, entitlements }) => ({ id, enabled, entitlements })),
    ]),
  );
const changes = () => Object.values(targets).map((target) => [...target.changes]);

type Given = Partial<IdentityEvent> & { id: string; type: IdentityEvent['type'] };
const send = ({ data, ...given }: Given) =>
  running().send(
    JSON.parse(
      JSON.stringify({
        ...{ subject: 'GT-1', source: 'cloudevents', ...given },
        data: { effectiveDate: undefined, category: undefined, ...data },
      }),
    ) as Given,
  );
const outcome = async (given: Given) => (await send(given)).result();
const leave = (id = 'end') => outcome({ id, type: 'terminated', data: { immediate: true } });
const undo = (event: string, id = 'undo') =>
  send({ id, source: 'operator', type: 'undo-requested', by: 'operator-1', data: { event } });
const question = () =>
  until(
    async () => (await running().store.read((reader) => reader.approvals({ person: 'GT-1', open: true }, {}))).items[0],
    'the question',
  );

async function decide(approval: string, decision: 'approve' | 'refuse', by = 'operator-2') {
  const workflowId = personWorkflowId('GT-1');
  const proof = await proofOf(
    { workflowId, item: approval, action: decision, by },
    async () => 'proof-key-of-the-tests',
  );
  return environment.client.workflow
    .getHandle(workflowId)
    .executeUpdate(decideUpdate, { args: [{ approval, decision, by, proof }] });
}

describe('an undo of a termination', () => {
  it('brings back exactly what was recorded, when another operator agrees', async () => {
    const before = await record();
    await outcome({ id: 'g1', type: 'privilege-granted', data: { privilege: 'wiki' } });
    // Planning that has given what the rule gives; what was there is what counts.
    const was = held();
    await leave();
    expect(held()['ad']?.every(({ enabled, entitlements }) => !enabled && entitlements.length === 0)).toBe(true);
    const asked = await undo('cloudevents:end');
    const { id, data, approvers } = await question();
    expect(approvers).toEqual(['operator:operator-2']);
    expect(data.summary).toEqual([
      'GT-1 is Active again, as before cloudevents:end',
      'account a1 in ad is opened',
      ...['news', 'old-share', 'staff', 'wiki'].map((each) => `account a1 in ad gets ${each}`),
      'account a1-admin in ad is opened',
      'account a1-admin in ad gets servers',
      'account c1 in crm gets seller',
    ]);
    expect(held()['ad']?.some(({ enabled }) => enabled)).toBe(false);
    await decide(id, 'approve');
    expect(await asked.result()).toMatchObject({ outcome: 'applied' });
    expect(held()).toEqual(was);
    const person = await record();
    expect(person).toMatchObject({ state: 'Active', pending: [], engagements: before?.engagements });
    expect(person?.grants.map(({ entitlement, because }) => `${entitlement}: ${because}`).sort()).toEqual([
      'old-share: restored by undo of cloudevents:end',
      'seller: restored by undo of cloudevents:end',
      'wiki: wiki: write',
    ]);
    await environment.client.workflow.getHandle(personWorkflowId('GT-1')).result();
    expect(await exceptions()).toEqual([]);
  });

  it('gives nothing beyond it, though a rule would today', async () => {
    await leave();
    const asked = await undo('cloudevents:end');
    await decide((await question()).id, 'approve');
    await asked.result();
    expect(held()).toEqual(asItWas());
  });

  it('that is refused changes nothing', async () => {
    await leave();
    const now = changes();
    const asked = await undo('cloudevents:end');
    await decide((await question()).id, 'refuse');
    expect(await asked.result()).toMatchObject({ outcome: 'failed' });
    expect(changes()).toEqual(now);
    expect(await record()).toMatchObject({ state: 'Terminated', grants: [] });
  });

  it('asked for twice is one question, and done twice changes nothing more', async () => {
    await leave();
    const asked = await undo('cloudevents:end');
    const { id } = await question();
    expect(await (await undo('cloudevents:end', 'undo-2')).result()).toMatchObject({
      outcome: 'ignored',
      reason: `asked already: it waits for approval ${id}`,
    });
    await decide(id, 'approve');
    await asked.result();
    const now = changes();
    expect(await (await undo('cloudevents:end', 'undo-3')).result()).toMatchObject({
      outcome: 'ignored',
      reason: expect.stringMatching(/^nothing is to be restored/),
    });
    expect(changes()).toEqual(now);
  });

  it('is not whoever asked for it to agree to, nor anybody’s who is not asked', async () => {
    await leave();
    await undo('cloudevents:end');
    const { id } = await question();
    await expect(decide(id, 'approve', 'operator-1')).rejects.toThrow();
    await expect(decide(id, 'approve', 'operator-3')).rejects.toThrow();
    expect((await record())?.state).toBe('Terminated');
  });

  it('does not reach behind a later end, and is an operator’s alone', async () => {
    await leave();
    const asked = await undo('cloudevents:end');
    await decide((await question()).id, 'approve');
    await asked.result();
    await leave('end-2');
    expect(await (await undo('cloudevents:end', 'undo-2')).result()).toMatchObject({
      outcome: 'ignored',
      reason: 'GT-1 is Terminated, and not by cloudevents:end',
    });
    const other = await send({ id: 'undo-3', type: 'undo-requested', data: { event: 'cloudevents:end-2' } });
    await until(async () => (await exceptions()).includes('needs-decision'), 'the question who it is');
    await other.terminate();
  });
});

describe('a termination that is rescinded after its moment', () => {
  it('is undone the same way', async () => {
    await leave();
    const asked = await send({ id: 'rescinded', type: 'termination-rescinded' });
    await decide((await question()).id, 'approve', 'operator-1');
    expect(await asked.result()).toMatchObject({ outcome: 'applied' });
    expect(held()).toEqual(asItWas());
    expect((await record())?.state).toBe('Active');
  });
});

describe('an undo of something else', () => {
  it('gives back what that event took, and nothing that another one took', async () => {
    await outcome({ id: 'g1', type: 'privilege-granted', data: { privilege: 'wiki' } });
    await outcome({ id: 'r1', type: 'privilege-revoked', data: { target: 'ad', entitlement: 'old-share' } });
    await outcome({ id: 'r2', type: 'privilege-revoked', data: { target: 'ad', entitlement: 'wiki' } });
    const asked = await undo('cloudevents:r1');
    const { id, data } = await question();
    expect(data.summary).toEqual(['GT-1 gets back what cloudevents:r1 took', 'account a1 in ad gets old-share']);
    await decide(id, 'approve');
    expect(await asked.result()).toMatchObject({ outcome: 'applied' });
    expect(targets.ad.accounts.get('a1')?.entitlements?.sort()).toEqual(['news', 'old-share', 'staff']);
    expect(await (await undo('cloudevents:r1', 'undo-2')).result()).toMatchObject({ outcome: 'ignored' });
    expect(await (await undo('cloudevents:nothing', 'undo-3')).result()).toMatchObject({ outcome: 'ignored' });
  });
});
