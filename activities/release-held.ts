import type { Transaction } from '../src/directory/store.ts';
import type { Settlement } from '../src/model/event.ts';
import { isToRelease } from '../src/model/exception.ts';
import { Failure } from '../src/model/failure.ts';
import { eventWorkflowId } from '../src/model/messages.ts';
import type { Decision } from '../src/model/work.ts';
import type { MusterActivities } from './activities.ts';
import { type Deciding, decideFor } from './decide-event.ts';
import type { Dependencies } from './dependencies.ts';
import { tellOvertaken } from './ends.ts';
import { tell, wake, writeSettlement } from './settle.ts';
import { viewOf } from './view.ts';

type Request = Parameters<MusterActivities['releaseHeld']>[0];

/** Security lets an event go on that nobody else could vouch for: decided as of now, as the event it was, and not held for the same again. */
export async function releaseHeld(
  dependencies: Dependencies,
  request: Request,
): Promise<Decision & { refused?: string }> {
  const { store, timing, workflows } = dependencies;
  const decision = await store.transaction(async (tx): Promise<Decision & { refused?: string }> => {
    const released = await release(dependencies, tx, request);
    return { view: await viewOf(tx, timing, request.person), ...released };
  });
  if (decision.settlement !== undefined)
    await tell(workflows, eventWorkflowId(decision.settlement.event), decision.settlement);
  await wake(workflows, decision.end?.handedOn);
  await tellOvertaken(workflows, decision.end);
  return decision;
}

async function release(
  dependencies: Dependencies,
  tx: Transaction,
  request: Request,
): Promise<Omit<Decision, 'view'> & { refused?: string }> {
  const { exception: id, by, reason, now, workflowId } = request;
  const person = await tx.person(request.person, { lock: true });
  if (person === undefined) throw new Failure('not-found', `${request.person} is not in the directory`);
  const exception = await tx.exception(id);
  const event = exception?.event === undefined ? undefined : (await tx.arrival(exception.event))?.event;
  const said = event === undefined ? undefined : await tx.personEvent(person.id, event.key);
  // Another try of the same, whose answer was lost.
  if (exception?.resolvedAt === now && exception.resolution?.action === 'release' && event !== undefined && said)
    return { settlement: { event: event.key, ...said } };
  if (event === undefined || said?.outcome !== 'held' || !isToRelease(id))
    return { refused: `${id} holds no event that can be released` };
  if (event.by === by) return { refused: `${by} caused ${event.key}, and does not release it` };
  if (!(await tx.resolveException(id, { action: 'release', by, reason }, now)))
    return { refused: `${id} was resolved already` };
  const deciding: Deciding = { dependencies, tx, person, event, now, workflowId, releasedBy: by };
  const about = { workflowId, step: id, person: person.id, event: event.key, at: now };
  await tx.addEvidence([
    { ...about, kind: 'exception-resolved', data: { action: 'release', by } },
    { ...about, kind: 'event-released', data: { by } },
  ]);
  const verdict = await decideFor(deciding);
  if ('end' in verdict) return verdict;
  const settlement: Settlement =
    'settlement' in verdict
      ? verdict.settlement
      : { event: event.key, outcome: 'waiting', reason: `released by ${by}; it is being carried out` };
  await writeSettlement(tx, person.id, settlement, now);
  return { settlement };
}
