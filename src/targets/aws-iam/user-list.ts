import { Failure } from '../../model/failure.ts';
import { type IamClient, type IamUser, toUser } from './client.ts';

interface Reading {
  users: Promise<IamUser[]>;
  abort: AbortController;
  waiting: number;
}

/**
 * All IAM users with their tags. IAM cannot be asked for a tag, and ListUsers shows none, so they are read in pages of
 * GetAccountAuthorizationDetails: five calls for the 5,000 users that an account may have, and no call for each of them.
 * People who leave at the same time share one reading.
 */
export class UserList {
  readonly #client: IamClient;
  readonly #maxAgeMs: number;
  readonly #clock: () => number;
  #read: { users: IamUser[]; begun: number } | undefined;
  #reading: Reading | undefined;

  constructor(client: IamClient, maxAgeMs: number, clock: () => number) {
    this.#client = client;
    this.#maxAgeMs = maxAgeMs;
    this.#clock = clock;
  }

  /** The list, at most as old as the setting says, and whether it was read for this call. */
  async get(signal: AbortSignal): Promise<{ users: IamUser[]; fresh: boolean }> {
    const read = this.#read;
    if (read !== undefined && this.#clock() - read.begun < this.#maxAgeMs) return { users: read.users, fresh: false };
    return { users: await this.refresh(signal), fresh: true };
  }

  /** The list, read now. */
  async refresh(signal: AbortSignal): Promise<IamUser[]> {
    this.#reading ??= this.#begin();
    const reading = this.#reading;
    reading.waiting += 1;
    try {
      return await orAborted(reading.users, signal);
    } finally {
      reading.waiting -= 1;
      if (reading.waiting === 0) this.#end(reading);
    }
  }

  /** Makes the next look read anew; for whoever has just made a user. */
  forget(): void {
    this.#read = undefined;
  }

  #begin(): Reading {
    const begun = this.#clock();
    const abort = new AbortController();
    const users = this.#client
      .list(
        'GetAccountAuthorizationDetails',
        abort.signal,
        (iam, page, options) =>
          iam.getAccountAuthorizationDetails({ Filter: ['User'], MaxItems: 1000, ...page }, options),
        (answer) => answer.UserDetailList,
      )
      .then((details) => {
        const read = details.map((detail) => toUser(detail, 'GetAccountAuthorizationDetails'));
        this.#read = { users: read, begun };
        return read;
      });
    return { users, abort, waiting: 0 };
  }

  /** Nobody waits any more: a reading that hangs must not be what the next one waits for. */
  #end(reading: Reading): void {
    if (this.#reading === reading) this.#reading = undefined;
    reading.abort.abort();
    reading.users.catch(() => {});
  }
}

function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () =>
      reject(new Failure('timeout', 'AWS IAM: the list of users was not read in time', { cause: signal.reason }));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
