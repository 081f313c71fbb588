import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { configSchema } from '../src/config.ts';
import type { Store } from '../src/directory/store.ts';
import { startSealer } from '../src/ledger/sealer.ts';
import { eventWorkflowId, personWorkflowId } from '../src/model/messages.ts';
import type { Policy } from '../src/policy/schema.ts';
import { createReceiver } from '../src/receiver/receiver.ts';
import { signWebhook } from '../src/receiver/standard-webhooks.ts';
import type { ConnectedTargets } from '../src/targets/connect.ts';
import { startWorkers } from '../src/worker.ts';
import type { Contender } from './contender.ts';

const key = `whsec_${Buffer.from('the bench signs what it sends, too').toString('base64')}`;

const source = {
  kind: 'workday',
  authoritative: true,
  mode: 'enforce',
  authentication: [{ type: 'standard-webhooks', secrets: ['env:BENCH'] }],
  rateLimit: 1_000_000,
};

/** Muster as it is: a signed POST to the receiver, its own workers, the sealer, and nothing left out. */
export async function musterContender(options: {
  connection: NativeConnection;
  client: Client;
  store: Store;
  policy: Policy;
  targets: ConnectedTargets;
  bundle: { codePath: string };
}): Promise<Contender> {
  const { connection, client, store, policy, targets, bundle } = options;
  const log = pino({ level: 'silent' });
  const config = { ...configSchema.parse({ sources: { workday: source } }), folder: '.' };
  const secret = async () => key;
  const workers = await startWorkers({
    ...{ connection, namespace: 'default', store, config, policy, targets, bundle, log },
    proofKey: async () => 'bench',
  });
  const sealer = startSealer(store, log);
  const receiver = createReceiver({ config, secret, client, log, registry: new Registry() });
  const listening = await receiver.listen({ host: '127.0.0.1', port: 0 });
  return {
    name: 'Muster',
    async terminate(person) {
      const body = Buffer.from(
        JSON.stringify({
          event: 'Worker_Terminated',
          workerId: person,
          effectiveDate: '2025-11-15',
          terminationType: 'Voluntary',
        }),
      );
      const id = `bench-${person}`;
      const post = () =>
        fetch(`${listening.url}/events/workday`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'webhook-id': id,
            'webhook-timestamp': signed.timestamp,
            'webhook-signature': signed.signature,
          },
          body,
        });
      const signed = signWebhook({ id, timestamp: Date.now() / 1_000, body, secret: key });
      const began = performance.now();
      // As a source does: 503 means send it again, and what Temporal had after all is a duplicate then.
      let answer = await post();
      for (; answer.status === 503; answer = await post()) await pause(500);
      const acknowledged = performance.now() - began;
      if (answer.status !== 202 && answer.status !== 200)
        throw new Error(`the receiver answered ${answer.status}: ${await answer.text()}`);
      const workflowId = eventWorkflowId(`workday:${id}`);
      const confirmed = client.workflow
        .getHandle(workflowId)
        .result()
        .then(() => performance.now() - began);
      return { acknowledged, confirmed, workflowIds: [workflowId, personWorkflowId(person)] };
    },
    async stop() {
      await listening.close();
      await workers.shutdown();
      await sealer.stop();
    },
  };
}
