import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Propagation, Transaction } from '../src/directory/store.ts';
import type { IdentityEvent } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { musterQueue, priorities, workflowTypes } from '../src/model/messages.ts';
import type { Person } from '../src/model/person.ts';
import {
  type PropagationActivities,
  type PropagationInput,
  type PropagationLook,
  type PropagationProgress,
  propagationWorkflowId,
} from '../src/model/propagation.ts';
import { governedBy } from '../src/policy/policy-change.ts';
import { dataOf, governedBefore, note, type PropagationData, progressOf } from '../src/propagation/rows.ts';
import { type Looked, lookAt } from '../src/propagation/touched.ts';
import { startEvent } from '../src/receiver/event-start.ts';
import { insideEvent } from '../src/receiver/inside-event.ts';
import { plannedTargets } from './access.ts';
import type { Dependencies } from './dependencies.ts';

type Asked<Activity extends keyof PropagationActivities> = Parameters<PropagationActivities[Activity]>[0];

/** Activities of the propagation, for the worker on the queue `muster`. */
export function createPropagationActivities(dependencies: Dependencies): PropagationActivities {
  return {
    lookForChange: (request) => lookForChange(dependencies, request),
    beginPropagation: (request) => beginPropagation(dependencies, request),
    propagate: (request) => propagate(dependencies, request),
    giveUpPropagation: (request) => giveUp(dependencies, request),
  };
}

/** Rows of earlier propagations that are looked at: twenty policies on their way, and none arrived, is somebody's to see. */
const mostRows = 20;
/** Between two looks whether somebody has stopped it. */
const startedBetweenLooks = 10;

async function lookForChange(dependencies: Dependencies, { now }: Asked<'lookForChange'>): Promise<PropagationLook> {
  const { store, policy } = dependencies;
  const did = await store.transaction(async (tx): Promise<PropagationLook['did']> => {
    await tx.lock('propagation');
    const [latest] = await tx.propagations(1);
    if (latest === undefined) {
      await tx.putPropagation({
        ...{ id: nameOf(policy.hash, 0), policy: policy.hash, state: 'finished', by: 'muster' },
        ...{ startedAt: now, endedAt: now, looked: 0, changed: 0 },
        data: { governs: governedBy(policy), baseline: true },
      });
      return 'noted';
    }
    // What somebody stopped is begun again by somebody; what was lost on its way goes on.
    return latest.policy === policy.hash && latest.state !== 'running' ? 'nothing' : 'started';
  });
  if (did === 'started') await start(dependencies, { policy: policy.hash, by: 'muster' });
  return { policy: policy.hash, did };
}

async function start({ workflows }: Dependencies, input: PropagationInput & { policy: string }): Promise<void> {
  try {
    await workflows.start<(given: PropagationInput) => Promise<unknown>>(workflowTypes.propagatePolicy, {
      ...{ workflowId: propagationWorkflowId(input.policy), taskQueue: musterQueue, args: [input] },
      ...{ workflowIdReusePolicy: 'ALLOW_DUPLICATE', workflowIdConflictPolicy: 'FAIL' },
      priority: { priorityKey: priorities.bulk },
      staticSummary: 'bring everybody in line with the policy',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

async function beginPropagation(
  { store, policy }: Dependencies,
  { policy: hash, by, now, run }: Asked<'beginPropagation'>,
): Promise<PropagationProgress> {
  return store.transaction(async (tx) => {
    await tx.lock('propagation');
    const rows = await tx.propagations(mostRows);
    const [latest] = rows;
    const data = latest === undefined ? undefined : dataOf(latest);
    const isSame = latest?.policy === hash;
    // This run's own, or one whose workflow was lost.
    if (isSame && (data?.run === run || latest.state === 'running')) return progressOf(latest);
    if (policy.hash !== hash) return { ...nothingYet(hash, by, now), otherPolicy: true };
    if (isSame && latest.state === 'stopped') {
      const { endedAt: _, ...going } = latest;
      const { reason: __, ...rest } = latest.data;
      const resumed: Propagation = { ...going, state: 'running', data: { ...rest, run } };
      await tx.putPropagation(resumed);
      await note(tx, resumed, 'policy-propagation-resumed', now, { by });
      return progressOf(resumed);
    }
    if (latest?.state === 'running') {
      await tx.putPropagation({
        ...latest,
        state: 'stopped',
        endedAt: now,
        data: { ...latest.data, reason: `overtaken by ${hash}` },
      });
    }
    const before = rows.find((row) => row.state === 'finished')?.policy;
    const row: Propagation = {
      ...{
        id: nameOf(hash, rows.filter((each) => each.policy === hash && !dataOf(each).baseline).length + 1),
        policy: hash,
      },
      ...(before === undefined ? {} : { before }),
      ...{ state: 'running', by, startedAt: now, looked: 0, changed: 0 },
      data: {
        // What the ones before spoke of is still to be taken back when this one is stopped on its way.
        ...{ governs: governedBy(policy), run, people: await tx.countActive() },
        again: isSame && data?.baseline === false,
      },
    };
    await tx.putPropagation(row);
    await note(tx, row, 'policy-propagation-begun', now, { by, before: before ?? null });
    return progressOf(row);
  });
}

const nothingYet = (policy: string, by: string, now: string): PropagationProgress => ({
  ...{ id: nameOf(policy, 1), policy, state: 'running', by, startedAt: now },
  ...{ looked: 0, people: 0, changed: 0, inFlight: 0, held: 0 },
});

/** `sha256:1a2b3c4d…` → `1a2b3c4d`, `1a2b3c4d.2`, …; `1a2b3c4d.0` is one that was only noted. */
const nameOf = (policy: string, round: number): string =>
  `${policy.replace(/^sha256:/, '').slice(0, 8)}${round === 1 ? '' : `.${round}`}`;

/** One step. Everything it needs to know is in the row, so that a repeat and another run go on where it was. */
async function propagate(
  dependencies: Dependencies,
  { id, size, now }: Asked<'propagate'>,
): Promise<PropagationProgress> {
  const { store, policy } = dependencies;
  const row = await store.transaction((tx) => advance(dependencies, tx, { id, size, now }));
  const progress = progressOf(row);
  if (row.state !== 'running') return progress;
  if (row.policy !== policy.hash) return { ...progress, otherPolicy: true };
  const { batch, started } = dataOf(row);
  if (started || batch.length === 0) return progress;
  for (const [index, { person, revoke }] of batch.entries()) {
    if (index % startedBetweenLooks === 0 && !(await isRunning(dependencies, id))) break;
    await startEvent(dependencies.workflows, eventFor(row, person, revoke, now));
  }
  const after = await store.transaction(async (tx) => {
    const latest = await rowOf(tx, id);
    if (latest.state !== 'running') return latest;
    const begun = { ...latest, data: { ...latest.data, started: true } };
    await tx.putPropagation(begun);
    return begun;
  });
  return progressOf(after);
}

async function isRunning({ store }: Dependencies, id: string): Promise<boolean> {
  const [latest] = await store.read((reader) => reader.propagations(1));
  return latest?.id === id && latest.state === 'running';
}

async function rowOf(tx: Transaction, id: string): Promise<Propagation> {
  const row = await tx.propagation(id, { lock: true });
  if (row === undefined) throw new Failure('not-found', `the propagation ${id} is not in the database`);
  return row;
}

/** Takes those whose events are settled out of the batch; where it is empty, looks at the next people. */
async function advance(
  dependencies: Dependencies,
  tx: Transaction,
  { id, size, now }: Asked<'propagate'>,
): Promise<Propagation> {
  const row = await rowOf(tx, id);
  if (row.state !== 'running' || row.policy !== dependencies.policy.hash) return row;
  const data = dataOf(row);
  if (data.batch.length > 0 && !data.started) return row;
  const { left, held } = await stillInFlight(tx, row, data.batch);
  const next: Propagation = { ...row, data: { ...data, batch: left, held: data.held + held } };
  if (left.length === 0) return nextBatch(dependencies, tx, next, { size, now });
  await tx.putPropagation(next);
  return next;
}

async function nextBatch(
  dependencies: Dependencies,
  tx: Transaction,
  row: Propagation,
  { size, now }: { size: number; now: string },
): Promise<Propagation> {
  const data = dataOf(row);
  if (data.isLast) {
    const finished: Propagation = { ...row, state: 'finished', endedAt: now };
    await tx.putPropagation(finished);
    await note(tx, finished, 'policy-propagated', now, { held: data.held });
    return finished;
  }
  const { policy } = dependencies;
  const others = (await tx.propagations(mostRows)).filter(({ id }) => id !== row.id);
  const question = { policy, before: governedBefore(others), targets: plannedTargets(dependencies), at: now };
  const { looked, touched, last } = await lookAt(tx, question, { after: row.cursor, size });
  const wanted: Looked['touched'] = [];
  for (const touch of touched) if (await isNews(tx, touch, data)) wanted.push(touch);
  const next: Propagation = {
    ...row,
    ...(last === undefined ? {} : { cursor: last }),
    looked: row.looked + looked,
    changed: row.changed + wanted.length,
    data: {
      ...data,
      isLast: last === undefined,
      started: false,
      batch: wanted.map(({ person, revoke }) => ({ person: person.id, revoke })),
    },
  };
  await tx.putPropagation(next);
  return next;
}

/** Is there anything to start for them that is not under way, or was not said before under this very policy? */
async function isNews(
  tx: Transaction,
  { person, plan }: Looked['touched'][number],
  { again }: PropagationData,
): Promise<boolean> {
  if (person.pending.some(isUnderWay)) return false;
  if (plan.changes.length > 0) return true;
  if (!again) return true;
  if (plan.asks.length === 0) return false;
  const { items } = await tx.approvals({ person: person.id }, { limit: 500 });
  return plan.asks.some(({ hash }) => !items.some((each) => each.hash === hash && each.state !== 'void'));
}

const isUnderWay = ({ kind, data }: Person['pending'][number]): boolean =>
  kind === 'access' && data['process'] === 'policy';

function eventFor(
  row: Propagation,
  person: string,
  revoke: PropagationData['batch'][number]['revoke'],
  now: string,
): IdentityEvent {
  return insideEvent({
    ...{ source: 'muster', id: `propagate-policy.${row.id}.${person}`, type: 'policy-changed', subject: person, now },
    // Whoever has it applied releases none of what a safeguard holds of it.
    ...(row.by === 'muster' ? {} : { by: row.by }),
    data: { policy: row.policy, ...(revoke.length === 0 ? {} : { revoke }) },
  });
}

/** Whose events are not settled, and how many wait for somebody: those keep no others from beginning. */
async function stillInFlight(
  tx: Transaction,
  row: Propagation,
  batch: PropagationData['batch'],
): Promise<{ left: PropagationData['batch']; held: number }> {
  const left: PropagationData['batch'] = [];
  let held = 0;
  for (const one of batch) {
    const { key } = eventFor(row, one.person, [], row.startedAt);
    const arrival = await tx.arrival(key);
    if (arrival?.settledAt !== undefined) continue;
    if (waitsForSomebody.has(arrival?.outcome ?? '') || (await hasException(tx, one.person, key))) held += 1;
    else left.push(one);
  }
  return { left, held };
}

const waitsForSomebody: ReadonlySet<string> = new Set(['held', 'waiting', 'scheduled']);

/** A target is late, refuses, or is away for long: somebody has been told. */
async function hasException(tx: Transaction, person: string, event: string): Promise<boolean> {
  const { items } = await tx.exceptions({ open: true, person }, { limit: 500 });
  return items.some((each) => each.event === event);
}

async function giveUp({ store }: Dependencies, { id, now }: Asked<'giveUpPropagation'>): Promise<PropagationProgress> {
  return store.transaction(async (tx) => {
    const row = await rowOf(tx, id);
    if (row.state !== 'running') return progressOf(row);
    const reason = 'the workers run another policy; see that all have the same, then apply it again';
    const stopped: Propagation = { ...row, state: 'stopped', endedAt: now, data: { ...row.data, reason } };
    await tx.putPropagation(stopped);
    await note(tx, stopped, 'policy-propagation-stopped', now, { by: 'muster', reason });
    return progressOf(stopped);
  });
}
