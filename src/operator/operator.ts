import type { WorkflowClient } from '@temporalio/client';
import express, { type Express, Router } from 'express';
import type { Logger } from 'pino';
import { Histogram, type Registry } from 'prom-client';
import type { Config } from '../config.ts';
import type { Store } from '../directory/store.ts';
import type { Planning } from '../dry-run/dry-run.ts';
import { get, health, metrics, plainApp } from '../http/app.ts';
import { type Listening, type ListenOptions, listen } from '../http/listen.ts';
import { notFound, onlyMethods, problemHandler } from '../http/problem.ts';
import { type Done, requestLog } from '../http/request-log.ts';
import { pageRouter, type TemporalUi } from '../page/page.ts';
import { Frontend, type TemporalClient } from '../receiver/temporal.ts';
import { accountsRoutes } from './accounts-routes.ts';
import { approvalsRoutes } from './approvals-routes.ts';
import { Decisions } from './decisions.ts';
import { delegationsRoutes } from './delegations-routes.ts';
import { driftRoutes } from './drift-routes.ts';
import { eventsRoutes } from './events-routes.ts';
import { exceptionsRoutes } from './exceptions-routes.ts';
import { graceRoutes } from './grace-routes.ts';
import { hiresRoutes } from './hires-routes.ts';
import { holdsRoutes } from './holds-routes.ts';
import { openApi } from './openapi.ts';
import { signIn } from './operators.ts';
import { orderRoutes } from './order-routes.ts';
import { peopleRoutes } from './people-routes.ts';
import { planRoutes } from './plan-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { Resolutions } from './resolutions.ts';
import type { Route } from './route.ts';
import { stopsRoutes } from './stops-routes.ts';
import { targetsRoutes } from './targets-routes.ts';

export interface OperatorOptions {
  /** Sources and targets by name, so that only those are stopped which are there; absent: any. */
  config: Pick<Config, 'operators'> & Partial<Pick<Config, 'sources' | 'targets' | 'birthDateKey'>>;
  secret: (reference: string) => Promise<string>;
  store: Store;
  client: TemporalClient;
  /** The key that workers check by who it is that decides. */
  proofKey: () => Promise<string>;
  /** Milliseconds that a workflow may take to answer. Default 5 s. */
  answerMs?: number;
  log: Logger;
  registry: Registry;
  /** Epoch milliseconds. */
  clock?: () => number;
  /** What plans are made with, where this process has it; made when a plan is first asked for. */
  planning?: () => Planning;
  /** Where the page links to for workflows, where Temporal's Web UI is known. */
  temporalUi?: TemporalUi;
}

/** What routes work with. */
export interface Desk {
  store: Store;
  resolutions: Resolutions;
  decisions: Decisions;
  /** Runs what must tell workflows something, within a deadline. */
  withWorkflows<T>(work: (workflows: WorkflowClient) => Promise<T>): Promise<T>;
  /** An ISO instant. */
  now(): string;
}

/** Twenty thousand people who are released are told so one by one. */
const tellingMs = 120_000;

/** A list of twenty thousand people is some 8 MB. */
const largestBody = 33_554_432;

/** The API behind the operators' tokens, the page in front of it, and what machines ask for. */
export function createOperator(options: OperatorOptions): {
  app: Express;
  listen(options: ListenOptions): Promise<Listening>;
} {
  const { config, secret, store, client, proofKey, log, registry, clock = Date.now, answerMs = 5_000 } = options;
  const desk: Desk = {
    store,
    resolutions: new Resolutions({ client, proofKey, answerMs }),
    decisions: new Decisions({ client, proofKey, answerMs }),
    withWorkflows: async (work) => {
      const connected = typeof client === 'function' ? await client() : client;
      return connected.withDeadline(Date.now() + tellingMs, () => work(connected.workflow));
    },
    now: () => new Date(clock()).toISOString(),
  };
  const frontend = new Frontend(client, 3_000);
  // A path in braces takes all that follows: the longer ones come first.
  const routes = [
    ...orderRoutes(desk, frontend),
    ...hiresRoutes(desk),
    ...(options.planning === undefined ? [] : graceRoutes(desk, options.planning)),
    ...(options.planning === undefined ? [] : planRoutes(desk, options.planning)),
    ...(options.planning === undefined ? [] : policyRoutes(desk, config, options.planning)),
    ...peopleRoutes(desk, frontend, async () =>
      config.birthDateKey === undefined ? undefined : secret(config.birthDateKey),
    ),
    ...eventsRoutes(desk),
    ...exceptionsRoutes(desk),
    ...approvalsRoutes(desk),
    ...delegationsRoutes(desk),
    ...holdsRoutes(desk),
    ...stopsRoutes(desk, config),
    ...targetsRoutes(desk, config, client),
    ...driftRoutes(desk),
    ...accountsRoutes(desk, config),
  ];

  const app = plainApp();
  app.use(
    health(async () => {
      await store.ping();
      await frontend.ready();
    }),
  );
  app.use(metrics(registry));
  app.use(requestLog(log, measured(registry)));
  app.use(pageRouter(options.temporalUi));
  const document = openApi(routes);
  get(app, '/api/openapi.json', (_request, response) => {
    response.json(document);
  });
  app.use('/api', signIn(config, secret));
  app.use(routerOf(routes));
  app.use(notFound);
  app.use(problemHandler(log));
  return { app, listen: (where) => listen(app, where) };
}

function routerOf(routes: readonly Route[]): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const path of new Set(routes.map((route) => route.path))) {
    // A name in braces takes the rest of the path: ids of exceptions have slashes.
    const at = router.route(path.replace(/\{(\w+)\}/g, '*$1'));
    const here = routes.filter((route) => route.path === path);
    for (const { method, handler } of here) {
      if (method === 'get') at.get(handler);
      else at.post(express.raw({ type: () => true, limit: largestBody, inflate: false }), handler);
    }
    at.all(onlyMethods(...here.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : ['POST']))));
  }
  return router;
}

function measured(registry: Registry): (done: Done) => void {
  const seconds = new Histogram({
    name: 'muster_api_request_duration_seconds',
    help: "Time from an operator's request to its answer",
    labelNames: ['method', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  return ({ method, status, ms }) => seconds.observe({ method, status: String(status) }, ms / 1_000);
}
