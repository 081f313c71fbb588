import type { Store } from '../src/directory/store.ts';
import { Failure } from '../src/model/failure.ts';
import type { Grant } from '../src/model/grant.ts';
import { personWorkflowId } from '../src/model/messages.ts';
import type { Policy } from '../src/policy/schema.ts';
import { graceRow, planLater } from './access-rows.ts';

/** What is prolonged, by whom. */
export interface GraceRequest {
  person: string;
  /** ISO instants. */
  until: string;
  now: string;
  by: string;
}

/**
 * Lets old access stay longer after a move, up to policy's `moves.longest` from the move; privileged access has no grace to
 * prolong. Whoever asks wakes the person's workflow afterwards. Gives the moment to which it stays.
 */
export async function prolongGrace(
  store: Store,
  policy: Pick<Policy, 'moves'>,
  { person: id, until, now, by }: GraceRequest,
): Promise<{ until: string; kept: string[] }> {
  return store.transaction(async (tx) => {
    const person = await tx.person(id, { lock: true });
    if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
    const running = person.grants.filter(
      (grant) => grant.origin === 'grace' && !grant.privileged && Date.parse(grant.until ?? now) > Date.parse(now),
    );
    if (running.length === 0) throw new Failure('refused', `${id} has no old access whose time still runs`);
    const longest = ({ at }: Grant) => Date.parse(at) + policy.moves.longest;
    const most = Math.min(...running.map(longest));
    if (Date.parse(until) > most) {
      throw new Failure('refused', `old access stays until ${new Date(most).toISOString()} at most (moves.longest)`);
    }
    const later = running.filter((grant) => Date.parse(grant.until ?? now) < Date.parse(until));
    const moment = new Date(until).toISOString();
    for (const grant of later) await tx.putGrant(id, { ...grant, until: moment });
    for (const event of new Set(later.map((grant) => grant.event))) {
      await planLater(tx, person, { id: graceRow(event), kind: 'grace', event, dueAt: moment }, { process: 'mover' });
    }
    const kept = later.map(({ target, entitlement }) => `${target} ${entitlement}`.trim()).sort();
    const piece = { workflowId: personWorkflowId(id), step: `grace/${now}`, person: id, at: now };
    await tx.addEvidence([{ ...piece, kind: 'grace-prolonged', data: { by, until: moment, kept } }]);
    return { until: moment, kept };
  });
}
