import { Failure, type FailureCode } from '../../model/failure.ts';
import type { Outcome } from '../target.ts';

/** Failures of one step that leave the next one worth trying. The others are about the whole target, or about us. */
const ofOneStep: ReadonlySet<FailureCode> = new Set(['refused', 'not-found', 'conflict', 'protocol', 'unavailable']);

/**
 * The steps of taking an account's access away. One that is refused keeps none of the others from closing what they
 * can; at the end the first failure is thrown, so that all of them are tried again.
 */
export class Steps {
  #outcome: Outcome = 'already';
  readonly #failures: Failure[] = [];

  async take(step: () => Promise<Outcome>): Promise<void> {
    const outcome = await this.attempt(step);
    if (outcome === 'changed') this.#outcome = outcome;
  }

  /** Something that a step needs to see first; undefined where that failed. */
  async attempt<Value>(look: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof Failure) || !ofOneStep.has(error.code)) throw error;
      this.#failures.push(error);
      return undefined;
    }
  }

  outcome(): Outcome {
    const [first, ...others] = this.#failures;
    if (first === undefined) return this.#outcome;
    if (others.length === 0) throw first;
    throw new Failure(first.code, `${first.message}; ${others.length} more failed, and the other steps were done`, {
      cause: first,
      ...(first.retryAfterMs === undefined ? {} : { retryAfterMs: first.retryAfterMs }),
      ...(first.advice === undefined ? {} : { advice: first.advice }),
    });
  }
}
