import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { eventWorkflowId, musterQueue, personWorkflowId } from '../../src/model/messages.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { devServer } from '../helpers/temporal.ts';

const folder = join(import.meta.dirname, 'histories');
let environment: TestWorkflowEnvironment;
let line: Line;
const ad = new FakeTarget();
const servicenow = new FakeTarget();

beforeAll(async () => {
  environment = await devServer({ extraArgs: ['--log-level', 'never'] });
  line = await startLine({
    environment,
    targets: { ad, servicenow },
    eventTiming: { lookAgainMs: 100, looks: 3, firstRedeliverMs: 60_000, redeliverMs: 300_000 },
    policy: { ends: { deadline: 300, readAgainAfter: 200 } },
  });
  await mkdir(folder, { recursive: true });
});
afterAll(async () => {
  await line?.stop();
  await environment?.teardown();
});

async function keep(name: string, workflowId: string): Promise<void> {
  const history = await environment.client.workflow.getHandle(workflowId).fetchHistory();
  const kept = { workflowId, history: JSON.parse(historyToJSON(history)) };
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(kept, undefined, 1)}\n`);
}

const account = (worker: string) => ad.accounts.set(worker, { id: worker, worker, enabled: true });
const finished = (person: string) => environment.client.workflow.getHandle(personWorkflowId(person)).result();

it('a leaver', async () => {
  account(await line.addPerson({ id: 'GT-1' }));
  await (await line.send({ id: 'leaver', subject: 'GT-1' })).result();
  await finished('GT-1');
  await keep('leaver-event', eventWorkflowId('workday:leaver'));
  await keep('leaver-person', personWorkflowId('GT-1'));
});

it('a leaver whose target refuses, is late, and gives in', async () => {
  account(await line.addPerson({ id: 'GT-2' }));
  let refuses = true;
  ad.misbehave = (operation) => {
    if (refuses && operation === 'disable GT-2') throw new Failure('refused', 'not yet');
  };
  const handle = await line.send({ id: 'refused', subject: 'GT-2' });
  await until(async () => {
    const { items } = await line.store.transaction((tx) => tx.exceptions({ person: 'GT-2' }, {}));
    return items.length === 2;
  }, 'both exceptions');
  refuses = false;
  await handle.result();
  await finished('GT-2');
  await keep('refused-event', eventWorkflowId('workday:refused'));
  await keep('refused-person', personWorkflowId('GT-2'));
});

it('an end on a day to come', async () => {
  await line.addPerson({ id: 'GT-3' });
  await (await line.send({ id: 'dated', subject: 'GT-3', data: { effectiveDate: '2099-03-31' } })).result();
  await keep('dated-event', eventWorkflowId('workday:dated'));
  await keep('dated-person', personWorkflowId('GT-3'));
});

it('an event that waits for its person', async () => {
  const early = await line.send({ id: 'early', subject: 'GT-4' });
  await until(async () => (await line.store.transaction((tx) => tx.waitingFor('workday', 'GT-4'))).length === 1, 'the wait');
  await (await line.send({ id: 'hire', subject: 'GT-4', type: 'hired', data: { startDate: '2020-01-01', lastName: 'Four', location: 'New York' } })).result();
  await early.result();
  await finished('GT-4');
  await keep('early-event', eventWorkflowId('workday:early'));
});

it('an event that is parked, and one that is held', async () => {
  await line.send({ id: 'nobody', subject: 'GT-5' });
  await line.addPerson({ id: 'GT-6', protection: 'breakGlass' });
  await line.send({ id: 'held', subject: 'GT-6' });
  const arrival = await until(() => line.store.transaction((tx) => tx.arrival('workday:leaver')), 'the first arrival');
  const other = { ...arrival.event, payloadHash: 'another-payload' };
  await environment.client.workflow.start('refusal', { workflowId: 'refusal:r', taskQueue: musterQueue, args: [{ event: other }] });
  await until(async () => {
    const { items } = await line.store.transaction((tx) => tx.exceptions({ open: true }, { limit: 100 }));
    return ['unknown-person', 'protected-person', 'conflicting-event'].every((kind) => items.some((one) => one.kind === kind));
  }, 'all three exceptions');
  await keep('parked-event', eventWorkflowId('workday:nobody'));
  await keep('held-event', eventWorkflowId('workday:held'));
  await keep('held-person', personWorkflowId('GT-6'));
  await keep('refusal', 'refusal:r');
});
