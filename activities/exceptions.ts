import type { Transaction } from '../src/directory/store.ts';
import type { Settlement } from '../src/model/event.ts';
import { isBeside } from '../src/model/exception.ts';
import { eventWorkflowId, occurrenceOf } from '../src/model/messages.ts';
import type { EventRequest, ExceptionRequest, PersonView } from '../src/model/work.ts';
import { handoverStep } from '../src/policy/handover.ts';
import type { Policy } from '../src/policy/schema.ts';
import { planLater } from './access-rows.ts';
import type { MusterActivities } from './activities.ts';
import type { Dependencies } from './dependencies.ts';
import { tell, writeSettlement } from './settle.ts';
import { viewOf } from './view.ts';

interface Raising {
  request: ExceptionRequest;
  workflowId: string;
  now: string;
  /** Absent: policy's. */
  owner?: string;
  /** What the reason lists, by ids. */
  about?: string[];
  /** Absent: after policy's time. */
  dueAt?: string;
}

/** Writes an exception and its evidence; the watch alerts. Opening it twice opens it once. */
export async function raise(
  tx: Transaction,
  { policy }: { policy: Pick<Policy, 'exceptions'> },
  { request, workflowId, now, owner, about, dueAt }: Raising,
): Promise<void> {
  const { step, kind, event, person, target, reason } = request;
  const where = {
    ...(event === undefined ? {} : { event }),
    ...(person === undefined ? {} : { person }),
    ...(target === undefined ? {} : { target }),
  };
  const id = await freeId(tx, `${workflowId}/${step}`);
  if (id === undefined) return;
  const opened = await tx.openException({
    id,
    kind,
    ...where,
    workflowId,
    reason,
    ...(about === undefined ? {} : { about }),
    owner: owner ?? policy.exceptions.owner,
    openedAt: now,
    dueAt: dueAt ?? new Date(Date.parse(now) + policy.exceptions.dueIn).toISOString(),
  });
  if (opened)
    await tx.addEvidence([
      {
        workflowId,
        step: id.slice(workflowId.length + 1),
        kind: 'exception-opened',
        ...where,
        at: now,
        data: { exception: kind },
      },
    ]);
}

/** What went wrong again after it was resolved is another exception, `<id>#2`; what is open is that already. */
async function freeId(tx: Transaction, id: string): Promise<string | undefined> {
  for (let n = 1; ; n += 1) {
    const numbered = n === 1 ? id : `${id}#${n}`;
    const before = await tx.exception(numbered);
    if (before === undefined) return numbered;
    if (before.resolvedAt === undefined) return undefined;
  }
}

/** A step that two people had skipped until today is taken up: the end anew, or access planned anew. */
export async function takeUpAgain(
  dependencies: Dependencies,
  { person: id, exception, now }: { person: string; exception: string; now: string },
): Promise<PersonView> {
  return dependencies.store.transaction(async (tx) => {
    const person = await tx.person(id, { lock: true });
    const event = (await tx.exception(exception))?.event;
    if (person !== undefined && event !== undefined) {
      if (person.state === 'Terminated') {
        const row = { id: `end:${event}`, kind: 'end' as const, dueAt: now, event, confidential: false, data: {} };
        await tx.putPending(id, row);
      } else if (person.state !== 'Terminating') {
        await planLater(tx, person, { event, dueAt: now }, { process: 'mover', see: true });
      }
    }
    return viewOf(tx, dependencies.timing, id);
  });
}

const aboutSteps: ReadonlySet<string> = new Set(['step-failed', 'deadline-near', 'deadline-missed']);

/** Closes what is open about steps of these events: all of it is done now, or overtaken. */
export async function settleSteps(
  tx: Transaction,
  settled: { person: string; events: readonly string[]; workflowId: string; now: string; reason?: string },
): Promise<void> {
  const { person, events, workflowId, now, reason = 'the targets have confirmed' } = settled;
  const { items } = await tx.exceptions({ open: true, person }, { limit: 500 });
  for (const { id, kind, event, target, ...open } of items) {
    if (open.workflowId !== workflowId || !aboutSteps.has(kind) || event === undefined || !events.includes(event))
      continue;
    if (!(await tx.resolveException(id, { action: 'done', by: 'muster', reason }, now))) continue;
    const where = { workflowId, step: id, person, event, ...(target === undefined ? {} : { target }) };
    await tx.addEvidence([{ ...where, kind: 'exception-resolved', at: now, data: { action: 'done', by: 'muster' } }]);
  }
}

const lateness: ReadonlySet<string> = new Set(['deadline-near', 'deadline-missed']);

export async function openExceptions(
  dependencies: Dependencies,
  {
    person,
    requests,
    now,
    workflowId,
    owner,
  }: { person: string; requests: ExceptionRequest[]; now: string; workflowId: string; owner: string },
): Promise<PersonView> {
  return dependencies.store.transaction(async (tx) => {
    const stops = new Set((await tx.stops()).map(({ scope }) => scope));
    for (const request of requests) {
      // What an operator has stopped is late by their own word: nothing becomes an exception for it.
      const isStopped = stops.has('all') || stops.has(`target:${request.target}`);
      if (isStopped && lateness.has(request.kind)) continue;
      if (request.kind === 'handover' && (await isAskedAlready(tx, request, workflowId))) continue;
      if (request.kind === 'deadline-missed') await warningOver(tx, { request, workflowId, now });
      await raise(tx, dependencies, { request, workflowId, now, owner });
    }
    return viewOf(tx, dependencies.timing, person);
  });
}

/** An account that a leaver owns and the directory knew is in the exception about all of them, opened before they left. */
async function isAskedAlready(
  tx: Transaction,
  { step, person, target }: ExceptionRequest,
  workflowId: string,
): Promise<boolean> {
  const [, account] = /\/handover\/(.*)$/s.exec(step) ?? [];
  if (person === undefined) return false;
  const accounts = await tx.exceptions({ open: true, kind: 'handover', person }, { limit: 500 });
  const own = `${workflowId}/${handoverStep('accounts')}`;
  return accounts.items.some(({ id, about }) => id.startsWith(own) && about?.includes(`${target}/${account}`) === true);
}

/** What is late is no longer about to be: one step is one open exception, one incident, one thing to take. */
async function warningOver(
  tx: Transaction,
  { request, workflowId, now }: { request: ExceptionRequest; workflowId: string; now: string },
): Promise<void> {
  const id = `${workflowId}/${request.step.replace(/missed$/, 'near')}`;
  const reason = 'the deadline is over; what is late is an exception of its own';
  if (!(await tx.resolveException(id, { action: 'done', by: 'muster', reason }, now))) return;
  const { person, event, target } = request;
  const where = {
    ...(person === undefined ? {} : { person }),
    ...(event === undefined ? {} : { event }),
    ...(target === undefined ? {} : { target }),
  };
  const data = { action: 'done', by: 'muster' };
  await tx.addEvidence([{ workflowId, step: id, kind: 'exception-resolved', ...where, at: now, data }]);
}

interface Resolving {
  person: string;
  ids: string[];
  action: string;
  by: string;
  reason: string;
  now: string;
  workflowId: string;
}

export async function resolveExceptions(dependencies: Dependencies, resolving: Resolving): Promise<PersonView> {
  const { person, ids, action, by, reason, now, workflowId } = resolving;
  return dependencies.store.transaction(async (tx) => {
    for (const id of ids) {
      const resolved = await tx.resolveException(id, { action, by, reason }, now);
      if (resolved) {
        await tx.addEvidence([
          { workflowId, step: id, kind: 'exception-resolved', person, at: now, data: { action, by } },
        ]);
      }
    }
    return viewOf(tx, dependencies.timing, person);
  });
}

type ByHand = Parameters<MusterActivities['resolveByHand']>[0];

/** A person has dealt with it. What was held is settled by that: dropped, or done by hand. */
export async function resolveByHand(dependencies: Dependencies, request: ByHand): Promise<PersonView> {
  const { person, exception: id, action, by, reason, now, workflowId } = request;
  const { store, timing, workflows } = dependencies;
  const { view, settlement } = await store.transaction(async (tx) => {
    const exception = await tx.exception(id);
    if (await tx.resolveException(id, { action, by, reason }, now)) {
      await tx.addEvidence([
        { workflowId, step: id, kind: 'exception-resolved', person, at: now, data: { action, by } },
      ]);
    }
    // What a leaver owns says nothing of whether their end goes on, and neither does an alert beside it.
    const of = exception?.kind === 'handover' || isBeside(id) ? undefined : exception?.event;
    const held = of === undefined ? undefined : await heldEvent(tx, person, of);
    const outcome: Settlement['outcome'] = action === 'drop' ? 'dropped' : 'applied';
    const settlement = held === undefined ? undefined : { event: held, outcome, reason: `by hand, by ${by}` };
    if (settlement !== undefined) await writeSettlement(tx, person, settlement, now);
    return { view: await viewOf(tx, timing, person), settlement };
  });
  if (settlement !== undefined) await tell(workflows, eventWorkflowId(settlement.event), settlement);
  return view;
}

async function heldEvent(tx: Transaction, person: string, event: string): Promise<string | undefined> {
  return (await tx.personEvent(person, event))?.outcome === 'held' ? event : undefined;
}

/** An event that cannot go on by itself: its exception is open, its arrival says so. */
export async function parkEvent(
  dependencies: Dependencies,
  request: EventRequest & { exception: ExceptionRequest },
): Promise<void> {
  const { event, workflowId, firstRunId, now, exception } = request;
  await dependencies.store.transaction(async (tx) => {
    await tx.admit({ key: event.key, event, workflowId, firstRunId, receivedAt: event.receivedAt });
    const outcome = exception.kind === 'conflicting-event' ? 'held' : 'waiting';
    await tx.updateArrival(event.key, { outcome, reason: exception.reason });
    const request = { ...exception, step: `${exception.step}${occurrenceOf(event.key)}` };
    await raise(tx, dependencies, { request, workflowId, now });
  });
}

interface Settling extends EventRequest {
  settlement?: Settlement;
  action: string;
  by: string;
  reason: string;
}

/** What was parked goes on or is dropped; either way its exceptions close, with the name of who said so. */
export async function settleParked(dependencies: Dependencies, request: Settling): Promise<void> {
  const { event, workflowId, settlement, action, by, reason, now } = request;
  await dependencies.store.transaction(async (tx) => {
    for (const step of ['unknown-person', 'ambiguous-person', 'conflicting-event']) {
      const id = `${workflowId}/${step}${occurrenceOf(event.key)}`;
      if (await tx.resolveException(id, { action, by, reason }, now)) {
        await tx.addEvidence([
          { workflowId, step: id, kind: 'exception-resolved', event: event.key, at: now, data: { action, by } },
        ]);
      }
    }
    await tx.removeWaiting(event.key);
    if (settlement !== undefined) {
      await tx.updateArrival(event.key, {
        outcome: settlement.outcome,
        settledAt: now,
        ...(settlement.reason === undefined ? {} : { reason: settlement.reason }),
      });
      await tx.addEvidence([
        { workflowId, step: event.key, kind: `event-${settlement.outcome}`, event: event.key, at: now, data: { by } },
      ]);
    }
  });
}
