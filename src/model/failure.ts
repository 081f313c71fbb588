/** The closed list of ways a thing can go wrong; `docs/errors.md` lists each with what to do about it. */
export const failureCodes = [
  'throttled',
  'unavailable',
  'timeout',
  'refused',
  'not-found',
  'conflict',
  'credentials',
  'stopped',
  'superseded',
  'not-confirmed',
  'ambiguous',
  'misconfigured',
  'protocol',
] as const;

/**
 * - `throttled`: the target asks us to slow down; `retryAfterMs` is its own word where it gave one.
 * - `unavailable`: 5xx, a cut connection, a name that does not resolve, a page where JSON was due.
 * - `timeout`: no answer in time; whether the call took effect is unknown, so the retry looks first.
 * - `refused`: the target understood and will not (403, a business rule); a person must change something there.
 * - `not-found`: the thing that a call needs (a parent, a group) is not there.
 * - `conflict`: somebody changed it between our look and our call; look again.
 * - `credentials`: our own login is refused; never retried in a hurry, because that locks accounts.
 * - `stopped`: an operator's stop is in force; it waits without an exception.
 * - `superseded`: the person's epoch moved on; this older work must not touch anything any more.
 * - `not-confirmed`: the target said yes, and reading it back says no.
 * - `ambiguous`: more than one match; the first hit is never taken.
 * - `misconfigured`: muster.yaml or policy.yaml asks for what is not there.
 * - `protocol`: an answer that cannot be read as the vendor documents it.
 */
export type FailureCode = (typeof failureCodes)[number];

/** How each code is dealt with when nobody says otherwise. `retry`: soon; `slow`: every 15 minutes; `never`: only by a person. */
export const failureHandling: Readonly<Record<FailureCode, 'retry' | 'slow' | 'never'>> = {
  throttled: 'retry',
  unavailable: 'retry',
  timeout: 'retry',
  refused: 'slow',
  'not-found': 'slow',
  conflict: 'retry',
  credentials: 'slow',
  stopped: 'retry',
  superseded: 'never',
  'not-confirmed': 'retry',
  ambiguous: 'slow',
  misconfigured: 'slow',
  protocol: 'slow',
};

export interface FailureOptions {
  /** The target's own word on when to come back, in milliseconds. */
  retryAfterMs?: number;
  /** What the reader at 3 a.m. should do, as a sentence. */
  advice?: string;
  cause?: unknown;
}

/** The one error of Muster. The message is written for the operator and holds no secret and no personal data but ids. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly retryAfterMs: number | undefined;
  readonly advice: string | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.advice = options.advice;
  }
}
