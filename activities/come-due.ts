import type { Transaction } from '../src/directory/store.ts';
import type { IdentityEvent, Settlement } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { eventWorkflowId } from '../src/model/messages.ts';
import type { PendingChange } from '../src/model/person.ts';
import type { PersonView } from '../src/model/work.ts';
import { planLater } from './access-rows.ts';
import { activate } from './beginning.ts';
import { type Deciding, decideFor, evidence, type Verdict } from './decide-event.ts';
import type { Dependencies } from './dependencies.ts';
import { factSource, factsOf, state } from './facts.ts';
import { giveWay } from './give-way.ts';
import { leaveIsDue } from './leave.ts';
import { changeIsDue } from './moved.ts';
import { tell, wake, writeSettlement } from './settle.ts';
import { viewOf } from './view.ts';

/**
 * The moment of a start, a leave or a change has come: the person is in their new state when this returns, and what
 * access that means is on the timeline, due now. Decided as of today, whatever was thought when it was scheduled.
 */
export async function comeDue(
  dependencies: Dependencies,
  request: { person: string; pending: string; now: string; workflowId: string },
): Promise<PersonView> {
  const { store, timing, workflows } = dependencies;
  const wakes = new Set<string>();
  const { view, settlement } = await store.transaction(async (tx) => {
    const person = await tx.person(request.person, { lock: true });
    if (person === undefined) throw new Failure('not-found', `${request.person} is not in the directory`);
    const pending = person.pending.find(({ id }) => id === request.pending);
    const deciding = { ...request, dependencies, tx, person, wakes };
    const settlement = pending === undefined ? undefined : await due(deciding, pending);
    if (settlement !== undefined) await writeSettlement(tx, person.id, settlement, request.now);
    return { view: await viewOf(tx, timing, person.id), settlement };
  });
  if (settlement !== undefined) await tell(workflows, eventWorkflowId(settlement.event), settlement);
  await wake(workflows, [...wakes]);
  return view;
}

type Due = Omit<Deciding, 'event'>;

async function due(due: Due, pending: PendingChange): Promise<Settlement | undefined> {
  const { tx, person } = due;
  const event = await eventOf(tx, pending.event);
  const deciding: Deciding = { ...due, event };
  switch (pending.kind) {
    case 'start':
      return begins(deciding, pending);
    case 'leave':
      return settledBy(await leaveIsDue(deciding, pending));
    case 'change':
      if (typeof pending.data['hold'] === 'string' || event.type === 'session-risk')
        return decidedAgain(deciding, pending);
      if (person.state !== 'Terminated' && person.state !== 'Cancelled')
        return settledBy(await changeIsDue(deciding, pending));
      await tx.removePending(person.id, pending.id);
      return { event: event.key, outcome: 'ignored', reason: `${person.id} is ${person.state} by now` };
    default:
      throw new Failure('protocol', `${pending.kind} does not come due by itself`);
  }
}

/** What was scheduled is settled on its day; what is under way then is when that is done. */
const settledBy = (verdict: Verdict): Settlement | undefined =>
  'settlement' in verdict ? verdict.settlement : undefined;

/** What a safeguard had held is decided anew once it is released. */
async function decidedAgain(deciding: Deciding, pending: PendingChange): Promise<Settlement | undefined> {
  await deciding.tx.removePending(deciding.person.id, pending.id);
  return settledBy(await decideFor(deciding));
}

/** 00:00 on the start date has come. */
async function begins(deciding: Deciding, pending: PendingChange): Promise<Settlement | undefined> {
  const { tx, person, event, now } = deciding;
  await tx.removePending(person.id, pending.id);
  const engagement = String(pending.data['engagement']);
  const date = pending.date ?? pending.dueAt.slice(0, 10);
  await becomesPrimary(deciding, pending, date);
  const data = { startDate: date, zone: pending.zone ?? null };
  if (person.state === 'Suspended') {
    await evidence(deciding, 'engagement-begun', data);
    return { event: event.key, outcome: 'applied', reason: 'they stay suspended until security lifts it' };
  }
  if (person.state === 'Active' || person.state === 'OnLeave') {
    // Whoever works here already has one engagement more, or goes on in the next.
    await evidence(deciding, 'engagement-begun', data);
    const row = { event: event.key, dueAt: now };
    await planLater(tx, person, row, { process: 'joiner', settles: true, see: true, grace: true, attributes: true });
    return undefined;
  }
  await evidence(deciding, 'person-active', data);
  if (person.state === 'Terminated') {
    const later = person.pending.filter(({ kind, data }) => kind === 'later' && data['action'] !== 'readAgain');
    await giveWay(deciding, later, `they are back by ${event.key}`);
    await tx.keepNames(person.id);
  }
  await activate(deciding, { event: event.key, date, engagement, unprepared: person.state === 'Terminated' });
  return undefined;
}

/** The engagement that begins takes the place of one that is over, and what was said of it holds from now on. */
async function becomesPrimary(deciding: Deciding, pending: PendingChange, date: string): Promise<void> {
  const { tx, person, event } = deciding;
  const begun = person.engagements.find(({ id }) => id === pending.data['engagement']);
  const others = person.engagements.filter(({ id, primary }) => primary && id !== begun?.id);
  const goesOn = others.some(({ endDate }) => endDate === undefined || endDate >= date);
  if (begun === undefined || goesOn) return;
  for (const other of others) await tx.putEngagement(person.id, { ...other, primary: false });
  await tx.putEngagement(person.id, { ...begun, primary: true });
  if (pending.data['next'] !== true) return;
  const facts = { ...factsOf(event), workerType: begun.workerType };
  const stated = state(person, facts, factSource(event, pending.dueAt), true);
  await tx.updatePerson(person.id, {
    attributes: stated.attributes,
    facts: stated.facts,
    privileged: stated.privileged,
  });
  person.attributes = stated.attributes;
}

async function eventOf(tx: Transaction, key: string): Promise<IdentityEvent> {
  const arrival = await tx.arrival(key);
  if (arrival === undefined) throw new Failure('not-found', `the event ${key} is not in the ledger`);
  return arrival.event;
}

/** A hold was released: what it kept goes on. */
export async function letGo(
  { store, timing }: Dependencies,
  request: { person: string; hold: string },
): Promise<PersonView> {
  return store.transaction(async (tx) => {
    const person = await tx.person(request.person, { lock: true });
    if (person === undefined) throw new Failure('not-found', `${request.person} is not in the directory`);
    const decided = (await tx.heldFor(person.id)).filter(({ hold }) => hold === request.hold);
    for (const row of person.pending.filter(({ data }) => data['hold'] === request.hold)) {
      // Rows that are answered by one plan are held as one, under the event of the newest.
      const { state } = decided.find(({ event }) => event === row.event) ?? decided.at(-1) ?? { state: 'taken' };
      if (state === 'held') continue;
      const { hold: _, ...data } = row.data;
      if (state === 'rejected') await tx.removePending(person.id, row.id);
      else await tx.putPending(person.id, { ...row, data: { ...data, wasHeld: true } });
    }
    return viewOf(tx, timing, person.id);
  });
}
