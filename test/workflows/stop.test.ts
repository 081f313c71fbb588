import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { devServer } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line;
let ad: FakeTarget;

// A real server: it knows search attributes and priorities.
beforeAll(async () => {
  environment = await devServer({ extraArgs: ['--log-level', 'never'] });
});
beforeEach(async () => {
  ad = new FakeTarget();
  line = await startLine({ environment, targets: { ad } });
});
afterEach(() => line?.stop());
afterAll(() => environment?.teardown());

const add = async (id: string) => {
  await line.addPerson({ id });
  ad.accounts.set(id, { id, worker: id, enabled: true });
};
const stop = (scope: string) =>
  line.store.transaction((tx) => tx.putStop(scope, 'operator-1', 'a drill', new Date().toISOString()));
const go = (scope: string) => line.store.transaction((tx) => tx.removeStop(scope));
const arrival = (key: string) => line.store.read((reader) => reader.arrival(key));
const exceptions = async () => (await line.store.read((reader) => reader.exceptions({}, {}))).items;
const shown = async (workflowId: string) => {
  const { searchAttributes: attributes } = await environment.client.workflow.getHandle(workflowId).describe();
  return [attributes['MusterOutcome'], attributes['MusterWaitingFor']];
};

it('an event of a stopped source is kept, shown as such, and goes on after the go, once', async () => {
  await add('GT-1');
  await stop('source:workday');
  const handle = await line.send({ id: 'parked', subject: 'GT-1' });
  await until(async () => (await arrival('workday:parked'))?.outcome === 'held', 'the event to be kept');
  await until(async () => (await shown(handle.workflowId))[0]?.[0] === 'held', 'the Web UI to show it');
  expect(await shown(handle.workflowId)).toEqual([['held'], ['stop']]);
  expect(await handle.query('status')).toMatchObject({ waitingFor: 'stop' });
  expect([ad.calls, await exceptions()]).toEqual([[], []]);
  await go('source:workday');
  expect((await handle.result()).outcome).toBe('applied');
  expect(ad.changes).toEqual(['disable GT-1']);
  expect(await shown(handle.workflowId)).toEqual([['applied'], undefined]);
});

it('no change is made at a stopped target; after the go each is made once, the most urgent first', async () => {
  for (const id of ['GT-1', 'GT-2', 'GT-3']) await add(id);
  await stop('target:ad');
  await line.send({ id: 'first', subject: 'GT-1' });
  await line.send({ id: 'second', subject: 'GT-2' });
  await line.send({ id: 'urgent', subject: 'GT-3', data: { category: 'forCause' } });
  // Every one of them has come as far as its first change, more than once.
  await until(
    () => ['GT-1', 'GT-2', 'GT-3'].every((id) => ad.calls.filter((call) => call === `disable ${id}`).length > 1),
    'the changes to be tried',
  );
  expect([ad.changes, await exceptions()]).toEqual([[], []]);
  await go('target:ad');
  await until(() => ad.changes.length >= 3, 'the changes to be made');
  expect(ad.changes[0]).toBe('disable GT-3');
  expect([...ad.changes].sort()).toEqual(['disable GT-1', 'disable GT-2', 'disable GT-3']);
});

it('while everything is stopped events are taken and kept, and nothing becomes an exception for it', async () => {
  for (const id of ['GT-1', 'GT-2']) await add(id);
  await stop('all');
  await line.send({ id: 'all-1', subject: 'GT-1' });
  await line.send({ id: 'all-2', subject: 'GT-2' });
  await until(() => ad.calls.filter((call) => call.startsWith('disable')).length > 3, 'the changes to be tried');
  expect(await arrival('workday:all-1')).toMatchObject({ person: 'GT-1' });
  expect([ad.changes, await exceptions()]).toEqual([[], []]);
  await go('all');
  await until(() => ad.changes.length >= 2, 'the changes to be made');
  expect([...ad.changes].sort()).toEqual(['disable GT-1', 'disable GT-2']);
});
