import { decideEnd } from '../src/policy/ends.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { beginInside } from './ends.ts';

/** Somebody leaves: now, on a day, or not by this event (`semantics.md` 3). */
export async function terminated(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const decision = decideEnd({ person, event, policy: dependencies.policy, now: Date.parse(now) });
  switch (decision.decision) {
    case 'ignore':
      return ignore(deciding, decision.reason);
    case 'hold':
      return hold(
        deciding,
        decision.kind === 'protected-person' ? 'protected-person' : 'needs-decision',
        decision.reason,
      );
    case 'schedule': {
      if (decision.replaces !== undefined) await tx.removePending(person.id, decision.replaces);
      await tx.putPending(person.id, {
        id: `end:${event.key}`,
        kind: 'end',
        dueAt: decision.at,
        date: decision.date,
        zone: decision.zone,
        event: event.key,
        confidential: decision.confidential,
        data: { engagement: decision.engagement },
      });
      await evidence(deciding, 'end-scheduled', {
        dueAt: decision.at,
        date: decision.date,
        zone: decision.zone,
        replaces: decision.replaces ?? null,
      });
      return { settlement: { event: event.key, outcome: 'scheduled', reason: `ends ${decision.at}` } };
    }
    case 'now': {
      const pending = {
        id: `end:${event.key}`,
        kind: 'end' as const,
        dueAt: now,
        event: event.key,
        confidential: false,
        data: { engagement: decision.engagement, effective: decision.effective },
      };
      return { end: await beginInside(deciding, pending) };
    }
  }
}

/** The source takes an end back: before its moment nothing happens any more; after it a person must restore, by approval. */
export async function terminationRescinded(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event } = deciding;
  const pending = person.pending.filter((change) => change.kind === 'end');
  if (person.state === 'Terminating' || person.state === 'Terminated') {
    return hold(
      deciding,
      'needs-decision',
      'the end has already taken effect; what was recorded before it is in the evidence of its event, and restoring it needs approval.',
    );
  }
  if (pending.length === 0) return ignore(deciding, 'no end is pending');
  for (const change of pending) {
    await tx.removePending(person.id, change.id);
    await tx.putPersonEvent(person.id, change.event, 'ignored', `rescinded by ${event.key}`, deciding.now);
    await tx.updateArrival(change.event, { outcome: 'ignored', reason: `rescinded by ${event.key}` });
  }
  await evidence(deciding, 'end-rescinded', { ends: pending.map((change) => change.event) });
  return { settlement: { event: event.key, outcome: 'applied' } };
}
