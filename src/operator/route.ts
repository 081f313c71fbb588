import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import type { Role } from '../config.ts';
import { HttpProblem } from '../http/problem.ts';
import { faultsFrom } from '../sources/faults.ts';
import { parseJson } from '../sources/json.ts';
import type { Fault } from '../sources/source.ts';
import { demand, type Operator, operatorOf } from './operators.ts';

interface Described {
  method: 'get' | 'post';
  /** As OpenAPI writes it: `/api/people/{id}`. */
  path: string;
  summary: string;
  /** Absent: whoever has a token. */
  roles?: readonly Role[];
  /** It starts something that goes on after the answer: 202 for what was taken, 200 for what was taken before. */
  starts?: true;
}

/** One thing the API does: checked on the way in by the schemas that describe it in its OpenAPI document. */
export interface Route extends Described {
  query: z.ZodType;
  body: z.ZodType;
  answer: z.ZodType;
  handler: RequestHandler;
}

/** What a route's work is given: everything checked. */
export interface Asked<Query, Body> {
  operator: Operator;
  query: Query;
  body: Body;
  /** The part of the path that is in braces. */
  id: string;
  /** The client's own id of what it asks: sent again with it, it is the same. */
  idempotencyKey?: string;
}

/** The query of a route that takes none. */
export const noQuery = z.strictObject({});
/** The body of a route that takes none. */
export const noBody = z.undefined();

/** Puts a route's checks before its work. */
export function route<Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType>(
  definition: Described & {
    query: Query;
    body: Body;
    answer: Answer;
    work(asked: Asked<z.output<Query>, z.output<Body>>): Promise<z.input<Answer>>;
  },
): Route {
  const { work, ...described } = definition;
  return {
    ...described,
    handler: async (request, response) => {
      const operator = operatorOf(request);
      if (described.roles !== undefined) demand(operator, described.roles);
      const query = checked(described.query, request.query, 'the query');
      const body = checked(described.body, definition.method === 'get' ? undefined : jsonOf(request), 'the body');
      const id = Object.values(request.params).flat().join('/');
      const key = request.get('idempotency-key');
      const answer = await work({ operator, query, body, id, ...(key ? { idempotencyKey: key } : {}) });
      response.status(described.starts === true && isNew(answer) ? 202 : 200).json(answer);
    },
  };
}

const isNew = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && 'status' in answer && answer.status === 'accepted';

function checked<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw faulty(what, faultsFrom(read.error));
}

function jsonOf(request: Request): unknown {
  if (!request.is('application/json')) {
    throw new HttpProblem(415, 'taken here: application/json', { headers: { accept: 'application/json' } });
  }
  const bytes: unknown = request.body;
  const read = parseJson(Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0));
  if (!read.ok) throw faulty('the body', read.faults);
  if (typeof read.value === 'object' && read.value !== null && Object.hasOwn(read.value, 'by')) {
    throw faulty('the body', [{ path: '/by', problem: 'is not taken: who did it is said by the token' }]);
  }
  return read.value;
}

const faulty = (what: string, errors: Fault[]): HttpProblem =>
  new HttpProblem(400, `${what} breaks the schema`, { members: { errors: errors.slice(0, 100) } });
