import { z } from 'zod';
import type { Config } from '../config.ts';
import { HttpProblem } from '../http/problem.ts';
import { adoptionState, adoptionStateShape, beginAdoption } from './adoptions.ts';
import type { Desk } from './operator.ts';
import { noBody, noQuery, type Route, route } from './route.ts';

/** A small target is read within this; of a large one it is said that it is being read. */
const waitMs = 5_000;

const body = z.strictObject({
  target: z.string().min(1).describe('as muster.yaml names it'),
  dryRun: z.boolean().default(false).describe('say what would be recorded, and record nothing'),
});

/** Accounts that are there already: taken over from a target. */
export function accountsRoutes({ withWorkflows }: Desk, { targets }: Partial<Pick<Config, 'targets'>>): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/accounts/adopt',
      summary: 'Read a target in full and record whose its accounts are; nothing is changed there',
      roles: ['admin'],
      query: noQuery,
      body,
      answer: adoptionStateShape,
      work: ({ operator, body: { target, dryRun } }) => {
        // Nobody works on the queue of a target that is not there: it would wait for half a day.
        if (targets !== undefined && !Object.hasOwn(targets, target)) {
          throw new HttpProblem(404, `muster.yaml names no target "${target}"`);
        }
        return withWorkflows(async (workflows) => {
          await beginAdoption(workflows, { target, dryRun, by: operator.id });
          return adoptionState(workflows, target, waitMs);
        });
      },
    }),
    route({
      method: 'get',
      path: '/api/accounts/adopt/{target}',
      summary: 'How the last adoption of a target stands',
      roles: ['operator', 'security', 'auditor', 'admin'],
      query: noQuery,
      body: noBody,
      answer: adoptionStateShape,
      work: ({ id }) => withWorkflows((workflows) => adoptionState(workflows, id, waitMs)),
    }),
  ];
}
