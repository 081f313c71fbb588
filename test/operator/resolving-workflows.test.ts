import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ExceptionRow } from '../../src/directory/store.ts';
import { personWorkflowId } from '../../src/model/messages.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { timeSkipping } from '../helpers/temporal.ts';
import { type Asking, asking } from './asking.ts';

let environment: TestWorkflowEnvironment;
let line: Line;
let api: Asking;
const ad = new FakeTarget();

beforeAll(async () => {
  environment = await timeSkipping();
});
beforeEach(async () => {
  const eventTiming = { lookAgainMs: 10, looks: 1, firstRedeliverMs: 60_000, redeliverMs: 300_000 };
  line = await startLine({ environment, targets: { ad }, eventTiming });
  api = await asking(line.store, { client: environment.client });
});
afterEach(async () => {
  await api?.close();
  await line?.stop();
});
afterAll(() => environment?.teardown());

const theException = () =>
  until(async (): Promise<ExceptionRow | undefined> => {
    const { items } = await line.store.read((reader) => reader.exceptions({ open: true }, {}));
    return items[0];
  }, 'the exception');

const post = (id: string, body: unknown, where = api) =>
  where.post(`/api/exceptions/${encodeURIComponent(id)}`, body, 'operator');

it('an event that found nobody goes to whom an operator names, and the answer has the exception closed', async () => {
  await line.addPerson({ id: 'GT-1' });
  ad.accounts.set('one', { id: 'one', worker: 'GT-1', enabled: true });
  const handle = await line.send({ id: 'attach', subject: 'OLD-1' });
  const { id } = await theException();
  const answer = await post(id, { action: 'attach', reason: 'an old number', person: 'GT-1' });
  expect(answer).toMatchObject({
    status: 200,
    body: {
      said: 'workday:attach goes to GT-1',
      exception: { id, resolution: { action: 'attach', by: 'operator-1', reason: 'an old number' } },
    },
  });
  expect((await handle.result()).outcome).toBe('applied');
  expect(ad.accounts.get('one')?.enabled).toBe(false);
});

it('what is held is dropped though somebody ended the person’s workflow, and "done" is not taken where it means nothing', async () => {
  await line.addPerson({ id: 'GT-2', protection: 'breakGlass' });
  const handle = await line.send({ id: 'held', subject: 'GT-2' });
  const { id } = await theException();
  await environment.client.workflow.getHandle(personWorkflowId('GT-2')).terminate('by hand');
  expect(await post(id, { action: 'attach', reason: 'so', person: 'GT-2' })).toMatchObject({
    status: 409,
    body: { detail: '"action" must be one of retry, skip, done, drop, release' },
  });
  expect(await post(id, { action: 'drop', reason: 'a break-glass account' })).toMatchObject({
    status: 200,
    body: { said: `${id}: drop by operator-1`, exception: { id, resolution: { action: 'drop', by: 'operator-1' } } },
  });
  expect((await handle.result()).outcome).toBe('dropped');
  expect(await post(id, { action: 'drop', reason: 'once more' })).toMatchObject({ status: 409 });
});

it('without a worker the answer is 503 within the time that was given', async () => {
  const hasty = await asking(line.store, { client: environment.client, answerMs: 300 });
  await line.addPerson({ id: 'GT-3', protection: 'service' });
  await line.send({ id: 'unheard', subject: 'GT-3' });
  const { id } = await theException();
  await line.stopWorkers();
  const answer = await post(id, { action: 'drop', reason: 'a service account' }, hasty);
  expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining('no worker runs') } });
  expect(answer.headers.get('retry-after')).toBe('5');
  await hasty.close();
});
