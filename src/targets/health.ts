import { type FailureCode, failureCodes } from '../model/failure.ts';

/** So many failures in a row, over all people, and a target is left alone for a while. */
export const failuresBeforeRest = 5;
/** The first rest; each probe that fails doubles it, up to the longest. Milliseconds. */
export const shortestRestMs = 5_000;
export const longestRestMs = 60_000;

const away: ReadonlySet<FailureCode> = new Set<FailureCode>(['throttled', 'unavailable', 'timeout']);
/** What a call was stopped by before it asked the target anything that counts. */
const unasked: ReadonlySet<FailureCode> = new Set<FailureCode>(['stopped', 'superseded', 'misconfigured']);

/** What a failure says about its target: `away` counts against it, a refusal is an answer like any other. */
export function whatItSays(code: string): 'away' | 'answers' | 'nothing' {
  const known = failureCodes.find((each) => each === code);
  if (known === undefined || unasked.has(known)) return 'nothing';
  return away.has(known) ? 'away' : 'answers';
}
