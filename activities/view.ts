import type { Transaction } from '../src/directory/store.ts';
import { Failure } from '../src/model/failure.ts';
import { personWorkflowId } from '../src/model/messages.ts';
import type { PendingChange } from '../src/model/person.ts';
import type { PersonTiming, PersonView } from '../src/model/work.ts';

/** The person as their workflow sees them, from the directory. */
export async function viewOf(tx: Transaction, timing: PersonTiming, id: string): Promise<PersonView> {
  const person = await tx.person(id);
  if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
  const { items } = await tx.exceptions({ open: true, person: id }, { limit: 500 });
  return {
    person: id,
    state: person.state,
    epoch: person.epoch,
    timeline: [...person.pending].sort(inOrder),
    // Only those this workflow can settle keep it open; the watch's own are settled by the watch.
    exceptions: items
      .filter((open) => open.workflowId === personWorkflowId(id) && !open.id.startsWith('watch/'))
      .map(({ id: exception, kind, target, event }) => ({
        id: exception,
        kind,
        ...(target === undefined ? {} : { target }),
        ...(event === undefined ? {} : { event }),
      })),
    timing,
  };
}

/** As they are due. At one moment: what is said of the person before the start or the end that it matters to, and the rest by name. */
function inOrder(one: PendingChange, other: PendingChange): number {
  const order = (change: PendingChange) => (change.kind === 'change' ? 0 : change.kind === 'end' ? 1 : 2);
  return one.dueAt.localeCompare(other.dueAt) || order(one) - order(other) || one.id.localeCompare(other.id);
}
