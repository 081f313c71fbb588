import { condition } from '@temporalio/workflow';
import type { BegunOrder, OrderEnd, OrderState } from '../src/model/order.ts';
import type { PendingChange } from '../src/model/person.ts';
import { carryOut, stepOf, targetActivities } from './carry-out.ts';
import { now, records } from './muster-activities.ts';
import type { PersonDesk } from './person.ts';

/** Between looks at a ticket. A confirmation that comes as an event is taken at once. */
const pollMs = 5 * 60_000;

/**
 * An order to a team that serves a system by hand: placed once, asked after until it is confirmed, taken back when they leave.
 * When its time is up somebody is told, and it is asked after all the same.
 */
export async function order(desk: PersonDesk, pending: PendingChange): Promise<void> {
  for (;;) {
    const { view, order: begun } = await records.beginOrder({ ...about(desk, pending), now: now() });
    desk.refresh(view);
    if (begun === undefined) return;
    if (begun.withdrawn) return takeBack(desk, pending, begun);
    if (begun.confirmed !== undefined) return finish(desk, pending, begun, begun.confirmed, begun.number ?? '');
    if (begun.number === undefined) {
      await place(desk, pending, begun);
      continue;
    }
    const state = await ask(desk, begun);
    if (state.status === 'done' || state.status === 'failed')
      return finish(desk, pending, begun, state.status, state.number);
    if (state.status !== 'open') await raiseLost(desk, begun, state);
    else await desk.settle([lostStep(begun)]);
    if (Date.parse(begun.overdueAt) <= Date.now()) await raiseOverdue(desk, begun);
    await untilNext(desk, pending, begun);
  }
}

const about = (desk: PersonDesk, { id }: PendingChange) => ({
  person: desk.person,
  pending: id,
  workflowId: desk.workflowId,
});

async function place(desk: PersonDesk, pending: PendingChange, begun: BegunOrder): Promise<void> {
  const step = stepOf(begun.change);
  const placed = await desk.atTarget(step.target, () => carryOut(desk, begun, step));
  if (placed.status === 'confirmed') {
    const number = placed.ticket ?? begun.change.id;
    desk.refresh(await records.noteOrder({ ...about(desk, pending), number, now: now() }));
    return;
  }
  // Two people left it undone for a while.
  await condition(() => hasChanged(desk, pending), 24 * 3_600_000, {
    summary: `place the order for ${begun.what} again`,
  });
}

function ask(desk: PersonDesk, begun: BegunOrder): Promise<OrderState> {
  const summary = `ask after ${begun.number} (${begun.what} for ${desk.person})`;
  return targetActivities(desk, begun.priority, begun.change.target, summary).readOrder(workOf(desk, begun));
}

/** The team is told that it is not needed any more. Taking back is tried until it is done. */
async function takeBack(desk: PersonDesk, pending: PendingChange, begun: BegunOrder): Promise<void> {
  const summary = `take back ${begun.number ?? 'the order'} (${begun.what} for ${desk.person})`;
  for (;;) {
    const target = targetActivities(desk, begun.priority, begun.change.target, summary);
    const state = await target.withdrawTicket(workOf(desk, begun));
    if (state.status === 'done') return finish(desk, pending, begun, 'delivered', state.number);
    if (state.status !== 'blocked') return finish(desk, pending, begun, 'withdrawn', state.number);
    await raiseLost(desk, begun, state);
    await desk.untilRetry(desk.exceptionId(lostStep(begun)), desk.view.timing.slowRetryMs, `${summary}, again`);
  }
}

async function finish(
  desk: PersonDesk,
  pending: PendingChange,
  begun: BegunOrder,
  end: OrderEnd,
  number: string,
): Promise<void> {
  desk.refresh(await records.finishOrder({ ...about(desk, pending), end, number, now: now() }));
  await desk.settle([overdueStep(begun), lostStep(begun)]);
}

function workOf(desk: PersonDesk, { event, epoch, change }: BegunOrder) {
  return { person: desk.person, event, epoch, change, now: now(), workflowId: desk.workflowId };
}

/** Until the next look, or until somebody says what became of it, asks for a look, or has it taken back. */
async function untilNext(desk: PersonDesk, pending: PendingChange, begun: BegunOrder): Promise<void> {
  let asked = false;
  const left = Date.parse(begun.overdueAt) - Date.now();
  const pause = left > 0 ? Math.min(left, pollMs) : pollMs;
  const exceptions = [overdueStep(begun), lostStep(begun)].map((step) => desk.exceptionId(step));
  const look = () => {
    asked = true;
  };
  await desk.retryable(exceptions, look, () =>
    condition(() => asked || hasChanged(desk, pending), pause, { summary: `ask after ${begun.number}` }),
  );
}

function hasChanged(desk: PersonDesk, { id }: PendingChange): boolean {
  const row = desk.view.timeline.find((each) => each.id === id);
  return row === undefined || row.data['confirmed'] !== undefined || row.data['withdrawnBy'] !== undefined;
}

const overdueStep = ({ event, change }: BegunOrder): string => `${event}/${change.id}/order-overdue`;
const lostStep = ({ event, change }: BegunOrder): string => `${event}/${change.id}/step-failed`;

async function raiseOverdue(desk: PersonDesk, begun: BegunOrder): Promise<void> {
  const { event, change, what, number, overdueAt, owner } = begun;
  const step = overdueStep(begun);
  if (desk.view.exceptions.some(({ id }) => id === desk.exceptionId(step))) return;
  await desk.raise(owner, [
    {
      ...{ step, kind: 'order-overdue', event, person: desk.person, target: change.target },
      reason: `${number} (${what} for ${desk.person}) is not confirmed, and its time was up at ${overdueAt}. Ask the team; it is looked after further, and "retry" looks now.`,
    },
  ]);
}

async function raiseLost(desk: PersonDesk, begun: BegunOrder, state: OrderState): Promise<void> {
  const { event, change, number, owner } = begun;
  const why = state.status === 'blocked' ? state.message : 'the ticket cannot be found any more.';
  await desk.raise(owner, [
    {
      ...{ step: lostStep(begun), kind: 'step-failed', event, person: desk.person, target: change.target },
      reason: `${change.summary} (${number ?? 'not placed'}): ${why} It is tried further, and "retry" tries now.`,
    },
  ]);
}
