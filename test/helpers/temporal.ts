import './quiet-runtime.ts';
import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { inject } from 'vitest';
import { searchAttributes } from '../../src/model/messages.ts';
import { temporalPath, temporalTestServerPath } from '../../src/temporal-executable.ts';
import { prepareNamespace } from '../../src/temporal-namespace.ts';

/** What `Worker.create` takes as `workflowBundle`: all of Muster's workflows, bundled once for the whole run. */
export function workflowBundle(): { codePath: string } {
  const bundle = inject('workflowBundle');
  if ('fault' in bundle) throw new Error(`the workflows could not be bundled: ${bundle.fault}`);
  return { codePath: bundle.path };
}

/**
 * A real Temporal server in memory with Muster's search attributes; `teardown()` belongs in `afterAll`. With TEMPORAL_ADDRESS
 * set, a new namespace of that server instead, so pass `environment.namespace` to workers.
 */
export async function devServer(options: { extraArgs?: string[] } = {}): Promise<TestWorkflowEnvironment> {
  const address = process.env['TEMPORAL_ADDRESS'];
  if (address !== undefined && address !== '') return existingServer(address);
  const { path } = await temporalPath();
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      searchAttributes: Object.entries(searchAttributes).map(([name, type]) => defineSearchAttributeKey(name, type)),
      ...(options.extraArgs === undefined ? {} : { extraArgs: options.extraArgs }),
    },
  });
}

/**
 * Temporal's time-skipping test server with Muster's search attributes. After `handle.result()` its clock may stand ten years
 * ahead: take dates from `environment.currentTimeMs()`. It knows no lists, schedules or priorities.
 */
export async function timeSkipping(): Promise<TestWorkflowEnvironment> {
  const { path } = await temporalTestServerPath();
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  try {
    await prepareNamespace(environment.connection, 'default');
  } catch (error) {
    // Without this the server's process would outlive the test run.
    await environment.teardown();
    throw error;
  }
  return environment;
}

async function existingServer(address: string): Promise<TestWorkflowEnvironment> {
  const namespace = `muster-test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  await prepareNamespace(connection, namespace, { create: true });
  await connection.close();
  return TestWorkflowEnvironment.createFromExistingServer({ address, namespace });
}
