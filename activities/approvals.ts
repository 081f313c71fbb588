import type { Transaction } from '../src/directory/store.ts';
import type { Approval, DecideMessage, Told } from '../src/model/approval.ts';
import { Failure } from '../src/model/failure.ts';
import type { Person } from '../src/model/person.ts';
import { type ApprovalChange, ApprovalDesk, nobody, pendingId } from './approval-desk.ts';
import { isAsked, isBarred } from './approvers.ts';
import type { Dependencies } from './dependencies.ts';

/** A question, as whoever raises it has it. */
export interface ApprovalRequest extends Pick<Approval['data'], 'rule' | 'summary' | 'items' | 'requestedBy'> {
  person: string;
  event: string;
  /** Hash of exactly what is asked. */
  hash: string;
  now: string;
  workflowId: string;
}

/**
 * Asks, in the caller's transaction. Asked again with the same hash, it is the same approval while that is open, and for the
 * same event as long as it was not void. Nobody to ask is a no, with an exception.
 */
export async function openApproval(
  tx: Transaction,
  dependencies: Dependencies,
  { workflowId, now, ...request }: ApprovalRequest,
): Promise<ApprovalChange> {
  const { event, hash, rule, summary, items, requestedBy } = request;
  const person = await personOf(tx, request.person);
  const { items: known } = await tx.approvals({ person: person.id, hash }, { limit: 500 });
  const same = known.find(({ state, event: by }) => state === 'open' || (state !== 'void' && by === event));
  if (same !== undefined) return { approval: same, tell: toldAt(same, now) };
  const id = `${person.id}/${hash.replace(/^sha256:/, '').slice(0, 12)}/${known.length + 1}`;
  const by = requestedBy === undefined ? {} : { requestedBy };
  const approval: Approval = {
    ...{ id, person: person.id, event, hash, state: 'open', openedAt: now, dueAt: now, step: 0, approvers: [] },
    data: { rule, summary, items, ...by, said: [], fallback: false, reminders: 0 },
  };
  if (!(await tx.openApproval(approval))) {
    throw new Failure('conflict', `approval ${id} is being opened by somebody else`);
  }
  return new ApprovalDesk({ tx, dependencies, person, approval, now, workflowId }).ask(0, 'approval-opened');
}

/** What becomes of an answer: the approval after it, or why it counts for nothing. */
export type Decided = ApprovalChange | { refused: string };

/** Somebody's answer, in the caller's transaction. Whoever has the row first wins; who comes later is told so. */
export async function decideApproval(
  tx: Transaction,
  dependencies: Dependencies,
  request: { id: string; by: string; now: string } & Pick<DecideMessage, 'decision' | 'comment'>,
): Promise<Decided> {
  const { id, decision, by, comment, now } = request;
  const found = await locked(tx, id);
  if (found === undefined) return { refused: `no approval has the id ${id}` };
  const { approval, person } = found;
  // A try whose answer was lost is made again with the same moment: it must not answer the next step as well.
  if (isRepeated(approval, by, now)) return { approval, tell: toldAt(approval, now) };
  if (approval.state !== 'open') return { refused: closedAlready(approval) };
  if (!(await isAsked(tx, approval, by, now))) return { refused: `${by} is not asked about ${id}` };
  const desk = new ApprovalDesk({ tx, dependencies, person, approval, now });
  if (await isBarred(desk.looking(), by)) {
    return { refused: `${by} is whom ${id} concerns, or asked for it, and decides nothing of it` };
  }
  return decision === 'approve' ? desk.agree(by, comment) : desk.close('refused', by, comment);
}

/** The next moment of an approval: a reminder, the fallback group, or its end. Nothing where it was answered or is not due. */
export async function dueApproval(
  tx: Transaction,
  dependencies: Dependencies,
  { id, now }: { id: string; now: string },
): Promise<ApprovalChange> {
  const found = await locked(tx, id);
  if (found === undefined) throw new Failure('not-found', `the ledger knows no approval ${id}`);
  const { approval, person } = found;
  const desk = new ApprovalDesk({ tx, dependencies, person, approval, now });
  if (approval.state !== 'open') {
    await tx.removePending(person.id, pendingId(id));
    return { approval, tell: approval.decidedBy === nobody ? toldAt(approval, now) : [] };
  }
  if (isBy(approval.dueAt, now)) return desk.timeIsUp();
  if (isBy(approval.data.remindAt, now)) return desk.remind();
  await desk.putPending();
  return { approval, tell: toldAt(approval, now) };
}

/** Open questions about a person that are other ones now. */
export async function voidApprovals(
  tx: Transaction,
  dependencies: Dependencies,
  person: string,
  keepHashes: Iterable<string>,
  now: string,
): Promise<ApprovalChange[]> {
  const keep = new Set(keepHashes);
  return eachOpen(tx, dependencies, { person }, now, (desk, { hash }) => (keep.has(hash) ? undefined : desk.void()));
}

/** Open approvals that somebody who leaves may decide: the others go on, or somebody else is asked. */
export async function handOnApprovals(
  tx: Transaction,
  dependencies: Dependencies,
  leaver: Pick<Person, 'id'>,
  now: string,
): Promise<ApprovalChange[]> {
  return eachOpen(tx, dependencies, { approver: leaver.id }, now, (desk) => desk.handOn(leaver.id));
}

async function eachOpen(
  tx: Transaction,
  dependencies: Dependencies,
  filter: { person?: string; approver?: string },
  now: string,
  change: (desk: ApprovalDesk, approval: Approval) => Promise<ApprovalChange> | undefined,
): Promise<ApprovalChange[]> {
  const changes: ApprovalChange[] = [];
  for (const id of (await allOpen(tx, filter)).sort()) {
    const approval = await tx.approval(id, { lock: true });
    if (approval?.state !== 'open') continue;
    const person = await personOf(tx, approval.person);
    const changed = await change(new ApprovalDesk({ tx, dependencies, person, approval, now }), approval);
    if (changed !== undefined) changes.push(changed);
  }
  return changes;
}

async function allOpen(tx: Transaction, filter: { person?: string; approver?: string }): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await tx.approvals(
      { ...filter, open: true },
      { limit: 500, ...(cursor === undefined ? {} : { cursor }) },
    );
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
}

/** The person first and then the approval, as every event's decision takes them: so that two cannot wait for each other. */
async function locked(tx: Transaction, id: string): Promise<{ approval: Approval; person: Person } | undefined> {
  const seen = await tx.approval(id);
  if (seen === undefined) return undefined;
  const person = await personOf(tx, seen.person);
  const approval = await tx.approval(id, { lock: true });
  return approval === undefined ? undefined : { approval, person };
}

async function personOf(tx: Transaction, id: string): Promise<Person> {
  const person = await tx.person(id, { lock: true });
  if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
  return person;
}

function isRepeated({ decidedBy, decidedAt, data }: Approval, by: string, now: string): boolean {
  return (decidedBy === by && decidedAt === now) || data.said.some((said) => said.by === by && said.at === now);
}

const isBy = (moment: string | undefined, now: string): boolean =>
  moment !== undefined && Date.parse(moment) <= Date.parse(now);

/** What was told at this very moment: a try whose answer was lost tells it again. */
function toldAt({ data: { told } }: Approval, now: string): Told[] {
  return told?.at === now && told.to.length > 0 ? [{ to: told.to, kind: told.kind }] : [];
}

function closedAlready({ id, state, decidedBy }: Approval): string {
  const who = decidedBy === undefined || decidedBy === nobody ? '' : ` by ${decidedBy}`;
  return `${id} is ${state} already${who}: nothing is to be decided any more`;
}
