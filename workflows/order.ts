import { condition } from '@temporalio/workflow';
import type { PendingChange } from '../src/model/person.ts';
import { messages, now } from './muster-activities.ts';
import type { PersonDesk } from './person.ts';

const pollMs = 5 * 60_000;

/** An order to a team that serves a system by hand: placed once, asked after until it is confirmed; late, somebody is told. */
export async function order(desk: PersonDesk, pending: PendingChange): Promise<void> {
  for (;;) {
    const asked = await messages.lookAfterOrder({
      ...{ person: desk.person, pending: pending.id, now: now(), workflowId: desk.workflowId },
    });
    desk.refresh(asked.view);
    if (asked.done) return;
    await condition(() => false, pollMs, { summary: `ask after ${asked.number}` });
  }
}
