import type { Transaction } from '../src/directory/store.ts';
import type { Person } from '../src/model/person.ts';
import type { AccessPlan } from '../src/model/plan.ts';
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
  // What somebody asked for is no part of the plan until it is agreed to; only what rules ask can become another question.
  const requested = known.filter(({ data }) =>
    data.items.some((item) => item.requested !== undefined || item.leadsTo !== undefined),
  );
  await voidApprovals(tx, dependencies, person.id, new Set([...wanted, ...requested.map(({ hash }) => hash)]), now);
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
