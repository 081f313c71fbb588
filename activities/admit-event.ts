import { WorkflowNotFoundError } from '@temporalio/client';
import type { Transaction, Waiting } from '../src/directory/store.ts';
import { eventTypes, type IdentityEvent } from '../src/model/event.ts';
import { internalSources, laterKey, personCreatedSignal } from '../src/model/messages.ts';
import { sourceScope } from '../src/model/stop.ts';
import type { Admission, EventRequest, Match } from '../src/model/work.ts';
import { priorityOf } from '../src/policy/ends.ts';
import type { Dependencies } from './dependencies.ts';
import { newPerson } from './new-person.ts';
import { readingFor } from './read-at-source.ts';

/** Enters the event in the ledger, once for all time, and finds whose it is. */
export async function admitEvent(dependencies: Dependencies, request: EventRequest): Promise<Admission> {
  const { admission, waiting } = await dependencies.store.transaction(
    async (tx): Promise<{ admission: Admission; waiting: Waiting[] }> => {
      const claimed = await claim(dependencies, tx, request);
      if (claimed.kind === 'duplicate') return { admission: claimed, waiting: [] };
      const { event } = claimed;
      await accepted(tx, { ...request, event });
      const ours = event === request.event ? {} : { event };
      if (await waitsForGo(tx, event)) {
        await park(tx, { ...request, event });
        return { admission: { kind: 'stopped', ...ours }, waiting: [] };
      }
      if (claimed.parked) await tx.reopenArrival(event.key);
      const entered = await enter(dependencies, tx, { ...request, event });
      return { ...entered, admission: { ...entered.admission, ...ours } };
    },
  );
  await wake(dependencies, waiting);
  return admission;
}

/** `parked`: a stop of its source has kept it so far. */
type Claim = { kind: 'duplicate'; outcome: string } | { kind: 'ours'; event: IdentityEvent; parked: boolean };

/** Makes the event this run's own, under its key or, where an equal one of long ago has that, under a later one. */
async function claim(dependencies: Dependencies, tx: Transaction, request: EventRequest): Promise<Claim> {
  const { event, workflowId, firstRunId } = request;
  const admitted = await tx.admit({ key: event.key, event, workflowId, firstRunId, receivedAt: event.receivedAt });
  if (admitted.inserted) return { kind: 'ours', event, parked: false };
  const { settledAt, outcome, receivedAt } = admitted.existing;
  const parked = outcome === 'held' && admitted.existing.person === undefined;
  if (admitted.existing.firstRunId === firstRunId) return { kind: 'ours', event, parked };
  // Temporal had forgotten the first run. What it settled stays settled; what it left open is ours now.
  if (settledAt === undefined) {
    await tx.takeOver(event.key, firstRunId);
    return { kind: 'ours', event, parked };
  }
  if (!isOccurrenceOfItsOwn(dependencies, event, receivedAt)) {
    return { kind: 'duplicate', outcome: outcome ?? 'applied' };
  }
  return claim(dependencies, tx, { ...request, event: { ...event, key: laterKey(event.key, firstRunId) } });
}

/** Equal words without an own id are the same event within the source's window, and may say something new after it. */
function isOccurrenceOfItsOwn({ sources }: Dependencies, event: IdentityEvent, before: string): boolean {
  if (!event.id.startsWith('fp-')) return false;
  return Date.parse(event.receivedAt) - Date.parse(before) > (sources[event.source]?.duplicateWindow ?? 0);
}

function accepted(tx: Transaction, { event, workflowId, now }: EventRequest): Promise<void> {
  const { key, source, type, subject, payloadHash, receivedAt } = event;
  return tx.addEvidence([
    {
      workflowId,
      step: key,
      kind: 'event-accepted',
      event: key,
      at: now,
      data: { source, type, subject, payloadHash, receivedAt },
    },
  ]);
}

/** Is its source stopped, or has it just been let go and more urgent events of it have not gone on yet? */
async function waitsForGo(tx: Transaction, event: IdentityEvent): Promise<boolean> {
  const scope = sourceScope(event.source);
  if ((await tx.stops()).some((stop) => stop.scope === scope)) return true;
  // For a minute alone: one whose workflow somebody ended must not keep the others for ever.
  if ((await tx.liftedFor([scope])) === undefined) return false;
  const own = priorityOf(event);
  const more = eventTypes.filter((type) => priorityOf({ type, data: {} }) < own);
  return more.length > 0 && tx.isParked(event.source, more);
}

async function park(tx: Transaction, { event, workflowId, now }: EventRequest): Promise<void> {
  const reason = `the source ${event.source} is stopped`;
  await tx.updateArrival(event.key, { outcome: 'held', reason });
  const piece = { workflowId, step: event.key, event: event.key, at: now };
  await tx.addEvidence([{ ...piece, kind: 'event-parked', data: { source: event.source } }]);
}

/** Looks again. An event of a source of record that hires somebody makes the person, and wakes whoever waited for them. */
export async function findPerson(dependencies: Dependencies, request: EventRequest): Promise<Match> {
  const { admission, waiting } = await dependencies.store.transaction((tx) => enter(dependencies, tx, request));
  await wake(dependencies, waiting);
  return admission.match;
}

interface Entered {
  admission: { kind: 'admitted'; match: Match };
  waiting: Waiting[];
}

async function enter(dependencies: Dependencies, tx: Transaction, request: EventRequest): Promise<Entered> {
  const { sources, policy } = dependencies;
  const { event, workflowId, now } = request;
  const found = request.attachTo === undefined ? await peopleFor(tx, event) : await aliases(tx, request.attachTo);
  if (found.length > 1)
    return { admission: { kind: 'admitted', match: { kind: 'several', people: found } }, waiting: [] };
  const [only] = found;
  if (only !== undefined)
    return { admission: await identified(dependencies, tx, request, only), waiting: await woken(tx, event) };
  // Attached to their own number: somebody has looked, and says that they are new.
  const isNew = request.attachTo === event.subject;
  if (request.attachTo !== undefined && !isNew)
    return { admission: { kind: 'admitted', match: { kind: 'nobody' } }, waiting: [] };

  // Whoever looks and whoever creates take turns, so that no event waits for a person who is there.
  await tx.lock(`subject:${event.subject}`);
  const [since] = await peopleFor(tx, event);
  if (since !== undefined)
    return { admission: await identified(dependencies, tx, request, since), waiting: await woken(tx, event) };
  const mayCreate = sources[event.source]?.authoritative === true;
  const created = mayCreate ? await newPerson(tx, policy, event, isNew) : undefined;
  if (created?.kind === 'several') {
    return { admission: { kind: 'admitted', match: { kind: 'several', people: created.people } }, waiting: [] };
  }
  if (created?.kind === 'created') {
    await tx.addEvidence([
      {
        workflowId,
        step: event.key,
        kind: 'person-created',
        person: created.person,
        event: event.key,
        at: now,
        data: { source: event.source },
      },
    ]);
    return { admission: await identified(dependencies, tx, request, created.person), waiting: await woken(tx, event) };
  }
  await tx.addWaiting({
    event: event.key,
    source: event.source,
    subject: event.subject,
    type: event.type,
    workflowId,
    since: now,
  });
  return { admission: { kind: 'admitted', match: { kind: 'nobody' } }, waiting: [] };
}

async function identified(
  dependencies: Dependencies,
  tx: Transaction,
  request: EventRequest,
  id: string,
): Promise<Entered['admission']> {
  const { event, workflowId, now } = request;
  const person = await tx.person(id);
  await tx.updateArrival(event.key, { person: id });
  await tx.addEvidence([
    {
      workflowId,
      step: event.key,
      kind: 'person-identified',
      person: id,
      event: event.key,
      at: now,
      data: { subject: event.subject },
    },
  ]);
  // What the person has answered is read no more: this is another run of the same.
  const isNew = person !== undefined && (await tx.personEvent(id, event.key)) === undefined;
  const reading = isNew ? readingFor(dependencies, event, person, now) : undefined;
  return {
    kind: 'admitted',
    match: {
      ...{ kind: 'person', person: id, priority: person === undefined ? 2 : priorityOf(event, person) },
      ...(reading === undefined ? {} : { reading }),
    },
  };
}

const inside: ReadonlySet<string> = new Set(internalSources);

/** By the source's worker id, then by any source's; an e-mail that is somebody else's makes it two people and not one. */
async function peopleFor(tx: Transaction, event: IdentityEvent): Promise<string[]> {
  // What comes from inside names the person by Muster's own id, which need not be a worker's.
  if (inside.has(event.source) && (await tx.person(event.subject)) !== undefined) return [event.subject];
  const own = await tx.peopleWith({ type: 'workerId', value: event.subject, source: event.source });
  const byWorkerId = own.length > 0 ? own : await tx.peopleWith({ type: 'workerId', value: event.subject });
  if (event.data.email === undefined || byWorkerId.length === 0) return byWorkerId;
  const byEmail = await tx.peopleWith({ type: 'email', value: event.data.email });
  return [...new Set([...byWorkerId, ...byEmail])];
}

async function aliases(tx: Transaction, alias: string): Promise<string[]> {
  return (await tx.personByAlias(alias)).map((person) => person.id);
}

/** Events that wait for exactly this subject; their rows go once their workflows have been told. */
async function woken(tx: Transaction, event: IdentityEvent): Promise<Waiting[]> {
  const waiting = await tx.waitingFor(event.source, event.subject);
  return waiting.filter((other) => other.event !== event.key);
}

async function wake({ store, workflows }: Dependencies, waiting: Waiting[]): Promise<void> {
  for (const { event, workflowId } of waiting) {
    try {
      await workflows.getHandle(workflowId).signal(personCreatedSignal);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    await store.transaction((tx) => tx.removeWaiting(event));
  }
}
