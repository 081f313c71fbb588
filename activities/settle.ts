import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import type { Transaction } from '../src/directory/store.ts';
import type { Settlement } from '../src/model/event.ts';
import { personWorkflowId, type ReleasedMessage, releasedSignal, settledSignal } from '../src/model/messages.ts';

/** Outcomes after which the event's workflow ends; the others keep it open and in sight. */
const open: ReadonlySet<Settlement['outcome']> = new Set(['held', 'waiting']);

/** Writes what became of an event, for the person and in the ledger, in the caller's transaction. */
export async function writeSettlement(
  tx: Transaction,
  person: string,
  settlement: Settlement,
  at: string,
): Promise<void> {
  const { event, outcome, reason } = settlement;
  await tx.putPersonEvent(person, event, outcome, reason, at);
  await tx.updateArrival(event, {
    person,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(open.has(outcome) ? {} : { settledAt: at }),
  });
}

/** Tells the event's workflow. It may have ended long ago (a scheduled end that is now applied): that is no fault. */
export async function tell(workflows: WorkflowClient, workflowId: string, settlement: Settlement): Promise<void> {
  try {
    await workflows.getHandle(workflowId).signal(settledSignal, settlement);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** Has the workflows of other people look at the directory again: something was put on their timelines. One that is not open has nothing to do. */
export async function wake(workflows: WorkflowClient, people: readonly string[] = []): Promise<void> {
  const nothing: ReleasedMessage = { hold: '' };
  for (const person of people) {
    try {
      await workflows.getHandle(personWorkflowId(person)).signal(releasedSignal, nothing);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
