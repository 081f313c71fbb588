import type { Arrival, Transaction } from '../src/directory/store.ts';
import type { IdentityEvent } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { eventWorkflowId } from '../src/model/messages.ts';
import type { PendingChange, Person } from '../src/model/person.ts';
import type { Change, Plan } from '../src/model/plan.ts';
import type { BegunEnd, Decision, PersonView } from '../src/model/work.ts';
import { deadlineMs } from '../src/policy/deadline.ts';
import { decideDueEnd, priorityOf } from '../src/policy/ends.ts';
import { planEnd } from '../src/policy/plan.ts';
import { abilitiesOf } from '../src/targets/connect.ts';
import { type Deciding, hold } from './decide-event.ts';
import type { Dependencies } from './dependencies.ts';
import { raise } from './exceptions.ts';
import { tell, writeSettlement } from './settle.ts';
import { viewOf } from './view.ts';

/**
 * Begins an end in the caller's transaction: `Terminating` and a new epoch are committed before the first change, so that
 * older work still in the air is refused. The pending change stays until every target has confirmed; a lost run finds it.
 */
export async function beginInside(deciding: Deciding, pending: PendingChange): Promise<BegunEnd> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  const { policy, targets } = dependencies;
  const epoch = person.epoch + 1;
  const effectiveAt = typeof pending.data['effective'] === 'string' ? pending.data['effective'] : pending.dueAt;
  await tx.putPending(person.id, pending);
  await tx.updatePerson(person.id, { state: 'Terminating', epoch });
  const plan = planEnd({
    person,
    event,
    policy,
    at: effectiveAt,
    targets: [...targets.values()].map(({ name, title, entry, target }) => ({
      name,
      title,
      mode: entry.mode,
      abilities: abilitiesOf(target),
    })),
  });
  const began = Math.max(Date.parse(event.receivedAt), Date.parse(effectiveAt));
  const deadlineAt = new Date(began + deadlineMs(policy, person, event)).toISOString();
  const piece = { workflowId, step: event.key, person: person.id, event: event.key, at: now };
  await tx.addEvidence([
    { ...piece, kind: 'end-begun', data: { epoch, effectiveAt, deadlineAt } },
    {
      ...piece,
      kind: 'plan-made',
      data: {
        hash: plan.hash,
        policy: plan.policy,
        changes: named(plan.changes),
        proposed: named(plan.proposed),
        observed: named(plan.observed),
      },
    },
  ]);
  await askForProposed(deciding, plan);
  return {
    event: event.key,
    pending: pending.id,
    epoch,
    plan,
    priority: priorityOf(event, person),
    effectiveAt,
    deadlineAt,
    titles: Object.fromEntries([...targets.values()].map(({ name, title }) => [name, title])),
    owner: policy.exceptions.owner,
  };
}

const named = (changes: Change[]) => changes.map(({ id, target, action }) => ({ id, target, action }));

/** What Muster may only propose at a target is a person's to do: said aloud, one exception a target. */
async function askForProposed(
  { dependencies, tx, person, event, now, workflowId }: Deciding,
  plan: Plan,
): Promise<void> {
  for (const change of plan.proposed) {
    await raise(tx, dependencies, {
      request: {
        step: `${event.key}/${change.id}/needs-decision`,
        kind: 'needs-decision',
        event: event.key,
        person: person.id,
        target: change.target,
        reason: `${change.summary}: ${change.target} is in mode "propose", so nothing was changed there. Do it by hand, or set its mode to "enforce" in muster.yaml and send the event again.`,
      },
      workflowId,
      now,
    });
  }
}

/** Begins an end whose moment has come, or takes up one that a lost run had begun: decided and planned anew either way. */
export async function beginEnd(
  dependencies: Dependencies,
  request: { person: string; pending: string; now: string; workflowId: string },
): Promise<Decision> {
  return dependencies.store.transaction(async (tx) => {
    const person = await known(tx, request.person);
    const pending = person.pending.find((change) => change.id === request.pending);
    const end = pending === undefined ? undefined : await dueEnd({ ...request, dependencies, tx, person }, pending);
    return { view: await viewOf(tx, dependencies.timing, person.id), ...(end === undefined ? {} : { end }) };
  });
}

async function dueEnd(due: Omit<Deciding, 'event'>, pending: PendingChange): Promise<BegunEnd | undefined> {
  const { tx, person, now, dependencies } = due;
  const { event } = await arrivalOf(tx, pending.event);
  const deciding = { ...due, event };
  if (person.state === 'Terminating') return beginInside(deciding, pending);
  const decision = decideDueEnd({ person, pending, event, policy: dependencies.policy });
  if (decision.decision === 'now' && decision.endsAccess) return beginInside(deciding, pending);
  await tx.removePending(person.id, pending.id);
  if (decision.decision === 'now') {
    await endEngagement(tx, person, pending, decision.effective);
    await writeSettlement(tx, person.id, { event: event.key, outcome: 'applied', reason: decision.reason }, now);
  } else if (decision.decision === 'hold') {
    const verdict = await hold(deciding, decision.kind, decision.reason);
    if ('settlement' in verdict) await writeSettlement(tx, person.id, verdict.settlement, now);
  }
  return undefined;
}

/** Every target has confirmed: `Terminated`, the outcome and the evidence are one transaction; then the event's workflow is told. */
export async function finishEnd(
  dependencies: Dependencies,
  { person: id, end, now, workflowId }: { person: string; end: BegunEnd; now: string; workflowId: string },
): Promise<PersonView> {
  const { store, timing, workflows } = dependencies;
  const settlement = { event: end.event, outcome: 'applied' as const };
  const { view, done } = await store.transaction(async (tx) => {
    const person = await known(tx, id);
    const pending = person.pending.find((change) => change.id === end.pending);
    const ours = person.epoch === end.epoch && pending !== undefined;
    if (ours) {
      await endEngagement(tx, person, pending, end.effectiveAt);
      await tx.updatePerson(id, { state: 'Terminated' });
      await tx.removePending(id, end.pending);
      await tx.putPending(id, readAgainLater(end, now, timing.readAgainMs));
      await writeSettlement(tx, id, settlement, now);
      const step = `${end.event}/${end.epoch}`;
      await tx.addEvidence([
        {
          workflowId,
          step,
          kind: 'person-terminated',
          person: id,
          event: end.event,
          at: now,
          data: { epoch: end.epoch, plan: end.plan.hash },
        },
      ]);
    }
    // A repeat finds its own work done; newer work means that this end is no longer ours to report.
    const done = ours || (await tx.personEvent(id, end.event))?.outcome === 'applied';
    return { view: await viewOf(tx, timing, id), done };
  });
  if (done) await tell(workflows, eventWorkflowId(end.event), settlement);
  return view;
}

/** A pending change is done. What a second reading found open begins its end anew, at once and aloud. */
export async function finishPending(
  dependencies: Dependencies,
  request: {
    person: string;
    pending: string;
    now: string;
    workflowId: string;
    step: string;
    kind: string;
    data: Record<string, unknown>;
  },
): Promise<PersonView> {
  const { person: id, pending: pendingId, now, workflowId, step, kind, data } = request;
  return dependencies.store.transaction(async (tx) => {
    const person = await known(tx, id);
    const pending = person.pending.find((change) => change.id === pendingId);
    if (pending !== undefined) {
      await tx.removePending(id, pendingId);
      if (pending.kind === 'start' && person.state === 'PreHire') await tx.updatePerson(id, { state: 'Active' });
      await tx.addEvidence([{ workflowId, step, kind, person: id, event: pending.event, at: now, data }]);
      const open = Array.isArray(data['open']) ? data['open'].map(String) : [];
      if (open.length > 0) {
        await tx.putPending(id, {
          id: `end:${pending.event}`,
          kind: 'end',
          dueAt: now,
          event: pending.event,
          confidential: false,
          data: {},
        });
        for (const target of open)
          await raiseReopened(dependencies, tx, { id, event: pending.event, target, now, workflowId });
      }
    }
    return viewOf(tx, dependencies.timing, id);
  });
}

async function raiseReopened(
  dependencies: Dependencies,
  tx: Transaction,
  {
    id,
    event,
    target,
    now,
    workflowId,
  }: { id: string; event: string; target: string; now: string; workflowId: string },
): Promise<void> {
  await raise(tx, dependencies, {
    request: {
      step: `${event}/close:${target}/step-failed`,
      kind: 'step-failed',
      event,
      person: id,
      target,
      reason: `${id} was closed in ${target} and is open there again. It is being closed once more; find out what opened it.`,
    },
    workflowId,
    now,
  });
}

/** Writes the last day of the engagement that ends. */
export async function endEngagement(
  tx: Transaction,
  person: Person,
  pending: PendingChange,
  effectiveAt: string,
): Promise<void> {
  const engagement = person.engagements.find(({ id }) => id === pending.data['engagement']);
  if (engagement !== undefined)
    await tx.putEngagement(person.id, { ...engagement, endDate: pending.date ?? effectiveAt.slice(0, 10) });
}

function readAgainLater(end: BegunEnd, now: string, afterMs: number): PendingChange {
  const targets = end.plan.changes.filter((change) => change.action === 'close').map((change) => change.target);
  return {
    id: `read-again:${end.event}`,
    kind: 'later',
    dueAt: new Date(Date.parse(now) + afterMs).toISOString(),
    event: end.event,
    confidential: false,
    data: { action: 'readAgain', targets, priority: end.priority },
  };
}

async function known(tx: Transaction, id: string): Promise<Person> {
  const person = await tx.person(id, { lock: true });
  if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
  return person;
}

async function arrivalOf(tx: Transaction, key: string): Promise<Arrival & { event: IdentityEvent }> {
  const arrival = await tx.arrival(key);
  if (arrival === undefined) throw new Failure('not-found', `the event ${key} is not in the ledger`);
  return arrival;
}
