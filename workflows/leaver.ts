import { condition } from '@temporalio/workflow';
import type { Change } from '../src/model/plan.ts';
import type { BegunEnd, ExceptionRequest } from '../src/model/work.ts';
import { carryOut, deadlineStep, nearStep, stepOf } from './carry-out.ts';
import { now, records } from './muster-activities.ts';
import type { PersonDesk } from './person.ts';

/**
 * Takes all access from a person who leaves.
 *
 * When it begins, the directory already says `Terminating`, older work in the air is refused, and the plan is made.
 * Every target is closed beside the others and has its own failures; none gives up before it has read back that no
 * account of the person is open there. At half of the deadline it is said what is missing; the deadline itself opens an
 * exception and alerts, and ends nothing.
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
  const doneBy = (moment: string, name: string) =>
    Promise.race([everything.then(() => true), passes(end, missing, moment, name)]);
  const say = (exception: typeof deadlineMissed) =>
    desk.raise(
      end.owner,
      [...missing].map((change) => exception(desk, end, change)),
    );
  const { warnAt } = end;
  // What begins after its deadline is late, and not about to be.
  if (warnAt !== undefined && !isPast(end.deadlineAt) && !(await doneBy(warnAt, 'half of the deadline')))
    await say(deadlineNear);
  let late = end.deadlineAt;
  // Said again for what is not open yet: a deadline that passes while an operator has stopped things is said after the stop.
  while (!(await doneBy(late, 'deadline'))) {
    await say(deadlineMissed);
    late = new Date(Date.now() + sayAgainMs).toISOString();
  }
  await everything;

  desk.refresh(await records.finishEnd({ person: desk.person, end, now: now(), workflowId: desk.workflowId }));
}

const sayAgainMs = 15 * 60_000;

const isPast = (moment: string): boolean => Date.parse(moment) <= Date.now();

/** True when nothing is missing any more, false when the moment passes first. */
function passes(end: BegunEnd, missing: ReadonlySet<Change>, moment: string, name: string): Promise<boolean> {
  const left = Math.max(1, Date.parse(moment) - Date.now());
  return condition(() => missing.size === 0, left, { summary: `${name} ${moment} for ${end.plan.person}` });
}

function deadlineNear(desk: PersonDesk, end: BegunEnd, change: Change): ExceptionRequest {
  const title = end.titles[change.target] ?? change.target;
  return {
    step: nearStep(end, change),
    kind: 'deadline-near',
    event: end.event,
    person: desk.person,
    target: change.target,
    reason: `${change.summary}: half of the time is over, and ${title} has not confirmed. The deadline is ${end.deadlineAt}. It is being tried; see by muster targets how ${title} answers.`,
  };
}

function deadlineMissed(desk: PersonDesk, end: BegunEnd, change: Change): ExceptionRequest {
  const title = end.titles[change.target] ?? change.target;
  return {
    step: deadlineStep(end, change),
    kind: 'deadline-missed',
    event: end.event,
    person: desk.person,
    target: change.target,
    reason: `${change.summary}: not confirmed by ${title} at the deadline ${end.deadlineAt}. It is still being tried; look at the pending activity of ${desk.workflowId} for the last failure, and close the access by hand in ${title} if it cannot wait.`,
  };
}
