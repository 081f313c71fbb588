import { Context } from '@temporalio/activity';
import { priorities } from '../src/model/messages.ts';
import type { Change } from '../src/model/plan.ts';
import type { ChangeWork } from '../src/model/work.ts';
import type { CallContext } from '../src/targets/target.ts';
import type { Dependencies } from './dependencies.ts';
import { mayChange } from './stops.ts';

/** A changing call that was allowed to be made, in the order it was made. */
export interface AllowedCall {
  operation: string;
  at: string;
}

/** What a target is given: an abort 5 s before Temporal gives the activity up, and the check before each changing call. */
export function callContext(
  { store, timing }: Dependencies,
  work: Pick<ChangeWork, 'person' | 'event' | 'now'> & {
    change: Pick<Change, 'id' | 'target' | 'summary'>;
    epoch?: number;
  },
  allowed: AllowedCall[] = [],
): CallContext {
  const { info, cancellationSignal } = Context.current();
  const { priority, attempt } = info;
  const patience = AbortSignal.timeout(Math.max(timing.callMs - 5_000, timing.callMs / 2));
  return {
    signal: AbortSignal.any([patience, cancellationSignal]),
    now: work.now,
    key: `${work.event}/${work.change.id}`,
    async beforeChange(operation) {
      await mayChange(store, {
        ...{ person: work.person, epoch: work.epoch, event: work.event },
        ...{ target: work.change.target, summary: work.change.summary },
        ...{ priority: priority?.priorityKey ?? priorities.change, attempt },
      });
      allowed.push({ operation, at: new Date().toISOString() });
    },
  };
}
