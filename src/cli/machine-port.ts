import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { hostOf, portOf } from '../home/ports.ts';
import { health, metrics, plainApp } from '../http/app.ts';
import { listen } from '../http/listen.ts';
import { notFound, problemHandler } from '../http/problem.ts';
import { endOrder, type Teardown } from '../teardown.ts';

/** A registry with the process's own figures: CPU, memory, event loop. */
export function processRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** `/metrics`, `/healthz` and `/readyz` on MUSTER_METRICS_PORT, for parts that have no port of their own; nothing where it is not set. */
export async function listenForMachines(options: {
  env: NodeJS.ProcessEnv;
  registry: Registry;
  ready: () => Promise<void>;
  log: Logger;
  teardown: Teardown;
}): Promise<void> {
  const { env, registry, ready, log, teardown } = options;
  if (!env['MUSTER_METRICS_PORT']) return;
  const app = plainApp().use(health(ready)).use(metrics(registry)).use(notFound).use(problemHandler(log));
  const listening = await listen(app, {
    port: portOf(env, 'MUSTER_METRICS_PORT', 0),
    host: hostOf(env),
    setting: 'MUSTER_METRICS_PORT',
  });
  teardown.add(endOrder.http, 'the port for machines', () => listening.close());
  log.info({ url: listening.url }, 'metrics and health');
}
