import { condition } from '@temporalio/workflow';
import type { Change } from '../src/model/plan.ts';
import type { BegunEnd } from '../src/model/work.ts';
import { carryOut, stepOf } from './carry-out.ts';
import { now, records } from './muster-activities.ts';
import type { PersonDesk } from './person.ts';

/**
 * Takes all access from a person who leaves.
 *
 * When it begins, the directory already says `Terminating`, older work in the air is refused, and the plan is made.
 * Every target is closed beside the others and has its own failures; none gives up before it has read back that no
 * account of the person is open there. The deadline opens an exception and alerts, and ends nothing.
 */
export async function leaver(desk: PersonDesk, end: BegunEnd): Promise<void> {
  const missing = new Set<Change>(end.plan.changes);
  const closed = end.plan.changes.map(async (change) => {
    await desk.atTarget(change.target, () => carryOut(desk, end, stepOf(change)));
    missing.delete(change);
    desk.display.progress(end, missing);
  });
  desk.display.progress(end, missing);

  const everything = Promise.all(closed);
  const inTime = await Promise.race([everything.then(() => true), passes(end, missing)]);
  if (!inTime)
    await desk.raise(
      end.owner,
      [...missing].map((change) => deadlineMissed(desk, end, change)),
    );
  await everything;

  desk.refresh(await records.finishEnd({ person: desk.person, end, now: now(), workflowId: desk.workflowId }));
}

/** True when nothing is missing any more, false when the deadline passes first. */
function passes(end: BegunEnd, missing: ReadonlySet<Change>): Promise<boolean> {
  const left = Math.max(1, Date.parse(end.deadlineAt) - Date.now());
  return condition(() => missing.size === 0, left, { summary: `deadline ${end.deadlineAt} for ${end.plan.person}` });
}

function deadlineMissed(desk: PersonDesk, end: BegunEnd, change: Change) {
  const title = end.titles[change.target] ?? change.target;
  return {
    step: `${end.event}/${change.id}/deadline-missed`,
    kind: 'deadline-missed' as const,
    event: end.event,
    person: desk.person,
    target: change.target,
    reason: `${change.summary}: not confirmed by ${title} at the deadline ${end.deadlineAt}. It is still being tried; look at the pending activity of ${desk.workflowId} for the last failure, and close the access by hand in ${title} if it cannot wait.`,
  };
}
