import express, { type Express, type RequestHandler, Router } from 'express';
import type { Registry } from 'prom-client';
import { Failure } from '../model/failure.ts';
import { HttpProblem, onlyMethods } from './problem.ts';

/** An Express app that gives nothing away: no `x-powered-by`, nothing cached, no guessing of content types. */
export function plainApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.use((_request, response, next) => {
    response.set({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    next();
  });
  return app;
}

/** `GET` on a path; every other method there is answered by 405. */
export function get(router: Router, path: string, handler: RequestHandler): void {
  router.route(path).get(handler).all(onlyMethods('GET', 'HEAD'));
}

/** `/healthz`: the process answers. `/readyz`: what it needs answers too; `ready` throws where not. */
export function health(ready: () => Promise<void>): Router {
  const router = Router();
  get(router, '/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  get(router, '/readyz', async (_request, response) => {
    try {
      await ready();
    } catch (error) {
      const detail = error instanceof Failure ? error.message : 'something it needs is out of reach';
      throw new HttpProblem(503, detail, { headers: { 'retry-after': '5' } });
    }
    response.json({ status: 'ready' });
  });
  return router;
}

/** `/metrics` in Prometheus' text format. */
export function metrics(registry: Registry): Router {
  const router = Router();
  get(router, '/metrics', async (_request, response) => {
    response.set('content-type', registry.contentType).send(Buffer.from(await registry.metrics()));
  });
  return router;
}
