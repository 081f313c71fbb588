import type { IdentityEvent } from '../model/event.ts';
import type { Person } from '../model/person.ts';
import type { Policy } from './schema.ts';

/**
 * How long an end may take, in milliseconds, from the later of its arrival and its moment: the shortest of policy's deadlines
 * for such a person and such an end; where none fits, the usual one.
 */
export function deadlineMs(
  { ends }: Pick<Policy, 'ends'>,
  person: Pick<Person, 'privileged'>,
  event: Pick<IdentityEvent, 'data'>,
): number {
  const { category } = event.data;
  const fitting = ends.deadlines.filter(
    ({ privileged, categories }) =>
      (privileged === undefined || privileged === person.privileged) &&
      (categories === undefined || (category !== undefined && categories.includes(category))),
  );
  return fitting.length === 0 ? ends.deadline : Math.min(...fitting.map(({ within }) => within));
}
