import { z } from 'zod';
import { civilDate } from '../sources/event-data.ts';
import { hireShape, legalHoldShape, timelineShape } from './hire-shapes.ts';
import { hire, hires, timeline } from './hire-view.ts';
import { listed, pageOfQuery, paging } from './lists.ts';
import type { Desk } from './operator.ts';
import type { Operator } from './operators.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { Secrecy } from './secrecy.ts';
import { pageOf } from './shapes.ts';

const filters = {
  startsBefore: civilDate.exactOptional().describe('starts before this day'),
  location: z.string().exactOptional(),
};

/** People in flight by what is dated: who starts, and each one's past and future. */
export function hiresRoutes({ store, now }: Desk): Route[] {
  const read = <T>(operator: Operator, look: (reader: Parameters<typeof hires>[0], secrecy: Secrecy) => Promise<T>) =>
    store.read((reader) => look(reader, new Secrecy(reader, operator, now())));
  return [
    route({
      method: 'get',
      path: '/api/hires',
      summary: 'Who is to start, the next first',
      query: z.strictObject({ ...filters, ...paging }),
      body: noBody,
      answer: pageOf(hireShape),
      work: ({ operator, query }) =>
        read(operator, (reader, secrecy) => {
          const { filter, page } = pageOfQuery(query);
          return listed(() => hires(reader, secrecy, filter, page));
        }),
    }),
    route({
      method: 'get',
      path: '/api/hires/{person}',
      summary: 'One hire, by any name of the person',
      query: noQuery,
      body: noBody,
      answer: hireShape,
      work: ({ operator, id }) => read(operator, (reader, secrecy) => hire(reader, secrecy, id)),
    }),
    route({
      method: 'get',
      path: '/api/people/{id}/timeline',
      summary: 'What happened to somebody, in order, and what is to come',
      query: z.strictObject(paging),
      body: noBody,
      answer: timelineShape,
      work: ({ operator, id, query }) => {
        const { page } = pageOfQuery(query);
        return read(operator, (reader, secrecy) => listed(() => timeline(reader, secrecy, id, page)));
      },
    }),
    route({
      method: 'get',
      path: '/api/legal-holds',
      summary: 'Legal holds in force, and on whom; the oldest first',
      roles: ['security', 'admin'],
      query: noQuery,
      body: noBody,
      answer: pageOf(legalHoldShape),
      work: () => store.read(async (reader) => ({ items: await reader.legalHolds() })),
    }),
  ];
}
