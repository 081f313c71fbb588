import { Failure } from '../model/failure.ts';

/** A token as its issuer gave it. */
export interface IssuedToken {
  value: string;
  expiresInMs: number;
}

/** One token for all calls to a target: renewed at 80 % of its life and once after a 401, asked for once however many wait for it. */
export class TokenCache {
  readonly #issue: (signal: AbortSignal) => Promise<IssuedToken>;
  readonly #clock: () => number;
  #held: { value: string; renewAt: number } | undefined;
  #asking: Promise<string> | undefined;

  constructor(issue: (signal: AbortSignal) => Promise<IssuedToken>, clock: () => number) {
    this.#issue = issue;
    this.#clock = clock;
  }

  /** Makes the call with a token; when that is refused as `credentials`, once more with a new one. */
  async use<T>(signal: AbortSignal, call: (token: string) => Promise<T>): Promise<T> {
    const token = await this.#token(signal);
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'credentials') throw error;
      if (this.#held?.value === token) this.#held = undefined;
      return call(await this.#token(signal));
    }
  }

  async #token(signal: AbortSignal): Promise<string> {
    if (this.#held !== undefined && this.#clock() < this.#held.renewAt) return this.#held.value;
    if (this.#asking === undefined) return this.#ask(signal);
    try {
      return await unlessAborted(this.#asking, signal);
    } catch (error) {
      // Whoever asked was aborted; that is no reason for those who only waited to fail with it.
      if (signal.aborted || !(error instanceof Failure) || error.code !== 'timeout') throw error;
      return this.#token(signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<string> {
    const asking = this.#issue(signal).then(({ value, expiresInMs }) => {
      this.#held = { value, renewAt: this.#clock() + 0.8 * expiresInMs };
      return value;
    });
    this.#asking = asking;
    try {
      return await asking;
    } finally {
      if (this.#asking === asking) this.#asking = undefined;
    }
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(new Failure('timeout', 'aborted while waiting for a token', { cause: signal.reason }));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
