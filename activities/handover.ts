import { finder } from '../src/directory/finder.ts';
import type { ExceptionRow, Owns, Transaction } from '../src/directory/store.ts';
import { Failure } from '../src/model/failure.ts';
import { personWorkflowId } from '../src/model/messages.ts';
import type { PendingChange, Person } from '../src/model/person.ts';
import {
  type Belongings,
  belongingsOf,
  callsOf,
  endToLookAt,
  type HandoverKind,
  handoverKinds,
  handoverReason,
  handoverStep,
  type Report,
} from '../src/policy/handover.ts';
import { type FindPerson, managerOf } from '../src/policy/who.ts';
import type { Deciding } from './decide-event.ts';
import { raise } from './exceptions.ts';
import { factsOf } from './facts.ts';

type Looking = Pick<Deciding, 'dependencies' | 'tx' | 'person' | 'now' | 'workflowId'>;

/**
 * Looks at what somebody owns as soon as it is known that they leave, in the caller's transaction and after their timeline is
 * as it is now. Each kind that only people can hand over is one exception, due at the end; it moves with the end and closes
 * when that is taken back. An end that must not show changes nothing before its moment.
 */
export async function lookAtBelongings(looking: Looking): Promise<void> {
  const { dependencies, tx, now } = looking;
  const person = (await tx.person(looking.person.id)) ?? looking.person;
  // What an end that has begun found stays until it is seen to.
  if (person.state === 'Terminating' || person.state === 'Terminated') return;
  const end = endToLookAt(dependencies.policy, person, Date.parse(now));
  const on = { ...looking, person };
  if (end !== undefined) await askAbout(on, end, await ownedBy(on));
  else for (const open of await openOnes(tx, person)) await close(looking, open, 'no end of theirs is near');
}

/**
 * The end has begun: what hands itself over does, and what is left is looked at once more. Comes before their approvals are
 * handed on, so that whoever stands in their place is asked.
 */
export async function handOver(looking: Looking, end: PendingChange): Promise<void> {
  // An account of somebody who left long ago, found open: what they owned was seen to then.
  if (looking.person.state === 'Terminated') return;
  const owns = await ownedBy(looking);
  if (owns.exceptions) await handOnExceptions(looking);
  if (owns.delegations) await handOnDelegations(looking, end);
  await askAbout(looking, end, owns);
}

/** Somebody has another manager now: the former one, by id, where they leave and have one person less to hand over. */
export async function hasNextManager({ tx, person, now }: Looking, former: string): Promise<string | undefined> {
  const leaver = await finder(tx)(former);
  if (leaver === undefined) return undefined;
  const open = (await openOnes(tx, leaver)).find(({ id }) => isAbout(leaver, 'reports', id));
  if (open?.about?.includes(person.id) !== true) return undefined;
  const about = open.about.filter((id) => id !== person.id);
  const on = { tx, person: leaver, now, workflowId: open.workflowId };
  if (about.length === 0) await close(on, open, 'all of them have another manager');
  else {
    const reason = open.reason.replace(open.about.join(', '), about.join(', '));
    await revise(on, open, { about, reason }, false);
  }
  return leaver.id;
}

/** What a row of the timeline keeps of the first look: what people have settled since then is not asked again. */
export const lookedBefore = (row: PendingChange | undefined): { lookedAt?: string } =>
  typeof row?.data['lookedAt'] === 'string' ? { lookedAt: row.data['lookedAt'] } : {};

function ownedBy({ tx, person, now }: Looking): Promise<Owns> {
  return tx.owns({ person: person.id, names: [...callsOf(person)], now });
}

/** Opens, moves and closes the exceptions of one person as what they own is now. */
async function askAbout(looking: Looking, end: PendingChange, owns: Owns): Promise<void> {
  const { tx, person, now, workflowId } = looking;
  const found = await belongings(looking, end, owns);
  const past = owns.asked ? await asked(tx, person) : [];
  const isNothing = handoverKinds.every((kind) => found[kind].length === 0);
  if (isNothing && past.length === 0) return;
  const { lookedAt = now } = lookedBefore(end);
  const next = await nextInLine(looking);
  for (const kind of handoverKinds) {
    const own = past.filter(({ id }) => isAbout(person, kind, id));
    const settled = new Set(own.filter((row) => isSettled(row, lookedAt)).flatMap(({ about = [] }) => about));
    const ids = found[kind].filter((id) => !settled.has(id));
    const open = own.find(({ resolvedAt }) => resolvedAt === undefined);
    if (ids.length > 0) await ask(looking, end, { kind, ids, open, next });
    else if (open !== undefined) await close(looking, open, 'nothing of it is theirs any more');
  }
  if (isNothing) return;
  if (end.data['lookedAt'] !== lookedAt) {
    await tx.putPending(person.id, { ...end, data: { ...end.data, lookedAt } });
  }
  const piece = { workflowId, step: `${end.event}/${now}`, person: person.id, event: end.event, at: now };
  const data = Object.fromEntries(handoverKinds.flatMap((kind) => (kind === 'cases' ? [] : [[kind, found[kind]]])));
  await tx.addEvidence([{ ...piece, kind: 'belongings-looked-at', data }]);
}

/** People have seen to it since this end was first known. What Muster itself closed may be so again. */
const isSettled = ({ resolvedAt, resolution, openedAt }: ExceptionRow, since: string): boolean =>
  resolvedAt !== undefined && resolution?.by !== muster && openedAt >= since;

interface Asked {
  kind: HandoverKind;
  ids: string[];
  open: ExceptionRow | undefined;
  next: NextInLine;
}

async function ask(looking: Looking, end: PendingChange, { kind, ids, open, next }: Asked): Promise<void> {
  const { dependencies, tx, person, now, workflowId } = looking;
  const { policy } = dependencies;
  const isToCome = Date.parse(end.dueAt) > Date.parse(now);
  const reason = handoverReason(kind, ids, { person, policy, end, next: next.words });
  // A hold's own event keeps all that is said of it from those who must not know that there is one.
  const event = kind === 'cases' ? (ids[0] ?? '').replace(/^hold:/, '') : end.event;
  const owner = kind === 'cases' ? 'security' : next.owner;
  if (open === undefined) {
    const request = { step: handoverStep(kind), kind: 'handover' as const, event, person: person.id, reason };
    const due = isToCome ? { dueAt: end.dueAt } : {};
    return raise(tx, dependencies, { request, workflowId, now, owner, about: ids, ...due });
  }
  const soon = Math.min(Date.parse(open.dueAt), Date.parse(now) + policy.exceptions.dueIn);
  const dueAt = isToCome ? end.dueAt : new Date(soon).toISOString();
  const isSame = open.reason === reason && open.dueAt === dueAt && open.owner === owner && open.event === event;
  if (isSame) return;
  const isNews = ids.some((id) => open.about?.includes(id) !== true);
  await revise(looking, open, { event, reason, about: ids, owner, dueAt }, isNews);
}

async function belongings(looking: Looking, end: PendingChange, owns: Owns): Promise<Belongings> {
  const { dependencies, tx, person, now } = looking;
  const { policy } = dependencies;
  const calls = [...callsOf(person)];
  const reports: Report[] = [];
  for (const report of owns.reports ? await tx.reportsOf(calls) : []) {
    if (report.id !== person.id) reports.push({ person: report, nextManagers: await nextManagersOf(tx, report) });
  }
  const holds = owns.legalHolds ? await tx.legalHolds(calls) : [];
  const at = Date.parse(end.dueAt) > Date.parse(now) ? end.dueAt : now;
  const cases = holds.map(({ id }) => id);
  const [here, delegations] = [await whoIsHere(looking), owns.delegations ? await approversLeft(looking, at) : []];
  return belongingsOf({ person, policy, reports, here, delegations, cases, at });
}

/** What is entered already of who their manager will be. */
async function nextManagersOf(tx: Transaction, { pending }: Person): Promise<Report['nextManagers']> {
  const next: Report['nextManagers'] = [];
  for (const { kind, dueAt, event, data } of pending) {
    const changes = kind === 'change' && Array.isArray(data['facts']) && data['facts'].includes('managerId');
    const arrival = changes ? await tx.arrival(event) : undefined;
    const managerId = arrival === undefined ? undefined : factsOf(arrival.event).managerId;
    if (managerId !== undefined) next.push({ managerId, at: dueAt });
  }
  return next;
}

/** Of the groups that they are in, by the names that policy gives them: who else works here. */
async function whoIsHere({ dependencies, tx, person }: Looking): Promise<Set<string>> {
  const calls = callsOf(person);
  const find = finder(tx);
  const here = new Set<string>();
  for (const { people, operators } of Object.values(dependencies.policy.groups)) {
    if (![...people, ...operators].some((name) => calls.has(name))) continue;
    for (const name of people) if ((await find(name))?.state === 'Active') here.add(name);
  }
  return here;
}

interface NextInLine {
  /** Of exceptions: a person's id or a group's name. */
  owner: string;
  words: string;
}

/** The nearest up the chain who stays, or else the fallback group. */
async function nextInLine({ dependencies, tx, person, now }: Looking): Promise<NextInLine> {
  const { approvals, exceptions } = dependencies.policy;
  const manager = await managerOf(person, finder(tx), now);
  if (manager !== undefined) return { owner: manager.id, words: manager.id };
  const group = approvals.fallback ?? exceptions.owner;
  return { owner: group, words: `the group ${group}` };
}

/** Whoever they decide for is decided for by the nearest up their chain; whoever decides for them does so no more. */
async function handOnDelegations(looking: Looking, end: PendingChange): Promise<void> {
  const { tx, person, now, workflowId } = looking;
  for (const delegation of await tx.delegations({ after: now })) {
    const { approver, delegate, from, until } = delegation;
    if (approver !== person.id && delegate !== person.id) continue;
    const next = approver === person.id ? undefined : await standIn(looking, approver);
    if (next === undefined && approver !== person.id) continue;
    const isToCome = from > now;
    if (isToCome) await tx.removeDelegation(approver, from);
    else await tx.putDelegation({ ...delegation, until: now });
    const since = isToCome ? from : now;
    if (next !== undefined) await tx.putDelegation({ approver, delegate: next.id, from: since, until, by: muster });
    const piece = { workflowId, step: `${end.event}/delegation/${approver}/${from}`, person: approver, at: now };
    const kind = next === undefined ? 'delegation-ended' : 'delegation-handed-on';
    await tx.addEvidence([{ ...piece, kind, data: { from: delegate, to: next?.id ?? null, since, until } }]);
  }
}

/** Approvers for whom they decide after that moment, and nobody else can. */
async function approversLeft(looking: Looking, at: string): Promise<string[]> {
  const left = new Set<string>();
  for (const { approver, delegate } of await looking.tx.delegations({ after: at })) {
    if (delegate !== looking.person.id || left.has(approver)) continue;
    if ((await standIn(looking, approver)) === undefined) left.add(approver);
  }
  return [...left];
}

/** The next one up the chain who could decide for an approver: whoever is away and has named the leaver is not the one. */
function standIn({ tx, person, now }: Looking, approver: string): Promise<Person | undefined> {
  return managerOf(person, without(finder(tx), approver), now);
}

const without =
  (find: FindPerson, away: string): FindPerson =>
  async (id) => {
    const found = await find(id);
    return found?.id === away ? { ...found, state: 'OnLeave' } : found;
  };

/** What they were to see to is the next one's, and what they had taken is told again. */
async function handOnExceptions(looking: Looking): Promise<void> {
  const { tx, person, now } = looking;
  const next = await nextInLine(looking);
  const names = [...callsOf(person)];
  for (const row of await tx.handOnExceptions({ from: person.id, names, to: next.owner })) {
    await write(tx, row, { kind: 'exception-handed-on', now, data: { from: person.id, owner: row.owner } });
  }
}

const muster = 'muster';

/** Everything that was ever asked about what they own. */
async function asked(tx: Transaction, { id: person }: Person): Promise<ExceptionRow[]> {
  const { items } = await tx.exceptions({ person, kind: 'handover' }, { limit: 500 });
  return items.filter(({ id }) => id.startsWith(`${personWorkflowId(person)}/${handoverStep('')}`));
}

async function openOnes(tx: Transaction, person: Person): Promise<ExceptionRow[]> {
  return (await asked(tx, person)).filter(({ resolvedAt }) => resolvedAt === undefined);
}

/** One that comes again has its first id and a number. */
const isAbout = ({ id: person }: Person, kind: HandoverKind, id: string): boolean =>
  id.replace(/#\d+$/, '') === `${personWorkflowId(person)}/${handoverStep(kind)}`;

type On = Pick<Looking, 'tx' | 'now'>;

async function close({ tx, now }: On, open: ExceptionRow, reason: string): Promise<void> {
  if (!(await tx.resolveException(open.id, { action: 'done', by: muster, reason }, now))) return;
  await write(tx, open, { kind: 'exception-resolved', now, data: { action: 'done', by: muster } });
}

async function revise(
  { tx, now }: On,
  open: ExceptionRow,
  change: Parameters<Transaction['reviseException']>[1],
  isNews: boolean,
): Promise<void> {
  if (!(await tx.reviseException(open.id, change, isNews)))
    throw new Failure('conflict', `exception ${open.id} is being resolved by somebody else`);
  const { about, owner, dueAt } = { ...open, ...change };
  await write(tx, open, { kind: 'exception-revised', now, data: { about, owner, dueAt } });
}

async function write(
  tx: Transaction,
  { id, workflowId, person, event, target }: ExceptionRow,
  { kind, now, data }: { kind: string; now: string; data: Record<string, unknown> },
): Promise<void> {
  const where = {
    ...(person === undefined ? {} : { person }),
    ...(event === undefined ? {} : { event }),
    ...(target === undefined ? {} : { target }),
  };
  await tx.addEvidence([{ ...where, workflowId, step: `${id}/${now}`, kind, at: now, data }]);
}
