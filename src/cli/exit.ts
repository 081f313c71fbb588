import { Failure, type FailureCode } from '../model/failure.ts';

/** 0 done, 1 failed, 2 wrong usage, 3 something it needs is out of reach. */
export const exitCodes = { done: 0, failed: 1, usage: 2, outOfReach: 3 } as const;

/** Ends the command with this code; everything there is to say has been said. */
export class EndWith extends Error {
  constructor(readonly code: number) {
    super(`exit code ${code}`);
  }
}

const byCode: Partial<Record<FailureCode, number>> = {
  unavailable: exitCodes.outOfReach,
  timeout: exitCodes.outOfReach,
  throttled: exitCodes.outOfReach,
  misconfigured: exitCodes.usage,
};

/** What a command ends with that failed this way. */
export function exitCodeOf(code: FailureCode): number {
  return byCode[code] ?? exitCodes.failed;
}

/** What a failed command ends with, and what it says. */
export interface Ending {
  code: number;
  /** Empty: nothing more to say. `{"error":{"code","message","advice"?}}` with `--json`, words without. */
  text: string;
}

/** Any error → exit code and text. A stack is shown with MUSTER_DEBUG alone. */
export function endingOf(error: unknown, options: { json: boolean; debug: boolean }): Ending {
  if (error instanceof EndWith) return { code: error.code, text: '' };
  const failure = error instanceof Failure ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const code = failure === undefined ? exitCodes.failed : exitCodeOf(failure.code);
  if (options.json) {
    const { advice } = failure ?? {};
    const body = { code: failure?.code ?? 'failed', message, ...(advice === undefined ? {} : { advice }) };
    return { code, text: JSON.stringify({ error: body }) };
  }
  const lines = [`muster: ${message}`];
  if (failure?.advice !== undefined) lines.push(failure.advice);
  if (options.debug && error instanceof Error) lines.push(stackOf(error));
  return { code, text: lines.join('\n') };
}

function stackOf(error: Error): string {
  const own = error.stack ?? '';
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
