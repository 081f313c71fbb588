import { Context } from '@temporalio/activity';
import { Failure } from '../src/model/failure.ts';
import type { ChangeWork } from '../src/model/work.ts';
import type { CallContext } from '../src/targets/target.ts';
import type { Dependencies } from './dependencies.ts';

/** A changing call that was allowed to be made, in the order it was made. */
export interface AllowedCall {
  operation: string;
  at: string;
}

/** What a target is given: an abort 5 s before Temporal gives the activity up, and the check before each changing call. */
export function callContext(
  { store, timing }: Dependencies,
  work: Pick<ChangeWork, 'person' | 'event' | 'change' | 'now'> & { epoch?: number },
  allowed: AllowedCall[] = [],
): CallContext {
  const patience = AbortSignal.timeout(Math.max(timing.callMs - 5_000, timing.callMs / 2));
  return {
    signal: AbortSignal.any([patience, Context.current().cancellationSignal]),
    now: work.now,
    key: `${work.event}/${work.change.id}`,
    async beforeChange(operation) {
      const guard = await store.read((reader) => reader.guard(work.person));
      if (guard === undefined || work.epoch === undefined || guard.epoch !== work.epoch) {
        throw new Failure('superseded', `${work.change.summary}: newer work for ${work.person} has begun`);
      }
      const stop = guard.stops.find((scope) => scope === 'all' || scope === `target:${work.change.target}`);
      if (stop !== undefined) {
        throw new Failure('stopped', `${work.change.summary}: an operator has stopped "${stop}"`, {
          retryAfterMs: 2_000,
        });
      }
      allowed.push({ operation, at: new Date().toISOString() });
    },
  };
}
