import type { Config } from '../config.ts';
import { HttpProblem } from '../http/problem.ts';
import { goBody, stopBody, stoppedShape, stopShape } from './hold-shapes.ts';
import type { Desk } from './operator.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { pageOf } from './shapes.ts';
import { go, type Stopped, stop } from './stops.ts';

const stoppers = ['operator', 'security', 'admin'] as const;

/** Stop and go: of everything, a source or a target. */
export function stopsRoutes({ store, now }: Desk, config: Partial<Pick<Config, 'sources' | 'targets'>>): Route[] {
  const stops = () => store.read((reader) => reader.stops());
  return [
    route({
      method: 'get',
      path: '/api/stops',
      summary: 'What is stopped',
      query: noQuery,
      body: noBody,
      answer: pageOf(stopShape),
      work: async () => ({ items: await stops() }),
    }),
    route({
      method: 'post',
      path: '/api/stop',
      summary: 'Stop everything, a source or a target: within 2 s no changing call begins, and events are kept',
      roles: stoppers,
      query: noQuery,
      body: stopBody,
      answer: stoppedShape,
      work: async ({ operator, body: { reason, ...what } }) => {
        // A misspelt name would stop nothing, and nobody would see.
        mustBeNamed(what, config);
        const said = await stop(store, what, { by: operator.id, reason, at: now() });
        return { said, stops: await stops() };
      },
    }),
    route({
      method: 'post',
      path: '/api/go',
      summary: 'Lift a stop: what waited goes on, the most urgent first',
      roles: stoppers,
      query: noQuery,
      body: goBody,
      answer: stoppedShape,
      work: async ({ operator, body: { reason = '', ...what } }) => {
        const said = await go(store, what, { by: operator.id, reason, at: now() });
        if (said !== undefined) return { said, stops: await stops() };
        const others = (await stops()).map(({ scope }) => scope);
        throw new HttpProblem(
          409,
          `that is not stopped; ${others.length === 0 ? 'nothing is' : `stopped: ${others.join(', ')}`}`,
        );
      },
    }),
  ];
}

function mustBeNamed(what: Stopped, config: Partial<Pick<Config, 'sources' | 'targets'>>): void {
  for (const [kind, known] of [
    ['source', config.sources],
    ['target', config.targets],
  ] as const) {
    const name = what[kind];
    if (name === undefined || known === undefined || Object.hasOwn(known, name)) continue;
    const problem = `muster.yaml names no ${kind} ${name}; it names ${Object.keys(known).join(', ') || 'none'}`;
    throw new HttpProblem(400, problem, { members: { errors: [{ path: `/${kind}`, problem }] } });
  }
}
