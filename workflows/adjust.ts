import { condition, sleep } from '@temporalio/workflow';
import type { Change } from '../src/model/plan.ts';
import type { AccessDecision, BegunAccess, Step } from '../src/model/work.ts';
import { carryOut, deadlineStep, type Turn, takes, takesAway, targetActivities } from './carry-out.ts';
import { now, records } from './muster-activities.ts';
import type { PersonDesk } from './person.ts';

/**
 * Brings a person's access in line with what policy says of them today: sees what is there where that is needed, plans,
 * and carries the plan out, targets side by side. `rows` are all that is due on the timeline; one plan answers them all.
 */
export async function adjust(desk: PersonDesk, rows: string[]): Promise<void> {
  let seen: string[] | null = null;
  for (;;) {
    const decision: AccessDecision = await records.beginAccess({
      ...{ person: desk.person, pending: rows, seen, now: now(), workflowId: desk.workflowId },
    });
    desk.refresh(decision.view);
    if (decision.see !== undefined) {
      seen = await see(desk, decision.see);
      continue;
    }
    if (decision.access !== undefined) await carryOutPlan(desk, decision.access);
    return;
  }
}

/**
 * Reads the targets side by side, each after what is in the air there for this person. One that does not answer in time is
 * planned from what is known of it, and looked at again later.
 */
async function see(desk: PersonDesk, wanted: NonNullable<AccessDecision['see']>): Promise<string[]> {
  const seen: string[] = [];
  const looks = wanted.targets.map(async (target) => {
    if (await seeOne(desk, wanted, target)) seen.push(target);
  });
  const free = wanted.targets.every((target) => !desk.isBusyAt(target));
  if (free) await Promise.all(looks);
  else {
    const summary = `let what is under way for ${desk.person} end`;
    await Promise.race([Promise.all(looks), sleep(desk.view.timing.seeMs, { summary })]);
  }
  return [...seen];
}

async function seeOne(
  desk: PersonDesk,
  { priority, titles, event }: NonNullable<AccessDecision['see']>,
  target: string,
): Promise<boolean> {
  const { person, workflowId } = desk;
  const summary = `read ${person} in ${titles[target] ?? target}`;
  // Nobody waits for the end of a look that is not wanted any more: it changes nothing.
  const activities = targetActivities(desk, priority, target, summary, desk.view.timing.seeMs, 'ABANDON');
  try {
    const sight = await desk.afterTarget(target, () =>
      activities.seeAccess({ person, event, target, now: now(), workflowId }),
    );
    return sight.status === 'seen';
  } catch (error) {
    if (desk.isCutOff()) throw error;
    return false;
  }
}

async function carryOutPlan(desk: PersonDesk, access: BegunAccess): Promise<void> {
  const { plan } = access;
  const missing = new Set<Change>(plan.changes);
  const steps = stepsOf(plan.changes);
  const done = new Map<string, Promise<unknown>>();
  for (const step of steps) {
    const before = steps.filter((other) =>
      step.changes.some(({ after }) => other.changes.some(({ id }) => after.includes(id))),
    );
    const work = async () => {
      await Promise.all(before.map(({ id }) => done.get(id)));
      const turn: Turn = (call) => desk.atTarget(step.target, call);
      await carryOut(desk, access, step, takes(step) ? undefined : access.stopAt, turn);
      for (const change of step.changes) missing.delete(change);
      desk.display.changing(access, missing);
    };
    done.set(step.id, work());
  }
  desk.display.changing(access, missing);

  const everything = Promise.all(done.values());
  const left = Math.max(1, Date.parse(access.deadlineAt) - Date.now());
  const inTime = condition(() => missing.size === 0, left, {
    summary: `deadline ${access.deadlineAt} for ${plan.person}`,
  });
  const won = await Promise.race([everything.then(() => true), inTime]);
  if (!won) {
    const late = steps.filter(({ changes }) => changes.some((change) => missing.has(change)));
    await desk.raise(
      access.owner,
      late.map((step) => deadlineMissed(desk, access, step)),
    );
  }
  await everything;
  desk.refresh(await records.finishAccess({ person: desk.person, access, now: now(), workflowId: desk.workflowId }));
}

function deadlineMissed(desk: PersonDesk, access: BegunAccess, step: Step) {
  const title = access.titles[step.target] ?? step.target;
  return {
    step: deadlineStep(access, step),
    kind: 'deadline-missed' as const,
    event: access.event,
    person: desk.person,
    target: step.target,
    reason: `${step.summary}: not confirmed by ${title} at the deadline ${access.deadlineAt}. It is still being tried; look at the pending activity of ${desk.workflowId} for the last failure.`,
  };
}

/**
 * Changes at one target are made together by one activity, so that it is read once; those that wait for others come in a
 * later step. Tickets are opened one by one, each with its own confirmation.
 */
export function stepsOf(changes: readonly Change[]): Step[] {
  const steps = new Map<string, Step>();
  for (const change of changes) {
    const together = alone.has(change.action) ? change.id : groupOf(change, changes);
    const step = steps.get(together) ?? { id: together, target: change.target, summary: change.summary, changes: [] };
    steps.set(together, step);
    step.changes.push(change);
  }
  for (const step of steps.values()) {
    step.changes.sort((one, other) => (order[one.action] ?? 5) - (order[other.action] ?? 5));
    if (step.changes.length > 1)
      step.summary =
        `${step.changes.length} changes in ${step.target}: ${step.changes.map(({ summary }) => summary).join('; ')}`.slice(
          0,
          190,
        );
  }
  // Steps wait for those before them; and at one target what takes does not wait for what gives.
  const place = ({ changes: [first] }: Step) =>
    first === undefined ? 0 : 2 * depth(first, changes) + (goesFirst(first) ? 0 : 1);
  return [...steps.values()].sort((one, other) => place(one) - place(other));
}

/** What takes has no end, what only gives stops at its time: one target's are two steps. The mailbox goes before its licence. */
const goesFirst = ({ action }: Change): boolean => takesAway(action) || action === 'handOver';

/** Each an activity of its own. */
const alone: ReadonlySet<Change['action']> = new Set(['ticket', 'close', 'restore']);

function groupOf(change: Change, changes: readonly Change[]): string {
  const kind =
    change.action === 'message'
      ? 'messages'
      : change.action === 'credential'
        ? 'credential'
        : goesFirst(change)
          ? 'take'
          : 'give';
  return `${kind}:${change.target}:${depth(change, changes)}`;
}

/** How many changes stand one after the other before this one. */
function depth(change: Change, changes: readonly Change[]): number {
  const before = changes.filter(({ id }) => change.after.includes(id));
  return before.length === 0 ? 0 : 1 + Math.max(...before.map((each) => depth(each, changes)));
}

/** Within one target: what opens comes before what gives, and what takes comes first of all. */
const order: Partial<Record<Change['action'], number>> = {
  handOver: -1,
  revoke: 0,
  create: 1,
  enable: 2,
  update: 3,
  grant: 4,
  disable: 6,
  remove: 7,
};
