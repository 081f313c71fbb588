import type { Transaction } from '../src/directory/store.ts';
import type { Settlement } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { eventWorkflowId } from '../src/model/messages.ts';
import type { Person } from '../src/model/person.ts';
import type { PersonView } from '../src/model/work.ts';
import { planLater } from './access-rows.ts';
import type { MusterActivities } from './activities.ts';
import type { ApprovalChange } from './approval-desk.ts';
import { decideApproval, dueApproval } from './approvals.ts';
import type { Dependencies } from './dependencies.ts';
import { approvalDecided } from './privileges.ts';
import { tell, writeSettlement } from './settle.ts';
import { viewOf } from './view.ts';

type DecideRequest = Parameters<MusterActivities['decideApproval']>[0];

/** Somebody's answer: what it allows is planned, what it refuses settles the event. */
export async function takeAnswer(
  dependencies: Dependencies,
  request: DecideRequest,
): Promise<{ view: PersonView; said: string; refused?: string }> {
  const { store, timing } = dependencies;
  const { approval: id, decision, comment, by, now, workflowId } = request;
  const { settlement, ...answer } = await store.transaction(async (tx) => {
    const person = await known(tx, request.person);
    const words = comment === undefined ? {} : { comment };
    const decided = await decideApproval(tx, dependencies, { id, decision, by, now, ...words });
    if ('refused' in decided) return { view: await viewOf(tx, timing, person.id), said: '', refused: decided.refused };
    const settlement = await after({ dependencies, tx, person, now, workflowId }, decided);
    return { view: await viewOf(tx, timing, person.id), said: saidOf(decided), settlement };
  });
  await told(dependencies, settlement);
  return answer;
}

/** A reminder, the next to ask, or the end of a question. */
export async function approvalIsDue(
  dependencies: Dependencies,
  request: { person: string; pending: string; now: string; workflowId: string },
): Promise<PersonView> {
  const { store, timing } = dependencies;
  const { now, workflowId } = request;
  const { view, settlement } = await store.transaction(async (tx) => {
    const person = await known(tx, request.person);
    const id = person.pending.find((row) => row.id === request.pending)?.data['approval'];
    if (typeof id !== 'string') return { view: await viewOf(tx, timing, person.id), settlement: undefined };
    const changed = await dueApproval(tx, dependencies, { id, now });
    const settlement = await after({ dependencies, tx, person, now, workflowId }, changed);
    return { view: await viewOf(tx, timing, person.id), settlement };
  });
  await told(dependencies, settlement);
  return view;
}

interface After {
  dependencies: Dependencies;
  tx: Transaction;
  person: Person;
  now: string;
  workflowId: string;
}

async function after(desk: After, change: ApprovalChange): Promise<Settlement | undefined> {
  const { tx, person, now } = desk;
  const { approval } = change;
  await tellApprovers(desk, change);
  if (approval.state === 'open' || approval.state === 'void') return undefined;
  const became = await approvalDecided(desk, approval);
  if (became !== 'refused') return became === 'planned' ? undefined : became;
  const before = await tx.personEvent(person.id, approval.event);
  if (before !== undefined && before.outcome !== 'waiting') return undefined;
  const why =
    approval.state === 'expired'
      ? 'nobody answered in time, which is a no'
      : `refused by ${approval.decidedBy ?? 'nobody'}`;
  const reason = `approval ${approval.id}: ${why}`;
  const settlement: Settlement = { event: approval.event, outcome: 'failed', reason };
  await writeSettlement(tx, person.id, settlement, now);
  return settlement;
}

/** Puts the messages to whoever is asked, reminded or told on the timeline, due now. */
export async function tellApprovers(
  { dependencies, tx, person, now }: Pick<After, 'dependencies' | 'tx' | 'now'> & { person: Pick<Person, 'id'> },
  { approval, tell }: ApprovalChange,
): Promise<void> {
  if (dependencies.policy.approvals.via.length === 0) return;
  for (const { to, kind } of tell) {
    const asks = kind !== 'decided';
    const title = asks
      ? `${kind === 'reminder' ? 'Still to decide: ' : 'To decide: '}approval for ${approval.person}`
      : `Approval for ${approval.person}: ${approval.state}`;
    const deadline = asks
      ? `\n\nUntil ${approval.dueAt}. Decide here, by "muster approvals", or on Muster's page: ${approval.id}`
      : '';
    const actions = [
      { id: 'approve', label: 'Approve', value: approval.id, style: 'primary' as const },
      { id: 'refuse', label: 'Refuse', value: approval.id, style: 'danger' as const },
    ];
    await planLater(
      tx,
      person,
      { id: `tell:${approval.id}:${kind}:${now}`, kind: 'reminder', event: approval.event, dueAt: now },
      {
        process: 'privilege',
        message: {
          id: `approval-${kind}`,
          title,
          text: `${approval.data.summary.join('\n')}${deadline}`,
          people: to,
          ...(asks ? { actions } : {}),
        },
      },
    );
  }
}

function saidOf({ approval }: ApprovalChange): string {
  if (approval.state === 'open') return `${approval.id}: step ${approval.step + 1} of it is asked now`;
  return `${approval.id} is ${approval.state}`;
}

async function told({ workflows }: Dependencies, settlement: Settlement | undefined): Promise<void> {
  if (settlement !== undefined) await tell(workflows, eventWorkflowId(settlement.event), settlement);
}

async function known(tx: Transaction, id: string): Promise<Person> {
  const person = await tx.person(id, { lock: true });
  if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
  return person;
}
