import { z } from 'zod';
import type { PageRequest } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import { Failure } from '../model/failure.ts';

/** What every list takes beside its filters. */
export const paging = {
  limit: z
    .string()
    .regex(/^([1-9]\d?|[1-4]\d\d|500)$/, 'must be a whole number from 1 to 500')
    .transform(Number)
    .exactOptional(),
  cursor: z.string().exactOptional(),
};

/** Splits a list's query into its filter and its page. */
export function pageOfQuery<T extends PageRequest>(
  query: T,
): { filter: Omit<T, 'limit' | 'cursor'>; page: PageRequest } {
  const { limit, cursor, ...filter } = query;
  return { filter, page: { ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) } };
}

/** A cursor that no page gave is the caller's fault, and the store says so. */
export async function listed<T>(list: () => Promise<T>): Promise<T> {
  try {
    return await list();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'refused') throw error;
    throw new HttpProblem(400, error.message, { members: { errors: [{ path: '/cursor', problem: error.message }] } });
  }
}
