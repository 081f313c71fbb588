import { Context } from '@temporalio/activity';
import type { Transaction } from '../src/directory/store.ts';
import { isConfidentialNow, isStillToCome } from '../src/model/confidential.ts';
import type { IdentityEvent } from '../src/model/event.ts';
import { contradictedStep } from '../src/model/exception.ts';
import { Failure } from '../src/model/failure.ts';
import { personWorkflowId } from '../src/model/messages.ts';
import type { Person } from '../src/model/person.ts';
import type { Reading } from '../src/model/work.ts';
import { endMoment } from '../src/policy/end-moment.ts';
import { confidential, priorityOf } from '../src/policy/ends.ts';
import { engagementFor, zoneOf } from '../src/policy/engagements.ts';
import type { WorkerChange } from '../src/sources/report.ts';
import { comparedTypes, comparedWithSource } from '../src/sources/source-word.ts';
import type { MusterActivities } from './activities.ts';
import type { Dependencies } from './dependencies.ts';
import { raise } from './exceptions.ts';
import { toApplicationFailure } from './failures.ts';
import { tellPerson } from './tell-released.ts';

/** An end that is due sooner than a source may take to answer is not kept waiting for it. */
const patienceMs = 600_000;
/** The longest that one answer may take. */
const answerMs = 50_000;

/** Is the event's own source to be asked about the worker, and when? Undefined: it says when it was entered, or nobody can be asked. */
export function readingFor(
  { reports, sources, policy }: Dependencies,
  event: IdentityEvent,
  person: Person,
  now: string,
): Reading | undefined {
  if (event.enteredAt !== undefined || !comparedTypes.has(event.type)) return undefined;
  if (reports?.get(event.source)?.worker === undefined) return undefined;
  // What Muster may only watch is not done, whichever statement holds.
  if (sources[event.source]?.mode !== 'enforce') return undefined;
  if (event.type !== 'terminated') return 'before';
  const at = Date.parse(now);
  const about = engagementFor(policy, person, event, at);
  const { zone } = zoneOf(policy, person, typeof about === 'string' ? undefined : about);
  return endMoment(event, zone, policy, at).at <= at + patienceMs ? 'after' : 'before';
}

type Asked = Parameters<MusterActivities['readAtSource']>[0];

/** Asks the source what it has of the worker. What it says is evidence; the moment of entry it gives is the event's from now on. */
export async function readAtSource(
  dependencies: Dependencies,
  request: Asked,
): Promise<{ enteredAt?: string; contradicted?: string }> {
  const { reports, store, timing, workflows } = dependencies;
  const { event, person, reading } = request;
  try {
    const report = reports?.get(event.source);
    if (report?.worker === undefined)
      throw new Failure('misconfigured', `${event.source} cannot be asked about one worker any more`);
    const signal = AbortSignal.any([AbortSignal.timeout(answerMs), Context.current().cancellationSignal]);
    const changes = await report.worker(event.subject, event.receivedAt, signal);
    const said = await store.transaction((tx) => write(dependencies, tx, request, changes));
    // Their workflow has an exception to keep open, or is started for it.
    if (said.contradicted !== undefined && reading === 'after')
      await tellPerson(workflows, person, '', priorityOf(event));
    return said;
  } catch (error) {
    throw toApplicationFailure(error, timing.retryMaximumMs, timing.slowRetryMs);
  }
}

async function write(
  dependencies: Dependencies,
  tx: Transaction,
  { event, person: id, reading, workflowId, now }: Asked,
  changes: readonly WorkerChange[],
): Promise<{ enteredAt?: string; contradicted?: string }> {
  const word = comparedWithSource(event, changes);
  const person = await tx.person(id);
  const isSecret = person !== undefined && wouldTell(dependencies, event, person, changes, now);
  const { reason, ...rest } = { reason: undefined, ...word };
  // Evidence about an end that must not show yet is shown to nobody but those who may know.
  const shown = isSecret && !isConfidentialNow(event, now) ? kept : reason;
  await tx.addEvidence([
    {
      ...{ workflowId, step: event.key, kind: 'source-read', person: id, event: event.key, at: now },
      data: { ...rest, reading, listed: changes.length, ...(reason === undefined ? {} : { reason: shown }) },
    },
  ]);
  if (word.verdict === 'agrees' && word.enteredAt !== undefined) {
    await tx.updateArrival(event.key, { event: { ...event, enteredAt: word.enteredAt } });
    return { enteredAt: word.enteredAt };
  }
  if (word.verdict !== 'contradicts') return {};
  const contradicted = `${event.source}: ${isSecret ? kept : word.reason}.`;
  if (reading === 'after') await alert(dependencies, tx, { event, person: id, now, contradicted, isSecret });
  return { contradicted };
}

const kept = 'asked about the worker, the source says otherwise; whoever may know compares the two there';

/** Would the words tell of an end before its time: this one, one that is pending, or one that the source lists? */
function wouldTell(
  { policy }: Dependencies,
  event: IdentityEvent,
  { pending }: Person,
  changes: readonly WorkerChange[],
  now: string,
): boolean {
  if (confidential(event, policy) && isStillToCome(event, now)) return true;
  if (pending.some((change) => change.confidential && change.dueAt > now)) return true;
  return changes.some(({ kind, effectiveDate, data }) => {
    const { category } = data;
    if (kind !== 'terminated' || category === undefined || !policy.ends.confidential.includes(category)) return false;
    return isStillToCome({ effectiveDate, data }, now);
  });
}

/** The end has gone its way, and is not undone by this: somebody looks, once. */
async function alert(
  dependencies: Dependencies,
  tx: Transaction,
  {
    event,
    person,
    now,
    contradicted,
    isSecret,
  }: { event: IdentityEvent; person: string; now: string; contradicted: string; isSecret: boolean },
): Promise<void> {
  const workflowId = personWorkflowId(person);
  const step = contradictedStep(event.key);
  if ((await tx.exception(`${workflowId}/${step}`)) !== undefined) return;
  const what = isSecret ? 'an event' : 'an end that is due now';
  const reason = `${what} for ${person} went its way at once, and its source contradicts it. ${contradicted} Nothing is undone by itself: ask HR which is right; if they stay, restore what was taken (undo, or a rehire), then "done".`;
  const request = { step, kind: 'needs-decision', event: event.key, person, reason } as const;
  await raise(tx, dependencies, { request, workflowId, now });
}

/** The source could not be asked in time. */
export async function noteUnread(
  { store }: Dependencies,
  { event, person, reading, reason, workflowId, now }: Parameters<MusterActivities['noteUnread']>[0],
): Promise<void> {
  await store.transaction((tx) =>
    tx.addEvidence([
      {
        ...{ workflowId, step: event.key, kind: 'source-not-read', person, event: event.key, at: now },
        data: { reading, reason },
      },
    ]),
  );
}
