import type { Transaction } from '../src/directory/store.ts';
import type { Approval, AskedItem } from '../src/model/approval.ts';
import type { Person } from '../src/model/person.ts';
import type { AccessPlan } from '../src/model/plan.ts';
import { askHash } from '../src/policy/access-plan.ts';
import { sha256 } from '../src/policy/load.ts';
import type { Policy } from '../src/policy/schema.ts';
import { tellApprovers } from './answers.ts';
import { openApproval, voidApprovals } from './approvals.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * Asks what a plan must ask, once for each question, and makes void what is no question any more. True while something
 * waits for an answer; what was refused is not asked again.
 */
export async function askFor({
  dependencies,
  tx,
  person,
  event,
  plan,
  now,
  workflowId,
}: {
  dependencies: Dependencies;
  tx: Transaction;
  person: Person;
  event: string;
  plan: AccessPlan;
  now: string;
  workflowId: string;
}): Promise<boolean> {
  const { items: known } = await tx.approvals({ person: person.id }, { limit: 500 });
  const wanted = new Set(plan.asks.map(({ hash }) => hash));
  // What somebody asked for is no part of the plan until it is agreed to: another question only where it is about somebody else now.
  const requested = known.filter(({ data }) =>
    data.items.some((item) => item.requested !== undefined || item.leadsTo !== undefined),
  );
  const changed = requested.filter((approval) => approval.state === 'open' && isOther(dependencies, person, approval));
  const kept = requested.filter((approval) => !changed.includes(approval));
  const keep = new Set([...wanted, ...kept.map(({ hash }) => hash)]);
  for (const off of await voidApprovals(tx, dependencies, person.id, keep, now))
    await tellApprovers({ dependencies, tx, person, now }, off);
  for (const approval of changed) await askAnew({ dependencies, tx, person, now, workflowId }, approval);
  let waits = false;
  for (const { rule, hash, items, summary } of plan.asks) {
    const before = known.find((approval) => approval.hash === hash && approval.state !== 'void');
    if (before !== undefined) {
      waits ||= before.state === 'open';
      continue;
    }
    const request = { person: person.id, event, rule, hash, items, summary, now, workflowId };
    const asked = await openApproval(tx, dependencies, request);
    await tellApprovers({ dependencies, tx, person, now }, asked);
    const { approval } = asked;
    waits ||= approval.state === 'open';
  }
  return waits;
}

/** What is asked is for the person as they were, or under rules as they were. */
const isOther = ({ policy }: Dependencies, person: Person, { data: { rule, items } }: Approval): boolean =>
  items.some(
    (item) =>
      item.requested !== undefined && item.leadsTo === undefined && item.hash !== hashOf(policy, person, rule, item),
  );

function hashOf(
  policy: Policy,
  person: Person,
  rule: string,
  { target, entitlement, because, requested }: AskedItem,
): string {
  const until = requested?.until;
  return askHash(person, policy, rule, { target, entitlement, because, ...(until === undefined ? {} : { until }) });
}

/** The same thing for the person as they are now, from the first step on: a yes to the old question is none to this. */
async function askAnew(
  {
    dependencies,
    tx,
    person,
    now,
    workflowId,
  }: Pick<Parameters<typeof askFor>[0], 'dependencies' | 'tx' | 'person' | 'now' | 'workflowId'>,
  { event, data: { rule, summary, requestedBy, ...data } }: Approval,
): Promise<void> {
  const items = data.items.map((item) => ({ ...item, hash: hashOf(dependencies.policy, person, rule, item) }));
  const asked = await openApproval(tx, dependencies, {
    ...{ person: person.id, event, rule, summary, items, now, workflowId },
    hash: sha256([...items.map(({ hash }) => hash), event]),
    ...(requestedBy === undefined ? {} : { requestedBy }),
  });
  await tellApprovers({ dependencies, tx, person, now }, asked);
}
