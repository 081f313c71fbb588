import type { IdentityEvent } from '../model/event.ts';
import type { Person } from '../model/person.ts';
import type { Policy } from './schema.ts';

/** How long an end may take, in milliseconds, from the later of its arrival and its moment. The same for everybody so far. */
export function deadlineMs(policy: Pick<Policy, 'ends'>, _person: Person, _event: IdentityEvent): number {
  return policy.ends.deadline;
}
