import type { PendingChange } from '../src/model/person.ts';
import type { Confirmation } from '../src/model/work.ts';
import { targetActivities } from './carry-out.ts';
import { now, records } from './muster-activities.ts';
import type { PersonDesk } from './person.ts';

/**
 * Reads every target back once more, some time after the last of them confirmed: a directory sync, a queued job or a
 * person may have opened an account again. One that is found open is an end that begins anew.
 */
export async function readAgain(desk: PersonDesk, pending: PendingChange): Promise<void> {
  const targets = textList(pending.data['targets']);
  const seen = await Promise.all(targets.map((target) => readOne(desk, pending, target)));
  const open = seen.filter(({ confirmation }) => confirmation.status === 'open').map(({ target }) => target);
  desk.refresh(
    await records.finishPending({
      person: desk.person,
      pending: pending.id,
      now: now(),
      workflowId: desk.workflowId,
      step: `${pending.event}/read-again`,
      kind: open.length === 0 ? 'access-confirmed-closed' : 'access-found-open',
      data: { targets, open },
    }),
  );
}

async function readOne(
  desk: PersonDesk,
  pending: PendingChange,
  target: string,
): Promise<{ target: string; confirmation: Confirmation }> {
  const summary = `read ${desk.person} in ${target} again`;
  const priority = Number(pending.data['priority'] ?? 2);
  const confirmation = await targetActivities(desk, priority, target, summary).confirmClosed({
    person: desk.person,
    event: pending.event,
    change: {
      id: `read-again:${target}`,
      target,
      action: 'close',
      summary,
      because: 'every end is read back twice',
      after: [],
    },
    now: now(),
    workflowId: desk.workflowId,
  });
  return { target, confirmation };
}

function textList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
