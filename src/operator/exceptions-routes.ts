import { z } from 'zod';
import { HttpProblem } from '../http/problem.ts';
import { exceptionKinds } from '../model/exception.ts';
import { listed, pageOfQuery, paging } from './lists.ts';
import type { Desk } from './operator.ts';
import { resolutionShape, resolveException, resolvers, takeException } from './resolve-exception.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { Secrecy } from './secrecy.ts';
import { exceptionShape, pageOf, resolvedShape } from './shapes.ts';

const filters = {
  open: z
    .enum(['true', 'false', 'all'], 'must be true, false or all')
    .default('true')
    .describe('open ones (default), resolved ones, or all'),
  person: z.string().exactOptional(),
  target: z.string().exactOptional(),
  kind: z.enum(exceptionKinds, `must be one of ${exceptionKinds.join(', ')}`).exactOptional(),
};

/** Exceptions: the list, one of them, and what somebody decides about it. */
export function exceptionsRoutes(desk: Desk): Route[] {
  const { store, now } = desk;
  return [
    route({
      method: 'get',
      path: '/api/exceptions',
      summary: 'What somebody must see to, by the date it is due',
      query: z.strictObject({ ...filters, ...paging }),
      body: noBody,
      answer: pageOf(exceptionShape),
      work: ({ operator, query }) =>
        store.read(async (reader) => {
          const { filter, page } = pageOfQuery(query);
          const { open, ...rest } = filter;
          const which = open === 'all' ? rest : { ...rest, open: open === 'true' };
          const secrecy = new Secrecy(reader, operator, now());
          return listed(() =>
            secrecy.page(
              page,
              (part) => reader.exceptions(which, part),
              (exception) => secrecy.showsException(exception),
            ),
          );
        }),
    }),
    // Before the next ones, whose id takes the rest of the path.
    route({
      method: 'post',
      path: '/api/exceptions/{id}/take',
      summary: 'Say that you see to it: its alert is not repeated any more',
      roles: resolvers,
      query: noQuery,
      body: z.strictObject({}),
      answer: resolvedShape,
      work: ({ operator, id }) => takeException(desk, operator, id),
    }),
    route({
      method: 'get',
      path: '/api/exceptions/{id}',
      summary: 'One exception; its id has slashes, written as they are or as %2F',
      query: noQuery,
      body: noBody,
      answer: exceptionShape,
      work: ({ operator, id }) =>
        store.read(async (reader) => {
          const exception = await reader.exception(id);
          const shown =
            exception !== undefined && (await new Secrecy(reader, operator, now()).showsException(exception));
          if (exception === undefined || !shown) throw new HttpProblem(404, 'no exception has that id');
          return exception;
        }),
    }),
    route({
      method: 'post',
      path: '/api/exceptions/{id}',
      summary:
        'Resolve one: retry it, say that it is done, drop it, attach the event to a person, or, by two people, skip it for a while',
      roles: resolvers,
      query: noQuery,
      body: resolutionShape,
      answer: resolvedShape,
      work: ({ operator, id, body }) => resolveException(desk, operator, id, body),
    }),
  ];
}
