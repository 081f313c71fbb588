import { ApplicationFailure } from '@temporalio/common';
import { Failure, failureHandling } from '../src/model/failure.ts';
import type { ChangeResult } from '../src/model/work.ts';

/**
 * Failure → what Temporal retries: the one place where the two meet. Everything thrown may be tried again (Muster never
 * gives up by itself); what a person must see to comes back as a result instead, so that the workflow can say so.
 * @param longestPauseMs a target's own wish to be left alone is honoured up to this
 * @param slowPauseMs the pause after what only somebody can cure, for callers that throw it all the same
 */
export function toApplicationFailure(error: unknown, longestPauseMs: number, slowPauseMs?: number): ApplicationFailure {
  const failure = error instanceof Failure ? error : undefined;
  if (failure !== undefined && slowPauseMs !== undefined && needsSomebody(failure)) {
    return ApplicationFailure.create({ type: failure.code, message: failure.message, nextRetryDelay: slowPauseMs });
  }
  const pause = failure?.retryAfterMs;
  return ApplicationFailure.create({
    type: failure?.code ?? 'unexpected',
    message: error instanceof Error ? error.message : String(error),
    nonRetryable: false,
    ...(pause === undefined ? {} : { nextRetryDelay: Math.min(Math.max(pause, 1), longestPauseMs) }),
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

/** True for failures that another try in a minute will not cure: somebody has to change something at the target. */
export const needsSomebody = (failure: Failure): boolean => failureHandling[failure.code] === 'slow';

/** What became of a change that failed: a result where newer work or a person decides; thrown, for Temporal to try again, otherwise. */
export function resultOfFailure(error: unknown, longestPauseMs: number): ChangeResult {
  if (!(error instanceof Failure)) throw toApplicationFailure(error, longestPauseMs);
  if (error.code === 'superseded') return { status: 'superseded', message: error.message };
  if (!needsSomebody(error)) throw toApplicationFailure(error, longestPauseMs);
  const advice = error.advice === undefined ? {} : { advice: error.advice };
  return { status: 'blocked', code: error.code, message: error.message, ...advice };
}
