import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { personStart } from '../../src/person-start.ts';
import { findWedgedWorkflows } from '../../src/watch/workflows.ts';
import { until } from '../helpers/line.ts';
import { memoryStore } from '../helpers/store.ts';
import { devServer } from '../helpers/temporal.ts';
import { watchingOf } from './watching.ts';

it('a workflow whose code fails again and again is told of, until it goes on or ends', {
  timeout: 180_000,
}, async () => {
  const environment = await devServer({ extraArgs: ['--log-level', 'never'] });
  const store = await memoryStore();
  const watching = watchingOf({ store, client: environment.client });
  const wedged = async () => {
    await findWedgedWorkflows(watching);
    return (await store.read((reader) => reader.exceptions({}, {}))).items;
  };
  const broken = await Worker.create({
    ...{ connection: environment.nativeConnection, taskQueue: 'muster' },
    workflowsPath: fileURLToPath(new URL('./broken-workflows.ts', import.meta.url)),
  });
  try {
    await broken.runUntil(async () => {
      expect(await wedged()).toEqual([]);
      const { firstExecutionRunId } = await environment.client.workflow.start('person', personStart('GT-10', 2));
      const found = await until(async () => (await wedged())[0], 'the exception', 90_000);
      expect(found).toMatchObject({
        ...{ id: `watch/wedged/person:GT-10/${firstExecutionRunId}`, kind: 'workflow-failed', person: 'GT-10' },
        workflowId: 'person:GT-10',
      });
      expect(found.resolvedAt).toBeUndefined();
      await environment.client.workflow.getHandle('person:GT-10').terminate();
      const [closed] = await until(async () => {
        const all = await wedged();
        return all[0]?.resolvedAt !== undefined && all;
      }, 'the end of it');
      expect(closed?.resolution).toEqual({ action: 'done', by: 'muster', reason: 'it goes on, or has ended' });
    });
  } finally {
    await store.close();
    await environment.teardown();
  }
});
