import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { releaseHold } from '../../activities/release.ts';
import { personWorkflowId } from '../../src/model/messages.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { devServer } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line;
let ad: FakeTarget;
const people = Array.from({ length: 8 }, (_, index) => `GT-${index + 1}`);

// A real server: a signal starts a workflow that somebody ended.
beforeAll(async () => {
  environment = await devServer({ extraArgs: ['--log-level', 'never'] });
});
beforeEach(async () => {
  ad = new FakeTarget();
  line = await startLine({
    environment,
    targets: { ad },
    policy: { safeguards: loadPolicy('policy.yaml').safeguards },
  });
  for (const id of people) {
    await line.addPerson({ id });
    ad.accounts.set(id, { id, worker: id, enabled: true });
  }
});
afterEach(() => line?.stop());
afterAll(() => environment?.teardown());

const closed = () => ad.changes.filter((change) => change.startsWith('disable')).map((change) => change.slice(8));
const held = () =>
  until(async () => {
    const hold = await line.store.read((reader) => reader.openHold('end'));
    const inside =
      hold === undefined ? [] : await line.store.read((reader) => reader.reservationsOf({ hold: hold.id }));
    return inside.length === people.length - 5 && { id: hold?.id ?? '', people: inside.map(({ person }) => person) };
  }, 'three to be held');
const say = (hold: string, decision: 'release' | 'reject', by: string, more: { people?: string[] } = {}) =>
  releaseHold(
    { store: line.store, workflows: environment.client.workflow },
    { hold, decision, by, reason: 'checked with HR', now: new Date().toISOString(), ...more },
  );

it('five people end, the others when they are released, though somebody ended the workflow of one of them', async () => {
  for (const id of people) await line.send({ id: `end-${id}`, subject: id });
  const { id: hold, people: inside } = await held();
  await until(() => closed().length === 5, 'those within the limit');
  const [first = '', second = '', third = ''] = inside;
  for (const person of inside) {
    expect(await line.store.read((reader) => reader.person(person))).toMatchObject({ state: 'Active', epoch: 0 });
  }
  expect(await say(hold, 'release', 'operator-1', { people: [first] })).toMatchObject({ released: [first] });
  await until(() => closed().includes(first), 'the urgent one');
  await environment.client.workflow.getHandle(personWorkflowId(second)).terminate('by hand');
  await say(hold, 'release', 'operator-1');
  expect(await say(hold, 'release', 'operator-2')).toMatchObject({ released: [second, third] });
  await until(() => closed().length === people.length, 'everybody');
  expect(closed().sort()).toEqual(people);
});

it('nobody ends whose end is rejected, and their events are dropped', async () => {
  const handles = new Map<string, Awaited<ReturnType<Line['send']>>>();
  for (const id of people) handles.set(id, await line.send({ id: `wrong-${id}`, subject: id }));
  const { id: hold, people: inside } = await held();
  await until(() => closed().length === 5, 'those within the limit');
  await say(hold, 'reject', 'operator-1');
  for (const person of inside) {
    expect((await handles.get(person)?.result())?.outcome).toBe('dropped');
    const record = await until(async () => {
      const found = await line.store.read((reader) => reader.person(person));
      return found?.pending.length === 0 && found;
    }, 'the end to be taken off the timeline');
    expect(record.state).toBe('Active');
  }
  expect(closed()).toHaveLength(5);
});
