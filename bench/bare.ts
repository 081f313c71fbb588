import { Client } from '@temporalio/client';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { musterQueue, targetQueue } from '../src/model/messages.ts';
import type { ConnectedTargets } from '../src/targets/connect.ts';
import type { CallContext } from '../src/targets/target.ts';
import { musterWorker, targetWorker } from '../src/worker.ts';
import type { BareActivities } from './bare-workflow.ts';
import type { Contender } from './contender.ts';

const context: CallContext = {
  signal: new AbortController().signal,
  beforeChange: async () => undefined,
  now: '2026-01-01T00:00:00.000Z',
  key: 'bare',
};

/** The calls Muster's own activities make at a target, without a directory, a ledger or a check around them. */
function activities(targets: ConnectedTargets): BareActivities {
  return {
    async callTarget(name, person) {
      const target = targets.get(name)?.target;
      if (target?.tickets !== undefined) {
        const correlationId = `bare:${person}`;
        await target.tickets.open({ correlationId, kind: 'offboarding', title: 'bare', body: 'bare' }, context);
        await target.tickets.find(correlationId, 'offboarding', context);
        return;
      }
      const accounts = target?.accounts;
      if (accounts === undefined) throw new Error(`${name} has neither accounts nor tickets`);
      for (const account of await accounts.find({ person, workerIds: [person], knownAccounts: [] }, context)) {
        await accounts.disable(account, context);
        await accounts.read(account.id, context);
      }
    },
  };
}

export async function bareContender(
  connection: NativeConnection,
  targets: ConnectedTargets,
  bundle: { codePath: string },
): Promise<Contender> {
  const common = { connection, namespace: 'default', activities: activities(targets) };
  const workers = [await Worker.create({ ...common, ...musterWorker, taskQueue: musterQueue, workflowBundle: bundle })];
  for (const { name, entry } of targets.values()) {
    workers.push(await Worker.create({ ...common, ...targetWorker(entry), taskQueue: targetQueue(name) }));
  }
  const runs = workers.map((worker) => worker.run());
  const { workflow } = new Client({ connection, namespace: 'default' });
  const names = [...targets.keys()];
  return {
    name: 'bare Temporal',
    async terminate(person) {
      const began = performance.now();
      const workflowId = `bare:${person}`;
      const handle = await workflow.start('bareLeaver', { workflowId, taskQueue: musterQueue, args: [person, names] });
      const acknowledged = performance.now() - began;
      return {
        acknowledged,
        confirmed: handle.result().then(() => performance.now() - began),
        workflowIds: [workflowId],
      };
    },
    async stop() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
    },
  };
}
