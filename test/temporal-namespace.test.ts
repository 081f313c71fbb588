import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { searchAttributes } from '../src/model/messages.ts';
import { prepareNamespace, searchAttributeGap } from '../src/temporal-namespace.ts';
import { devServer } from './helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await devServer();
});
afterAll(() => environment.teardown());

// On a server that outlives the test, a name of its own each time.
const fresh = `muster-test-${randomUUID()}`;
const foreign = `muster-test-${randomUUID()}`;
const names = Object.keys(searchAttributes);

it('a new namespace gets every search attribute once, and then nothing more', async () => {
  const { connection } = environment;
  expect(await prepareNamespace(connection, fresh, { create: true, retentionDays: 3 })).toEqual(names);
  expect(await prepareNamespace(connection, fresh, { create: true, retentionDays: 3 })).toEqual([]);
  expect(await searchAttributeGap(connection, fresh)).toEqual({ missing: [], wrongType: [] });
  const { config } = await connection.workflowService.describeNamespace({ namespace: fresh });
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(3 * 86_400);
});

it('one of another type is named, and nothing is added', async () => {
  const { connection } = environment;
  await prepareNamespace(connection, foreign, { create: true });
  await connection.operatorService.removeSearchAttributes({
    namespace: foreign,
    searchAttributes: ['MusterDue', 'MusterState'],
  });
  await connection.operatorService.addSearchAttributes({ namespace: foreign, searchAttributes: { MusterDue: 2 } });
  await expect(prepareNamespace(connection, foreign)).rejects.toMatchObject({
    code: 'misconfigured',
    message: `the Temporal namespace "${foreign}" has search attributes of another type: MusterDue`,
  });
  expect((await searchAttributeGap(connection, foreign)).missing).toEqual(['MusterState']);
});
