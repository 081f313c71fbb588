import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import { answerError, type Faults, faultSchema } from './faults.ts';
import type { CallTaken, StandIn } from './stand-in.ts';
import { accountsPage } from './view.ts';

/** The sandbox's HTTP: its own view and controls, and each stand-in's router below the target's name with its faults before it. */
export function application(
  standIns: ReadonlyMap<string, StandIn>,
  faults: Faults,
  calls: readonly CallTaken[],
  reset: () => void,
): Express {
  const app = express();
  app.disable('x-powered-by');
  const stateOfAll = () => Object.fromEntries([...standIns].map(([name, standIn]) => [name, standIn.state()]));

  app.get('/', (_request, response) => void response.type('html').send(accountsPage(stateOfAll(), calls.length)));
  app.get('/state', (_request, response) => void response.json(stateOfAll()));
  app.get('/calls', (request, response) => {
    const { worker, target } = request.query;
    const wanted = calls.filter(
      (call) => (worker === undefined || call.worker === worker) && (target === undefined || call.target === target),
    );
    response.json(wanted);
  });
  app.get('/faults', (_request, response) => void response.json(faults.list()));
  app.put('/faults/:target', express.json({ type: () => true }), (request, response) => {
    const target = request.params['target'] ?? '';
    if (!standIns.has(target)) return unknownTarget(response, target, standIns);
    const parsed = faultSchema.safeParse(request.body);
    if (!parsed.success) {
      const faultsFound = parsed.error.issues.map(
        (issue) => `${issue.path.join('.') || 'the fault'}: ${issue.message}`,
      );
      return problem(response, 400, faultsFound.join('; '));
    }
    faults.set(target, parsed.data);
    response.json(parsed.data);
  });
  app.delete('/faults', (_request, response) => {
    faults.clear();
    response.status(204).end();
  });
  app.delete('/faults/:target', (request, response) => {
    if (!standIns.has(request.params.target)) return unknownTarget(response, request.params.target, standIns);
    faults.clear(request.params.target);
    response.status(204).end();
  });
  app.post('/reset', (_request, response) => {
    reset();
    response.status(204).end();
  });
  for (const [name, standIn] of standIns) {
    if (standIn.router === undefined) continue;
    const broken: ErrorRequestHandler = (error, _request, response, _next) => {
      const status = typeof error?.status === 'number' ? error.status : 500;
      if (status === 500) console.error(`sandbox: the stand-in for ${name} failed:`, error);
      answerError(response, standIn, status);
    };
    app.use(`/${name}`, faults.middleware(name, standIn), standIn.router, (_request, response) =>
      answerError(response, standIn, 404),
    );
    app.use(`/${name}`, broken);
  }
  app.use((request, response) => problem(response, 404, `the sandbox has no ${request.path}`));
  const unreadable: ErrorRequestHandler = (error, _request, response, _next) =>
    problem(
      response,
      typeof error?.status === 'number' ? error.status : 500,
      'the body is not the JSON that is due here',
    );
  app.use(unreadable);
  return app;
}

function problem(response: Response, status: number, detail: string): void {
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ title: detail, status }));
}

function unknownTarget(response: Response, target: string, standIns: ReadonlyMap<string, StandIn>): void {
  problem(response, 404, `the sandbox has no target "${target}"; it has ${[...standIns.keys()].join(', ')}`);
}
