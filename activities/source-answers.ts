import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { Transaction } from '../src/directory/store.ts';
import type { Approval } from '../src/model/approval.ts';
import type { Settlement } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { eventWorkflowId } from '../src/model/messages.ts';
import type { PendingChange, Person } from '../src/model/person.ts';
import type { PersonView } from '../src/model/work.ts';
import { voidApprovals } from './approvals.ts';
import type { Dependencies } from './dependencies.ts';
import { raise } from './exceptions.ts';
import { needsSomebody, toApplicationFailure } from './failures.ts';
import { tell, writeSettlement } from './settle.ts';
import { viewOf } from './view.ts';

const answerData = z.object({
  /** Where to and with what, encrypted. */
  callback: z.string(),
  /** Absent until somebody has decided; when it is due all the same, the answer is no. */
  approved: z.boolean().exactOptional(),
  comment: z.string(),
  /** ISO instant after which nobody listens any more; absent where nobody said. */
  replyBy: z.string().exactOptional(),
  /** Its event is told when the source has been. */
  settles: z.boolean().default(true),
});
/** What a source is to be told, and until when. */
export type AnswerData = z.input<typeof answerData>;

/** Puts an answer on the timeline: told when it is due, with what is decided by then. */
export async function answerLater(
  tx: Transaction,
  person: Pick<Person, 'id'>,
  { event, dueAt, suffix = '' }: { event: string; dueAt: string; suffix?: string },
  data: AnswerData,
): Promise<void> {
  const row = { id: `answer:${event}${suffix}`, kind: 'answer' as const, dueAt, event };
  await tx.putPending(person.id, { ...row, confidential: false, data: { ...data } });
}

/** The answer that an event's source waits for. */
function waitingFor(person: Person, event: string): { row: PendingChange; data: AnswerData } | undefined {
  const row = person.pending.find((each) => each.kind === 'answer' && each.event === event);
  return row === undefined ? undefined : { row, data: answerData.parse(row.data) };
}

/** People have decided about a request whose source waits: with the last yes, or the first no, it is told. */
export async function answerDecided(
  { tx, person, now }: { tx: Transaction; person: Person; now: string },
  approval: Pick<Approval, 'event' | 'state' | 'id'>,
): Promise<void> {
  const waiting = waitingFor(person, approval.event);
  if (waiting === undefined || waiting.data.approved !== undefined) return;
  const { items } = await tx.approvals({ person: person.id }, { limit: 500 });
  const own = items.filter(({ event, state }) => event === approval.event && state !== 'void');
  const states = own.map(({ id, state }) => (id === approval.id ? approval.state : state));
  const isNo = approval.state !== 'approved';
  if (!isNo && states.some((state) => state !== 'approved')) return;
  const comment = isNo
    ? `approval ${approval.id} is ${approval.state}`
    : `approved: ${own.map(({ id }) => id).join(', ')}`;
  const data = { ...waiting.data, approved: !isNo, comment };
  await tx.putPending(person.id, { ...waiting.row, dueAt: now, data });
}

/** A source that still waits for what is void now is told no at once. False where none waits: then nobody else says what became of it. */
export async function answerNo(
  tx: Transaction,
  person: Person,
  { event, comment, now }: { event: string; comment: string; now: string },
): Promise<boolean> {
  const waiting = waitingFor(person, event);
  if (waiting === undefined) return false;
  const { row, data } = waiting;
  if (data.approved === undefined)
    await tx.putPending(person.id, { ...row, dueAt: now, data: { ...data, approved: false, comment } });
  return data.settles !== false;
}

type AboutAnswer = { person: string; pending: string; now: string; workflowId: string };

/** Tells a source what was decided. What is undecided by now is a no: nobody's silence gives anything. */
export async function answerSource(dependencies: Dependencies, request: AboutAnswer): Promise<PersonView> {
  const { store, callbacks, timing } = dependencies;
  const read = await store.transaction(async (tx) => {
    const person = await known(tx, request.person);
    return { person, row: person.pending.find(({ id }) => id === request.pending) };
  });
  if (read.row === undefined) return store.transaction((tx) => viewOf(tx, timing, request.person));
  const answer = decided(read.person, read.row);
  try {
    if (callbacks === undefined) throw new Failure('misconfigured', 'no source of muster.yaml can be answered');
    const { approved, comment } = answer;
    const signal = AbortSignal.any([Context.current().cancellationSignal, AbortSignal.timeout(12_000)]);
    await callbacks.answer(sourceOf(read.row.event), answer.callback, { approved, comment }, signal);
  } catch (error) {
    if (!(error instanceof Failure) || !needsSomebody(error)) throw toApplicationFailure(error, timing.retryMaximumMs);
    return finish(dependencies, request, `${error.message}. ${error.advice ?? 'Answer it there by hand.'}`);
  }
  return finish(dependencies, request, undefined);
}

/** The source was out of reach for as long as it listens. */
export function giveUpAnswer(dependencies: Dependencies, request: AboutAnswer): Promise<PersonView> {
  return finish(
    dependencies,
    request,
    'it could not be reached until its deadline, so for it the request has failed. Have it asked again there.',
  );
}

function decided(person: Person, row: PendingChange) {
  const { approved, ...data } = answerData.parse(row.data);
  if (approved === true && hasLeft(person))
    return { ...data, approved: false, late: false, comment: `${person.id} has left` };
  return approved === undefined
    ? { ...data, approved: false, late: true, comment: 'nobody decided in time, which is a no' }
    : { ...data, approved, late: false };
}

const hasLeft = ({ state }: Person): boolean =>
  state === 'Terminating' || state === 'Terminated' || state === 'Cancelled';

async function finish(
  dependencies: Dependencies,
  { person: id, pending, now, workflowId }: AboutAnswer,
  fault: string | undefined,
): Promise<PersonView> {
  const { store, timing, workflows } = dependencies;
  const { view, settlement } = await store.transaction(async (tx) => {
    const person = await known(tx, id);
    const row = person.pending.find((each) => each.id === pending);
    if (row === undefined) return { view: await viewOf(tx, timing, id), settlement: undefined };
    const { approved, late, comment, settles } = decided(person, row);
    await tx.removePending(id, row.id);
    const piece = { workflowId, step: row.id, person: id, event: row.event, at: now };
    const kind = fault === undefined ? 'source-answered' : 'source-not-answered';
    await tx.addEvidence([{ ...piece, kind, data: { approved, late } }]);
    const said = `${approved ? 'approved' : 'denied'}: ${comment}`;
    if (late) await dropQuestions(dependencies, tx, person, row.event, now);
    const why =
      fault ?? (late ? 'its deadline came before anybody had decided, so it was answered "denied".' : undefined);
    if (why !== undefined) {
      const reason = `the answer to ${sourceOf(row.event)} about ${id} (${said}): ${why}`;
      const step = `${row.id}/${late ? 'approval' : 'needs-decision'}`;
      const exception = {
        step,
        kind: late ? ('approval' as const) : ('needs-decision' as const),
        event: row.event,
        person: id,
        reason,
      };
      await raise(tx, dependencies, { request: exception, workflowId, now });
    }
    const settlement: Settlement | undefined = settles
      ? { event: row.event, outcome: fault === undefined ? 'applied' : 'failed', reason: `answered ${said}` }
      : undefined;
    if (settlement !== undefined) await writeSettlement(tx, id, settlement, now);
    return { view: await viewOf(tx, timing, id), settlement };
  });
  if (settlement !== undefined) await tell(workflows, eventWorkflowId(settlement.event), settlement);
  return view;
}

/** Nothing is to be decided any more about what has been answered. */
async function dropQuestions(
  dependencies: Dependencies,
  tx: Transaction,
  person: Person,
  event: string,
  now: string,
): Promise<void> {
  const { items } = await tx.approvals({ person: person.id, open: true }, { limit: 500 });
  const others = items.filter((approval) => approval.event !== event).map(({ hash }) => hash);
  await voidApprovals(tx, dependencies, person.id, others, now);
}

const sourceOf = (event: string): string => event.slice(0, event.indexOf(':'));

async function known(tx: Transaction, id: string): Promise<Person> {
  const person = await tx.person(id, { lock: true });
  if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
  return person;
}
