import { z } from 'zod';
import { prolongGrace } from '../../activities/prolong-grace.ts';
import { wake } from '../../activities/settle.ts';
import type { Planning } from '../dry-run/dry-run.ts';
import { HttpProblem } from '../http/problem.ts';
import { Failure } from '../model/failure.ts';
import { instant } from '../sources/event-data.ts';
import { knownPerson } from './known-person.ts';
import type { Desk } from './operator.ts';
import { ready } from './plan-routes.ts';
import { noQuery, type Route, route } from './route.ts';

/** Old access after a move stays longer, for the hand-over. */
export function graceRoutes({ store, now, withWorkflows }: Desk, planning: () => Planning): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/people/{id}/grace',
      summary: 'Let old access stay longer after a move, up to moves.longest; privileged access never',
      roles: ['operator', 'approver', 'admin'],
      query: noQuery,
      body: z.strictObject({ until: instant, reason: z.string().trim().min(1, 'must say why').max(500) }),
      answer: z.strictObject({ until: z.string(), kept: z.array(z.string()) }),
      work: async ({ operator, id, body }) => {
        const person = await store.read((reader) => knownPerson(reader, id));
        if (person.id === operator.id) throw new HttpProblem(403, 'nobody prolongs their own access');
        try {
          const request = { person: person.id, until: body.until, now: now(), by: operator.id };
          const prolonged = await prolongGrace(store, ready(planning).policy, request);
          await withWorkflows((workflows) => wake(workflows, [person.id]));
          return prolonged;
        } catch (error) {
          if (error instanceof Failure && error.code === 'refused') throw new HttpProblem(409, error.message);
          throw error;
        }
      },
    }),
  ];
}
