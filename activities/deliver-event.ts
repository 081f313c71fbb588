import { WithStartWorkflowOperation } from '@temporalio/client';
import type { IdentityEvent } from '../src/model/event.ts';
import { deliverUpdate, type PersonInput, workflowTypes } from '../src/model/messages.ts';
import { personStart } from '../src/person-start.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * Hands the event to its person by update-with-start. Whatever goes wrong ("not found", "accepted but completed", silence)
 * is unknown and sent again: the update's id is the event's key, and the person remembers across runs.
 */
export async function deliverEvent(
  { workflows }: Pick<Dependencies, 'workflows'>,
  { event, person, priority }: { event: IdentityEvent; person: string; priority: number },
): Promise<void> {
  const startWorkflowOperation = new WithStartWorkflowOperation<(input: PersonInput) => Promise<void>>(
    workflowTypes.person,
    personStart(person, priority),
  );
  await workflows.connection.withDeadline(Date.now() + 10_000, () =>
    workflows.executeUpdateWithStart(deliverUpdate, {
      updateId: event.key,
      args: [event],
      startWorkflowOperation,
    }),
  );
}
