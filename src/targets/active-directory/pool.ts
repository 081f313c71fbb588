import { createHash } from 'node:crypto';
import { Failure } from '../../model/failure.ts';
import type { TargetDependencies } from '../target.ts';
import { Connection } from './connection.ts';
import { noAnswer, Refusal } from './failures.ts';
import type { ActiveDirectorySettings } from './settings.ts';

/** A few connections, lent to one call each. They are made when they are needed and closed when nobody used them for a while. */
export class ConnectionPool {
  readonly #settings: ActiveDirectorySettings;
  readonly #dependencies: TargetDependencies;
  readonly #refused: RefusedPassword;
  readonly #idle: { connection: Connection; timer: NodeJS.Timeout }[] = [];
  readonly #waiting: (() => void)[] = [];
  #lent = 0;
  #closed = false;
  /** Logons follow each other, so that a wrong password is refused once and not once for each connection. */
  #lastLogon: Promise<unknown> = Promise.resolve();

  constructor(settings: ActiveDirectorySettings, dependencies: TargetDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#refused = new RefusedPassword(dependencies.clock);
  }

  /** Lends a connection for as long as `work` takes. */
  async use<T>(signal: AbortSignal, work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#take(signal);
    try {
      return await work(connection);
    } finally {
      this.#give(connection);
    }
  }

  /** Lends a connection until all pages were read, or nobody wants more. */
  async *useFor<T>(signal: AbortSignal, read: (connection: Connection) => AsyncIterable<T>): AsyncGenerator<T> {
    const connection = await this.#take(signal);
    try {
      yield* read(connection);
    } finally {
      this.#give(connection);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const idle = this.#idle.splice(0);
    await Promise.all(
      idle.map(({ connection, timer }) => {
        clearTimeout(timer);
        return connection.close();
      }),
    );
  }

  async #take(signal: AbortSignal): Promise<Connection> {
    for (;;) {
      if (this.#closed) throw new Failure('unavailable', 'Active Directory: this target was closed');
      const idle = this.#idle.pop();
      if (idle !== undefined) {
        clearTimeout(idle.timer);
        if (!idle.connection.usable) continue;
        this.#lent += 1;
        return idle.connection;
      }
      if (this.#lent < this.#settings.connections) break;
      await this.#turn(signal);
    }
    this.#lent += 1;
    try {
      return await this.#open(signal);
    } catch (error) {
      this.#lent -= 1;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    let wake = () => {};
    const turn = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiting.push(wake);
    try {
      await abortable(turn, signal);
    } catch (error) {
      const index = this.#waiting.indexOf(wake);
      if (index >= 0) this.#waiting.splice(index, 1);
      // It was our turn already: the next one takes it.
      else this.#waiting.shift()?.();
      throw error;
    }
  }

  #give(connection: Connection): void {
    this.#lent -= 1;
    if (this.#closed) void connection.close();
    else if (connection.usable) {
      const timer = setTimeout(() => {
        const index = this.#idle.findIndex((idle) => idle.connection === connection);
        if (index >= 0) this.#idle.splice(index, 1);
        void connection.close();
      }, this.#settings.idleMs);
      timer.unref();
      this.#idle.push({ connection, timer });
    }
    this.#waiting.shift()?.();
  }

  #open(signal: AbortSignal): Promise<Connection> {
    const opened = this.#lastLogon.then(() => this.#logOn(signal));
    this.#lastLogon = opened.catch(() => {});
    return abortable(opened, signal);
  }

  async #logOn(signal: AbortSignal): Promise<Connection> {
    const { url, bindDn, ca, connectTimeoutMs, timeoutMs } = this.#settings;
    // At each logon, so that a rotation needs no restart.
    const password = await this.#dependencies.secret(this.#settings.password);
    const authority = ca?.startsWith('-----BEGIN') === false ? await this.#dependencies.secret(ca) : ca;
    this.#refused.check(password);
    const logon = { url, bindDn, password, ca: authority, connectTimeoutMs, timeoutMs };
    const connection = await Connection.open(logon, signal).catch((error) => {
      if (error instanceof Refusal && error.detail === '52e') this.#refused.add(password);
      throw error;
    });
    if (!signal.aborted) return connection;
    // Nobody waits for it any more.
    connection.cut();
    throw noAnswer('Active Directory: bind');
  }
}

const triesInARow = 3;
const pauseMs = 5 * 60_000;
const forgottenMs = 30 * 60_000;

/**
 * Keeps a wrong password from locking the service account: hundreds of activities that each try it once are hundreds
 * of bad logons. After three, one more try every 5 minutes, fewer than the ten in half an hour at which domains lock.
 */
class RefusedPassword {
  readonly #clock: () => number;
  #digest = '';
  #times = 0;
  #lastAt = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  check(password: string): void {
    if (digestOf(password) !== this.#digest || this.#times < triesInARow) return;
    const left = this.#lastAt + pauseMs - this.#clock();
    if (left <= 0) return;
    throw new Failure(
      'credentials',
      `Active Directory: the service account's password was refused ${this.#times} times and is not tried again for ${Math.ceil(left / 1000)} s, so that the account is not locked`,
      { advice: 'Set the right one where "password" points; another one is tried at once.' },
    );
  }

  add(password: string): void {
    const now = this.#clock();
    const digest = digestOf(password);
    this.#times = digest === this.#digest && now - this.#lastAt < forgottenMs ? this.#times + 1 : 1;
    this.#digest = digest;
    this.#lastAt = now;
  }
}

const digestOf = (password: string): string => createHash('sha256').update(password).digest('hex');

/** Settles as `promise` does, or fails as soon as the caller gives up. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const what = 'Active Directory: waiting for a connection';
  if (signal.aborted) {
    promise.catch(() => {});
    throw noAnswer(what);
  }
  let release = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    const stop = () => reject(noAnswer(what));
    signal.addEventListener('abort', stop, { once: true });
    release = () => signal.removeEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    release();
  }
}
