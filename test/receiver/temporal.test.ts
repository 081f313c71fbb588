import { Client, Connection } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devServer } from '../helpers/temporal.ts';
import { type Answer, basic, end, type Receiving, receiving } from './receiving.ts';

let environment: TestWorkflowEnvironment;
let receiver: Receiving;
let second: Receiving;

beforeAll(async () => {
  environment = await devServer();
  // As long as it takes: whether a busy machine answers in time is not what these tests are about.
  const patient = { client: environment.client, temporalDeadlineMs: 50_000 };
  receiver = await receiving(patient);
  second = await receiving(patient);
});
afterAll(async () => {
  await receiver?.close();
  await second?.close();
  await environment?.teardown();
});

const statuses = (answers: Answer[]) => answers.map((answer) => answer.status).sort();
const bodyOf = (answer: Answer | undefined) => answer?.body as { eventId: string; workflowId: string };

describe('on a real Temporal', () => {
  it('fifty copies at once are one event: one 202 and forty-nine 200', async () => {
    const copies = Array.from({ length: 50 }, () => receiver.post('workday', end, { id: 'fifty' }));
    const answers = await Promise.all(copies);
    expect(statuses(answers)).toEqual([...Array.from({ length: 49 }, () => 200), 202]);
    expect(new Set(answers.map((answer) => bodyOf(answer).workflowId))).toEqual(new Set(['event:workday:fifty']));
  });

  it('fifty copies over two receivers are one event, because Temporal decides', async () => {
    const copies = Array.from({ length: 50 }, (_, n) =>
      (n % 2 === 0 ? receiver : second).post('workday', end, { id: 'shared' }),
    );
    expect(statuses(await Promise.all(copies))).toEqual([...Array.from({ length: 49 }, () => 200), 202]);
  });

  it('fifty copies without an id are one event as well', async () => {
    const copy = (_: unknown, n: number) =>
      (n % 2 === 0 ? receiver : second).raw('/events/workday', {
        headers: { ...basic(), 'content-type': 'application/json' },
        body: JSON.stringify({ ...end, workerId: 'GT-50' }),
      });
    const answers = await Promise.all(Array.from({ length: 50 }, copy));
    expect(statuses(answers)).toEqual([...Array.from({ length: 49 }, () => 200), 202]);
    expect(new Set(answers.map((answer) => bodyOf(answer).eventId)).size).toBe(1);
  });

  it('the workflow carries what an operator looks for, and its input what the workflow needs', async () => {
    const { workflowId } = bodyOf(await receiver.post('workday', end, { id: 'shown' }));
    const described = await environment.client.workflow.getHandle(workflowId).describe();
    expect({
      type: described.type,
      taskQueue: described.taskQueue,
      status: described.status.name,
      priority: described.priority?.priorityKey,
      searchAttributes: described.searchAttributes,
      summary: await described.staticSummary(),
      memo: described.memo,
    }).toEqual({
      type: 'identityEvent',
      taskQueue: 'muster',
      status: 'RUNNING',
      priority: 2,
      searchAttributes: expect.objectContaining({
        MusterEvent: ['workday:shown'],
        MusterSource: ['workday'],
      }) as unknown,
      summary: 'termination of GT-48291, from workday',
      memo: { payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown, receivedAt: '2025-11-15T12:00:00.000Z' },
    });
  });

  it('another event under a known id is refused, and kept by a workflow of its own', async () => {
    await receiver.post('workday', end, { id: 'twice' });
    const answers = await Promise.all(
      [1, 2, 3].map(() => receiver.post('workday', { ...end, workerId: 'GT-1' }, { id: 'twice' })),
    );
    expect(statuses(answers)).toEqual([409, 409, 409]);
    const [first] = answers.map((answer) => answer.body as { heldAs: string });
    expect((await environment.client.workflow.getHandle(first?.heldAs ?? '').describe()).type).toBe('refusal');
  });

  it('an event whose workflow has ended is still a duplicate', async () => {
    const { workflowId } = bodyOf(await receiver.post('workday', end, { id: 'ended' }));
    await environment.client.workflow.getHandle(workflowId).terminate('as if it were done');
    expect(await receiver.post('workday', end, { id: 'ended' })).toMatchObject({ status: 200 });
  });

  it('is ready', async () => {
    expect(await receiver.raw('/readyz', { method: 'GET' })).toMatchObject({ status: 200 });
  });
});

it('without a server at its address it says so, and goes on living', async () => {
  const connection = Connection.lazy({ address: '127.0.0.1:1' });
  const offline = await receiving({ client: new Client({ connection }), temporalDeadlineMs: 200 });
  expect(await offline.post('workday', end)).toMatchObject({ status: 503, type: 'application/problem+json' });
  expect(await offline.raw('/readyz', { method: 'GET' })).toMatchObject({ status: 503 });
  expect(await offline.raw('/healthz', { method: 'GET' })).toMatchObject({ status: 200 });
  await offline.close();
  await connection.close();
});
