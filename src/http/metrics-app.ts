import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { metrics, plainApp } from './app.ts';
import { notFound, problemHandler } from './problem.ts';

/** `/metrics` alone, for the receiver's and the worker's own port. */
export function metricsApp(registry: Registry, log: Logger): Express {
  return plainApp().use(metrics(registry)).use(notFound).use(problemHandler(log));
}
