import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { Arrival, Reader } from '../src/directory/store.ts';
import type { CheckRun, DeliveryActivities, DeliveryWindow } from '../src/model/checks.ts';
import { schedules } from '../src/model/checks.ts';
import { isConfidentialNow, isStillToCome } from '../src/model/confidential.ts';
import type { IdentityEvent } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { eventKey } from '../src/model/messages.ts';
import type { Person } from '../src/model/person.ts';
import { ownId, payloadHash } from '../src/receiver/event-id.ts';
import { startEvent } from '../src/receiver/event-start.ts';
import { type Comparison, compareDelivery, kindOf } from '../src/reconciliation/delivery.ts';
import type { ReportedChange, SourceReport } from '../src/sources/report.ts';
import { deliveryCursors } from './delivery-cursor.ts';
import type { Dependencies } from './dependencies.ts';
import { raise } from './exceptions.ts';
import { resolveSettled } from './resolve-settled.ts';

/** What was compared, and how. */
interface Compared {
  change: ReportedChange;
  comparison: Comparison;
  /** Known before, from a window that overlaps with this one. */
  told: boolean;
  hash: string;
}

/** Events by which the delivery check itself took something in: they are no sign of life of their source. */
export const isTakenIn = ({ event }: Pick<Arrival, 'event'>): boolean =>
  event.id.startsWith(`${schedules.deliveryCheck}.`);

/**
 * Holds the source's own list against the events that arrived and the directory's states. What is missing is written first,
 * and then taken in where policy says so, so that a repeat finds its exception there and takes in the rest.
 */
export async function checkDelivery(
  dependencies: Dependencies,
  request: Parameters<DeliveryActivities['checkDelivery']>[0],
): Promise<{ missing: number; unread?: string }> {
  const { window, now } = request;
  const { store, policy, workflows } = dependencies;
  const report = reportOf(dependencies, window.source);
  const { changes, fault } = await readAll(report, window);
  const arrived = await store.read((reader) => arrivalsOf(reader, window));
  const cursors = await store.read((reader) => deliveryCursors(reader, [window.source], window.to));
  const told = new Set(cursors.get(window.source)?.told);
  const compared: Compared[] = [];
  for (const change of lastOfEach(changes)) {
    const comparison = await compare(dependencies, { change, arrived, window, now });
    const hash = hashOf(window.source, change);
    compared.push({ change, comparison, hash, told: told.has(hash) });
    Context.current().heartbeat(compared.length);
  }
  const missing = compared.filter(({ comparison }) => comparison === 'no-event' || comparison === 'state-differs');
  const takeIn = policy.deliveryChecks[window.source]?.takeIn === true;
  await write(dependencies, request, { report, compared, missing, arrived, takeIn, unread: fault !== undefined });
  // What did arrive and came to nothing is taken in once: again and again would come to nothing as well.
  for (const { change } of missing.filter(({ told, comparison }) => comparison === 'no-event' || !told)) {
    if (takeIn) await startEvent(workflows, eventOf(change, request));
  }
  return { missing: missing.length, ...(fault === undefined ? {} : { unread: fault.message }) };
}

/** The source's list could not be read, or not to its end; one exception until it can be again. */
export async function reportUnread(
  dependencies: Dependencies,
  request: Parameters<DeliveryActivities['reportUnread']>[0],
): Promise<void> {
  const { window, message, now } = request;
  await dependencies.store.transaction(async (tx) => {
    await tx.lock(schedules.deliveryCheck);
    const { items } = await tx.exceptions({ open: true, kind: 'missing-events' }, { limit: 500 });
    if (items.some(({ id }) => id.startsWith(unreadPrefix(window.source)))) return;
    await raise(tx, dependencies, {
      request: {
        step: `${window.source}/unread/${window.to}`,
        kind: 'missing-events',
        reason: `${window.source} could not say what it sent from ${window.from} to ${window.to}: ${message} Whether events are missing is unknown until its report can be read; this closes by itself then.`,
      },
      workflowId: schedules.deliveryCheck,
      now,
    });
  });
}

const unreadPrefix = (source: string): string => `${schedules.deliveryCheck}/${source}/unread/`;

function reportOf({ reports }: Dependencies, source: string): SourceReport {
  const report = reports?.get(source);
  if (report !== undefined) return report;
  throw new Failure('misconfigured', `the source ${source} has no settings.report in muster.yaml any more`);
}

/** As much as can be read, and why not the rest. What cannot be read at all is thrown. */
async function readAll(
  report: SourceReport,
  window: DeliveryWindow,
): Promise<{ changes: ReportedChange[]; fault?: Failure }> {
  const changes: ReportedChange[] = [];
  const signal = AbortSignal.any([AbortSignal.timeout(80_000), Context.current().cancellationSignal]);
  try {
    for await (const change of report.changes(window, signal)) {
      changes.push(change);
      if (changes.length % 100 === 0) Context.current().heartbeat(changes.length);
    }
    return { changes };
  } catch (error) {
    if (error instanceof Failure && error.code === 'protocol' && changes.length > 0) return { changes, fault: error };
    throw error;
  }
}

/** Of several changes of one kind for one worker, what was entered last holds. */
function lastOfEach(changes: readonly ReportedChange[]): ReportedChange[] {
  const last = new Map<string, ReportedChange>();
  for (const change of changes) {
    const key = `${change.kind} ${change.workerId}`;
    const before = last.get(key);
    if (before === undefined || (before.enteredAt ?? '') <= (change.enteredAt ?? '')) last.set(key, change);
  }
  return [...last.values()];
}

/** What came from the source since the window began. */
async function arrivalsOf(reader: Reader, { source, from }: DeliveryWindow): Promise<Arrival[]> {
  const found: Arrival[] = [];
  let cursor: string | undefined;
  do {
    const page = await reader.arrivals({ source }, { limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    const within = page.items.filter(({ receivedAt }) => receivedAt >= from);
    found.push(...within.filter(({ event }) => kindOf(event) !== undefined));
    // The latest first; somebody's clock may be off by a little, so one early one ends nothing.
    cursor = within.length === 0 ? undefined : page.next;
  } while (cursor !== undefined);
  return found;
}

async function compare(
  { store, policy, sources }: Dependencies,
  {
    change,
    arrived,
    window: { source },
    now,
  }: { change: ReportedChange; arrived: readonly Arrival[]; window: DeliveryWindow; now: string },
): Promise<Comparison> {
  const enforced = sources[source]?.mode === 'enforce';
  const ofWorker = arrived.filter(({ event }) => event.subject === change.workerId);
  const person = await store.read((reader) => personOf(reader, source, change.workerId));
  const first = compareDelivery({ change, arrivals: ofWorker, person, policy, enforced, now });
  if (first === 'arrived' || person === undefined) return first;
  // Whatever came before the window, or from elsewhere, counts as well.
  const all = await store.read((reader) => reader.arrivals({ person: person.id }, { limit: 500 }));
  return compareDelivery({ change, arrivals: all.items, person, policy, enforced, now });
}

/** The one person with that number; of several none is taken. */
async function personOf(reader: Reader, source: string, workerId: string): Promise<Person | undefined> {
  const own = await reader.peopleWith({ type: 'workerId', value: workerId, source });
  const found = own.length > 0 ? own : await reader.peopleWith({ type: 'workerId', value: workerId });
  const [id, ...more] = found;
  return id === undefined || more.length > 0 ? undefined : reader.person(id);
}

/** An event of that source, with an id of ours: this run's for that worker. */
function eventOf(change: ReportedChange, { run, window, now }: CheckRun & { window: DeliveryWindow }): IdentityEvent {
  const { workerId, kind, effectiveDate, enteredAt, data } = change;
  const said = {
    type: kind,
    subject: workerId,
    effectiveDate,
    data,
    ...(enteredAt === undefined ? {} : { enteredAt }),
  };
  const id = ownId([schedules.deliveryCheck, run, workerId, ...(kind === 'hired' ? ['hired'] : [])].join('.'));
  const { source } = window;
  return { ...said, key: eventKey(source, id), source, id, receivedAt: now, payloadHash: payloadHash({ ...said, id }) };
}

async function write(
  dependencies: Dependencies,
  request: CheckRun & { window: DeliveryWindow },
  found: {
    report: SourceReport;
    compared: Compared[];
    missing: Compared[];
    arrived: Arrival[];
    takeIn: boolean;
    unread: boolean;
  },
): Promise<void> {
  const { window, workflowId, now } = request;
  const { compared, missing, arrived, takeIn, unread, report } = found;
  const { source, from, to } = window;
  const fresh = missing.filter(({ told }) => !told);
  const open = missing.filter(({ change }) => !isSecret(dependencies, change, now));
  const count = (kind: ReportedChange['kind'], comparison?: Comparison) =>
    compared.filter((each) => each.change.kind === kind && (comparison ?? each.comparison) === each.comparison).length;
  await dependencies.store.transaction(async (tx) => {
    if (fresh.length > 0) {
      await raise(tx, dependencies, {
        request: {
          step: `${source}/missing/${to}`,
          kind: 'missing-events',
          reason: reasonOf(dependencies, window, fresh, { takeIn, now }),
        },
        workflowId: schedules.deliveryCheck,
        now,
      });
    }
    if (!unread) {
      await resolveSettled(tx, { kind: 'missing-events', prefix: unreadPrefix(source), now, reason: 'it was read' });
    }
    await tx.addEvidence([
      {
        workflowId: schedules.deliveryCheck,
        step: `${source}/${to}`,
        kind: 'delivery-compared',
        at: now,
        data: {
          ...{ source, from, to, workflowId, query: report.query(window), readAt: new Date().toISOString() },
          reported: { terminated: count('terminated'), hired: count('hired') },
          arrived: {
            terminated: arrived.filter(({ event }) => kindOf(event) === 'terminated').length,
            hired: arrived.filter(({ event }) => kindOf(event) === 'hired').length,
          },
          agrees: { terminated: count('terminated', 'agrees'), hired: count('hired', 'agrees') },
          missing: open.map(({ change: { workerId, kind, effectiveDate }, comparison, told }) => ({
            ...{ workerId, kind, effectiveDate, comparison, told },
          })),
          /** Named nowhere before their time. */
          confidential: missing.length - open.length,
          ...{ takeIn, complete: !unread, hashes: missing.map(({ hash }) => hash) },
        },
      },
    ]);
  });
}

function isSecret({ policy }: Dependencies, { kind, effectiveDate, data }: ReportedChange, now: string): boolean {
  const event = { type: kind, effectiveDate, data };
  const { category } = data;
  const byPolicy = category !== undefined && policy.ends.confidential.includes(category) && isStillToCome(event, now);
  return isConfidentialNow(event, now) || (kind === 'terminated' && byPolicy);
}

const most = 20;

function reasonOf(
  dependencies: Dependencies,
  { source, from, to }: DeliveryWindow,
  missing: readonly Compared[],
  { takeIn, now }: { takeIn: boolean; now: string },
): string {
  const open = missing.filter(({ change }) => !isSecret(dependencies, change, now));
  const lines = open.slice(0, most).map(({ change: { workerId, kind, effectiveDate }, comparison }) => {
    const why = comparison === 'no-event' ? 'no event arrived' : 'an event arrived, and the directory says otherwise';
    return `${workerId} ${kind} ${effectiveDate} (${why})`;
  });
  if (open.length > most) lines.push(`${open.length - most} more, which the evidence names`);
  const secret = missing.length - open.length;
  if (secret > 0) lines.push(`${secret} more whose category is confidential: the source's own report names them`);
  const then = takeIn
    ? 'They were taken in now, as policy says. Find out why they did not come by themselves.'
    : 'Have the source send them again, or do by hand what they ask for, and resolve this with "done".';
  return `${source} lists ${missing.length} entered from ${from} to ${to} that are missing: ${lines.join('; ')}. ${then}`;
}

/** Names a missing change from run to run without telling what it is. */
const hashOf = (source: string, { workerId, kind, effectiveDate }: ReportedChange): string =>
  createHash('sha256').update([source, workerId, kind, effectiveDate].join('\n')).digest('hex').slice(0, 24);
