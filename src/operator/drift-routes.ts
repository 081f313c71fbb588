import { z } from 'zod';
import { HttpProblem } from '../http/problem.ts';
import { driftOf, driftShape, lastReadings, targetDriftShape } from './drift.ts';
import { listed, paging } from './lists.ts';
import type { Desk } from './operator.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { pageOf } from './shapes.ts';

/** Drift: what the last reading of each target came to, and what it found. */
export function driftRoutes({ store }: Desk): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/drift',
      summary: 'The last reading of each target: how many accounts it has, and how many are not as they should be',
      query: noQuery,
      body: noBody,
      answer: pageOf(targetDriftShape),
      work: async () => ({ items: await store.read(lastReadings) }),
    }),
    route({
      method: 'get',
      path: '/api/drift/{target}',
      summary: 'What the last reading of a target found',
      query: z.strictObject({ cursor: paging.cursor }),
      body: noBody,
      answer: pageOf(driftShape),
      work: ({ id, query: { cursor } }) =>
        store.read(async (reader) => {
          const reading = (await lastReadings(reader)).find(({ target }) => target === id);
          if (reading === undefined) throw new HttpProblem(404, 'no target of that name has been read yet');
          return listed(() => driftOf(reader, reading, cursor));
        }),
    }),
  ];
}
