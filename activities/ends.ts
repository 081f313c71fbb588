import type { Arrival, Transaction } from '../src/directory/store.ts';
import type { IdentityEvent } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { eventWorkflowId } from '../src/model/messages.ts';
import type { PendingChange, Person } from '../src/model/person.ts';
import type { Change, Plan } from '../src/model/plan.ts';
import { dateIn } from '../src/model/time.ts';
import type { BegunEnd, Decision, PersonView } from '../src/model/work.ts';
import { deadlineMs } from '../src/policy/deadline.ts';
import { confidential, decideDueEnd, priorityOf } from '../src/policy/ends.ts';
import { pendingEndsOf, zoneOf } from '../src/policy/engagements.ts';
import { planEnd } from '../src/policy/plan.ts';
import { abilitiesOf } from '../src/targets/connect.ts';
import { planDaysAfter } from './access.ts';
import { tellApprovers } from './answers.ts';
import { handOnApprovals, voidApprovals } from './approvals.ts';
import { type Deciding, evidence, hold } from './decide-event.ts';
import type { Dependencies } from './dependencies.ts';
import { raise, settleSteps } from './exceptions.ts';
import { goesOn } from './goes-on.ts';
import { handOver } from './handover.ts';
import { takeBackByHand, withdrawOrder } from './orders.ts';
import { reserve } from './safeguards.ts';
import { tell, wake, writeSettlement } from './settle.ts';
import { answerNo } from './source-answers.ts';
import { viewOf } from './view.ts';

/**
 * Begins an end in the caller's transaction: `Terminating` and a new epoch are committed before the first change, so that
 * older work still in the air is refused. The pending change stays until every target has confirmed; a lost run finds it.
 */
export async function beginInside(deciding: Deciding, pending: PendingChange): Promise<BegunEnd | undefined> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  const { policy, targets } = dependencies;
  if (await isHeld(deciding, pending)) return undefined;
  const epoch = person.epoch + 1;
  const effectiveAt = typeof pending.data['effective'] === 'string' ? pending.data['effective'] : pending.dueAt;
  await tx.putPending(person.id, pending);
  await tx.updatePerson(person.id, { state: 'Terminating', epoch });
  await handOver(deciding, pending);
  const { handedOn, overtaken } = await overtake(deciding, pending);
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
  const within = deadlineMs(policy, person, event);
  const after = (ms: number) => new Date(began + ms).toISOString();
  const deadlineAt = after(within);
  const piece = { workflowId, step: event.key, person: person.id, event: event.key, at: now };
  await tx.addEvidence([
    { ...piece, kind: 'end-begun', data: { epoch, effectiveAt, deadlineAt, was: before(person, pending) } },
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
    priority: endPriority(event, person),
    effectiveAt,
    deadlineAt,
    warnAt: after(Math.floor(within / 2)),
    titles: Object.fromEntries([...targets.values()].map(({ name, title }) => [name, title])),
    owner: policy.exceptions.owner,
    ...(handedOn.length === 0 ? {} : { handedOn }),
    ...(overtaken.length === 0 ? {} : { overtaken }),
  };
}

/** How they were, beside their accounts: an undo brings back this and nothing else. */
function before({ state, engagements, grants }: Person, { data }: PendingChange) {
  const engagement = engagements.find(({ id }) => id === data['engagement']);
  return { state, engagement: engagement?.id ?? null, endDate: engagement?.endDate ?? null, grants };
}

/** An end is an end, though it was a hire that said when its contract is over. */
const endPriority = ({ data }: IdentityEvent, person: Person): number =>
  priorityOf({ type: 'terminated', data }, person);

/** Counts the end against the safeguards, once, however often it is begun. What is held waits on the timeline. */
async function isHeld(deciding: Deciding, pending: PendingChange): Promise<boolean> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  // An account that is found open again belongs to an end that was counted long ago.
  if (person.state === 'Terminating' || person.state === 'Terminated') return false;
  const kind = event.data.category === 'forCause' ? 'security' : 'end';
  const verdict = await reserve(tx, dependencies, {
    person: person.id,
    event: event.key,
    kind,
    source: event.source,
    now,
    summary: `end all access of ${person.id}`,
    priority: endPriority(event, person),
    confidential: confidential(event, dependencies.policy),
    workflowId,
  });
  if (verdict.state === 'taken') return false;
  if (verdict.state === 'rejected') {
    await tx.removePending(person.id, pending.id);
    await writeSettlement(tx, person.id, { event: event.key, outcome: 'dropped', reason: verdict.reason }, now);
    return true;
  }
  await tx.putPending(person.id, { ...pending, data: { ...pending.data, hold: verdict.hold, holdKind: kind } });
  await writeSettlement(
    tx,
    person.id,
    { event: event.key, outcome: 'held', reason: `held by a safeguard: ${verdict.hold}` },
    now,
  );
  return true;
}

/**
 * Whatever was to happen to their access is overtaken by its end; whoever sent it is told so at the next delivery. Gives the
 * people about whom somebody else is asked now.
 */
async function overtake(
  { dependencies, tx, person, event, now, workflowId }: Deciding,
  end: PendingChange,
): Promise<{ handedOn: string[]; overtaken: string[] }> {
  await voidApprovals(tx, dependencies, person.id, [], now);
  const handedOn = await handOnApprovals(tx, dependencies, person, now);
  for (const change of handedOn) {
    await tellApprovers({ dependencies, tx, person: { id: change.approval.person }, now }, change);
  }
  const overtaken: string[] = [];
  const settled = new Set<string>();
  for (const row of person.pending) {
    const isOfIt = row.data['engagement'] === end.data['engagement'];
    const begins = row.kind === 'start' && isOfIt;
    // What was left in sight in the place of this end.
    const alsoEnds = row.kind === 'end' && isOfIt && typeof row.data['engagement'] === 'string' && row.id !== end.id;
    if (!begins && !alsoEnds && !endsWithAccess.has(row.kind) && row.data['action'] !== 'credential') continue;
    if (row.kind === 'order') await withdrawOrder(tx, person, row, event.key);
    else await tx.removePending(person.id, row.id);
    if (row.event === event.key || row.data['contract'] === true) continue;
    overtaken.push(row.event);
    const comment = `${person.id} has left`;
    if (await answerNo(tx, person, { event: row.event, comment, now })) continue;
    const before = await tx.personEvent(person.id, row.event);
    if (before !== undefined && before.outcome !== 'waiting' && before.outcome !== 'scheduled') continue;
    const reason = `overtaken by ${event.key}`;
    await writeSettlement(tx, person.id, { event: row.event, outcome: 'ignored', reason }, now);
    settled.add(row.event);
  }
  const reason = `overtaken by ${event.key}`;
  await settleSteps(tx, { person: person.id, events: overtaken, workflowId, now, reason });
  const asked = handedOn.filter((change) => change.tell.length > 0).map(({ approval }) => approval.person);
  return { handedOn: [...new Set(asked)], overtaken: [...settled] };
}

/** Events that an end has overtaken hear so at once; whoever is missed hears it at the next delivery. */
export async function tellOvertaken(workflows: Dependencies['workflows'], end: BegunEnd | undefined): Promise<void> {
  for (const event of end?.overtaken ?? []) {
    const reason = `overtaken by ${end?.event ?? ''}`;
    await tell(workflows, eventWorkflowId(event), { event, outcome: 'ignored', reason });
  }
}

const endsWithAccess: ReadonlySet<PendingChange['kind']> = new Set([
  'access',
  'grace',
  'leave',
  'change',
  'reminder',
  'approval',
  'order',
]);

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
  const decision = await dependencies.store.transaction(async (tx): Promise<Decision> => {
    const person = await known(tx, request.person);
    const pending = person.pending.find((change) => change.id === request.pending);
    const end = pending === undefined ? undefined : await dueEnd({ ...request, dependencies, tx, person }, pending);
    return { view: await viewOf(tx, dependencies.timing, person.id), ...(end === undefined ? {} : { end }) };
  });
  await wake(dependencies.workflows, decision.end?.handedOn);
  await tellOvertaken(dependencies.workflows, decision.end);
  return decision;
}

async function dueEnd(due: Omit<Deciding, 'event'>, pending: PendingChange): Promise<BegunEnd | undefined> {
  const { tx, person, now, dependencies } = due;
  const { event } = await arrivalOf(tx, pending.event);
  const deciding = { ...due, event };
  if (isInPlaceOfAnother(person, pending)) {
    await giveWay(deciding, pending);
    return undefined;
  }
  if (person.state === 'Terminating') return beginInside(deciding, pending);
  // An account that was found open again: the person left long ago, and is closed anew.
  const decision = decideDueEnd({ person, pending, event, policy: dependencies.policy });
  if (decision.decision === 'now' && decision.endsAccess) return beginInside(deciding, pending);
  await tx.removePending(person.id, pending.id);
  if (decision.decision === 'now') {
    await endEngagement(tx, person, pending, decision.effective, event);
    await evidence(deciding, 'engagement-ended', { engagement: decision.engagement ?? null, date: decision.date });
    if (await goesOn(deciding, decision.engagement)) return undefined;
    await writeSettlement(tx, person.id, { event: event.key, outcome: 'applied', reason: decision.reason }, now);
  } else if (decision.decision === 'hold') {
    const verdict = await hold(deciding, decision.kind, decision.reason);
    if ('settlement' in verdict) await writeSettlement(tx, person.id, verdict.settlement, now);
  }
  return undefined;
}

/** It was left in sight because the end that counts must not show; it never was to happen. */
function isInPlaceOfAnother(person: Person, { id, confidential, data }: PendingChange): boolean {
  const engagement = data['engagement'];
  if (confidential || typeof engagement !== 'string') return false;
  return pendingEndsOf(person, engagement).some((other) => other.confidential && other.id !== id);
}

async function giveWay({ tx, person, now }: Deciding, pending: PendingChange): Promise<void> {
  await tx.removePending(person.id, pending.id);
  if (pending.data['contract'] === true) return;
  const reason = 'something else was said of it since';
  await writeSettlement(tx, person.id, { event: pending.event, outcome: 'ignored', reason }, now);
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
      const { event } = await arrivalOf(tx, end.event);
      await endEngagement(tx, person, pending, end.effectiveAt, event);
      await tx.updatePerson(id, { state: 'Terminated' });
      await tx.removePending(id, end.pending);
      for (const grant of person.grants) await tx.removeGrant(id, grant);
      await takeBackByHand({ dependencies, tx, person, now, workflowId }, person.grants, end.event);
      await tx.releaseNames(id, now);
      await planDaysAfter(dependencies, tx, person, {
        event: end.event,
        date: lastDayOf(dependencies, person, pending, now),
      });
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
      const open = Array.isArray(data['open']) ? data['open'].map(String) : [];
      // Hired again meanwhile: what is open was opened for that.
      const isBack = person.state !== 'Terminated' && person.state !== 'Terminating';
      const piece = { workflowId, step, person: id, event: pending.event, at: now, data };
      await tx.addEvidence([{ ...piece, kind: open.length > 0 && isBack ? 'second-reading-overtaken' : kind }]);
      if (open.length > 0 && !isBack) {
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
  event?: IdentityEvent,
): Promise<void> {
  const engagement = person.engagements.find(({ id }) => id === pending.data['engagement']);
  if (engagement === undefined) return;
  await tx.putEngagement(person.id, {
    ...engagement,
    endDate: pending.date ?? effectiveAt.slice(0, 10),
    // What is closed once more ended before, and it stays written how.
    ...(event === undefined || engagement.end !== undefined ? {} : { end: howItEnded(event) }),
  });
}

/** What a later hire asks about: who said it when, why, and whether they are welcome again. */
function howItEnded(event: IdentityEvent): NonNullable<Person['engagements'][number]['end']> {
  const { category, eligibleForRehire } = event.data;
  return {
    event: event.key,
    enteredAt: event.enteredAt ?? event.receivedAt,
    ...(event.type === 'terminated' && category !== undefined ? { category } : {}),
    ...(typeof eligibleForRehire === 'boolean' ? { eligibleForRehire } : {}),
  };
}

/** From when the days after are counted: an end that came late took access late, and deletes nothing sooner for it. */
function lastDayOf({ policy }: Dependencies, person: Person, pending: PendingChange, now: string): string {
  const today = dateIn(Date.parse(now), zoneOf(policy, person).zone);
  return pending.date !== undefined && pending.date > today ? pending.date : today;
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
