import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import { musterQueue } from '../../src/model/messages.ts';
import {
  type PropagationInput,
  type PropagationLook,
  type PropagationProgress,
  propagationWorkflowId,
} from '../../src/model/propagation.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/schema.ts';
import { stopPropagation } from '../../src/propagation/rows.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, type LineOptions, startLine, until } from '../helpers/line.ts';
import { memoryStore } from '../helpers/store.ts';
import { devServer } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let store: Store;
let line: Line | undefined;
let targets: { ad: FakeTarget; crm: FakeTarget };
let test = 0;
beforeAll(async () => {
  environment = await devServer();
});
beforeEach(async () => {
  test += 1;
  store = await memoryStore();
  targets = { ad: new FakeTarget(), crm: new FakeTarget() };
});
afterEach(async () => {
  await line?.stop();
  line = undefined;
  await store.close();
});
afterAll(() => environment?.teardown());

/** Everybody logs on; by the first policy Sales has what is old, by the second what is new, and nobody speaks of what is old. */
const policyOf = (sales: string): Policy =>
  parsePolicy(`
version: 1
zones: { default: UTC }
rules:
  - { id: everybody, why: all, when: 'true', give: [{ target: ad, entitlements: [staff] }] }
  - { id: sales, why: Sales sells, when: 'person.department == "Sales"', give: [{ target: crm, entitlements: [${sales}] }] }
exceptions: { owner: operations-${test} }
`);

async function begin(policy: Policy, more: Partial<LineOptions['policy'] & object> = {}): Promise<Line> {
  await line?.stop();
  const { ends: _, retries: __, safeguards: ___, ...rest } = policy;
  line = await startLine({ environment, store, targets, policy: { ...rest, ...more } });
  return line;
}

/** Sixty people of whom fifteen sell; what they have by the first policy is in the targets and in the directory. */
async function everybody({ addPerson }: Line): Promise<void> {
  for (let number = 0; number < 60; number += 1) {
    const id = `T${test}-${String(number).padStart(2, '0')}`;
    const sells = number % 4 === 0;
    await addPerson({
      id,
      attributes: {
        department: sells ? 'Sales' : 'Support',
        location: 'New York',
        login: id,
        email: `${id}@g.example`,
      },
      identifiers: [{ source: 'workday', type: 'workerId', value: id }],
      engagements: [
        {
          ...{ id: `e-${id}`, source: 'workday', workerId: id, workerType: 'employee' },
          ...{ startDate: '2020-01-06', location: 'New York', primary: true },
        },
      ],
    });
    const held = { ad: ['staff'], ...(sells ? { crm: ['old'] } : {}) };
    for (const [name, entitlements] of Object.entries(held)) {
      const account = { id: `${name}-${id}`, worker: id, enabled: true, entitlements };
      targets[name === 'ad' ? 'ad' : 'crm'].accounts.set(account.id, { ...account });
      await store.transaction((tx) =>
        tx.putAccount({
          ...{ target: name, id: account.id, name: id, kind: 'primary', owner: id, origin: 'created' },
          ...{ status: 'enabled', entitlements },
        }),
      );
    }
  }
}

type Workflow = (input: PropagationInput) => Promise<PropagationProgress | PropagationLook>;

const start = (policy: Policy, size = 20) =>
  environment.client.workflow.start<Workflow>('propagatePolicy', {
    ...{ workflowId: propagationWorkflowId(policy.hash), taskQueue: musterQueue },
    args: [{ policy: policy.hash, by: 'operator-1', size }],
  });
const apply = async (policy: Policy, size?: number) => (await start(policy, size)).result();

const look = (run: number) =>
  environment.client.workflow.execute<Workflow>('propagatePolicy', {
    ...{ workflowId: `propagate-policy-${test}-${run}`, taskQueue: musterQueue, args: [{}] },
  });

const events = async () =>
  (await store.read((reader) => reader.arrivals({ type: 'policy-changed' }, { limit: 500 }))).items
    .map(({ person, outcome }) => `${person} ${outcome}`)
    .sort();
const sellers = (outcome = 'applied') =>
  Array.from({ length: 15 }, (_, index) => `T${test}-${String(index * 4).padStart(2, '0')} ${outcome}`);
const heldBySellers = () =>
  [...targets.crm.accounts.values()].map(({ entitlements }) => entitlements?.join()).filter((held) => held === 'new');
const row = async () => (await store.read((reader) => reader.propagations(1)))[0];

describe('a policy that has changed', () => {
  it('reaches exactly those whom it touches, once: by the schedule, and what the old one gave goes', async () => {
    const [before, after] = [policyOf('old'), policyOf('new')];
    await everybody(await begin(before));
    expect(await look(1)).toEqual({ policy: before.hash, did: 'noted' });
    expect(await look(2)).toEqual({ policy: before.hash, did: 'nothing' });
    await begin(after);
    expect(await look(3)).toEqual({ policy: after.hash, did: 'started' });
    const handle = environment.client.workflow.getHandle<Workflow>(propagationWorkflowId(after.hash));
    expect(await handle.result()).toEqual({
      ...{ id: after.hash.slice(7, 15), policy: after.hash, before: before.hash, state: 'finished', by: 'muster' },
      ...{ startedAt: expect.any(String), endedAt: expect.any(String) },
      ...{ looked: 60, people: 60, changed: 15, inFlight: 0, held: 0 },
    });
    expect(await handle.query('status')).toMatchObject({ state: 'finished', changed: 15 });
    expect(await events()).toEqual(sellers());
    expect(heldBySellers()).toHaveLength(15);
    expect(targets.ad.changes).toEqual([]);
    const changes = targets.crm.changes.length;

    expect(await look(4)).toEqual({ policy: after.hash, did: 'nothing' });
    expect(await apply(after)).toMatchObject({ id: `${after.hash.slice(7, 15)}.2`, looked: 60, changed: 0 });
    expect(await events()).toEqual(sellers());
    expect(targets.crm.changes).toHaveLength(changes);
  }, 120_000);

  it('stops in the middle, and goes on where it was when it is applied again, by workers that were started anew', async () => {
    const policy = policyOf('new');
    const running = await begin(policy);
    await everybody(running);
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    targets.crm.misbehave = (operation) => (operation.startsWith('grant') ? gate : undefined);
    const handle = await start(policy, 10);
    await until(async () => (await row())?.data['started'] === true, 'the first batch');
    expect(await row()).toMatchObject({ state: 'running', looked: 10, changed: 3 });
    await store.transaction((tx) =>
      stopPropagation(tx, { by: 'operator-2', at: new Date().toISOString(), reason: 'too many' }),
    );
    go();
    expect(await handle.result()).toMatchObject({
      ...{ state: 'stopped', looked: 10, changed: 3 },
      reason: 'stopped by operator-2: too many',
    });
    await until(async () => (await events()).join() === sellers().slice(0, 3).join(), 'those that had begun');
    // A stopped one is nobody's to go on with but an operator's.
    expect(await look(1)).toEqual({ policy: policy.hash, did: 'nothing' });
    await running.restartWorkers();

    const again = await start(policy, 10);
    await until(async () => ((await row())?.looked ?? 0) > 10, 'the second batch');
    await running.restartWorkers();
    expect(await again.result()).toMatchObject({ state: 'finished', looked: 60, changed: 15, inFlight: 0 });
    expect(await events()).toEqual(sellers());
    expect(targets.crm.changes.filter((change) => change.startsWith('grant new'))).toHaveLength(15);
  }, 180_000);

  it('goes on past people whom a safeguard holds, and touches nothing of theirs', async () => {
    const [before, after] = [policyOf('old'), policyOf('new')];
    await everybody(await begin(before));
    await look(1);
    const removals = { hour: { least: 5, percent: 0 }, cap: 5 };
    await begin(after, { safeguards: { ...before.safeguards, removals } });
    expect(await apply(after)).toMatchObject({ state: 'finished', looked: 60, changed: 15, held: 10 });
    expect(await events()).toEqual(
      expect.arrayContaining([expect.stringMatching(/ applied$/), expect.stringMatching(/ held$/)]),
    );
    expect(heldBySellers()).toHaveLength(5);
  }, 120_000);
});
