import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Store, TargetHealth } from '../src/directory/store.ts';
import { Failure } from '../src/model/failure.ts';
import { whatItSays } from '../src/targets/health.ts';
import type { Dependencies } from './dependencies.ts';
import { toApplicationFailure } from './failures.ts';

type Needs = Pick<Dependencies, 'store' | 'targets'> & {
  timing: Pick<Dependencies['timing'], 'callMs' | 'retryMaximumMs'>;
};

/**
 * Goes around an activity of a target. After five answers in a row, over all people, that were none (throttled, unavailable,
 * timeout) the target rests: whoever comes meanwhile is sent away at once and told when to come back, and then one call at a
 * time looks whether it is well again. While all is well this reads one small row a second and writes one a minute.
 */
export async function withHealth<T>(
  { store, targets, timing }: Needs,
  target: string,
  work: () => Promise<T>,
  clock: () => number = Date.now,
): Promise<T> {
  const book = bookOf(store);
  const health = await book.of(target, clock());
  const probe = await mayGo(health);
  try {
    const result = await work();
    await answered();
    return result;
  } catch (error) {
    const said = error instanceof CancelledFailure ? 'nothing' : whatItSays(codeOf(error));
    if (said === 'answers') await answered();
    if (said === 'away') await book.failed(target, { ...failureOf(error), at: iso(clock()), probe });
    throw error;
  }

  async function mayGo({ restUntil, failures, code = 'unavailable' }: TargetHealth): Promise<boolean> {
    if (restUntil === undefined) return false;
    const now = clock();
    const lease = now + timing.callMs;
    if (Date.parse(restUntil) <= now && (await book.claim(target, iso(now), iso(lease)))) return true;
    const until = Date.parse(restUntil) <= now ? lease : Date.parse(restUntil);
    const title = targets.get(target)?.title ?? target;
    const failure = new Failure(
      'unavailable',
      `${title} is resting until ${iso(until)}, after ${failures} answers in a row that were none (${code}); one call at a time looks whether it is back`,
      { retryAfterMs: until - now },
    );
    throw toApplicationFailure(failure, timing.retryMaximumMs);
  }

  async function answered(): Promise<void> {
    await book.answered(target, health, clock());
  }
}

/** What this process knows of targets' health: as old as a second, so that a burst of activities asks once. */
class HealthBook {
  readonly #store: Store;
  #rows: Promise<Map<string, TargetHealth>> = Promise.resolve(new Map());
  #readAt = Number.NEGATIVE_INFINITY;
  readonly #notedAt = new Map<string, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A database that cannot be read stops no call here: the call's own check before a change does. */
  async of(target: string, now: number): Promise<TargetHealth> {
    if (now - this.#readAt >= 1_000 || now < this.#readAt) {
      this.#readAt = now;
      this.#rows = this.#store
        .read((reader) => reader.targetsHealth())
        .then(
          (rows) => new Map(rows.map((row) => [row.target, row])),
          () => new Map(),
        );
    }
    return (await this.#rows).get(target) ?? { target, failures: 0 };
  }

  claim(target: string, now: string, until: string): Promise<boolean> {
    this.#forget();
    return this.#store.transaction((tx) => tx.claimProbe(target, now, until)).catch(() => false);
  }

  /** Written where it is news: after failures, and once a minute so that the last good answer is known. */
  async answered(target: string, { failures }: TargetHealth, now: number): Promise<void> {
    const isNews = failures > 0 || now - (this.#notedAt.get(target) ?? Number.NEGATIVE_INFINITY) >= 60_000;
    if (!isNews) return;
    this.#notedAt.set(target, now);
    await this.#write(() => this.#store.transaction((tx) => tx.noteTargetGood(target, iso(now))));
  }

  async failed(target: string, failure: { code: string; message: string; at: string; probe: boolean }): Promise<void> {
    this.#notedAt.delete(target);
    await this.#write(() => this.#store.transaction((tx) => tx.noteTargetFailure(target, failure)));
  }

  /** What became of the call is more than what is noted of it. */
  async #write(write: () => Promise<void>): Promise<void> {
    await write().catch(() => undefined);
    this.#forget();
  }

  #forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }
}

const books = new WeakMap<Store, HealthBook>();

function bookOf(store: Store): HealthBook {
  const known = books.get(store);
  if (known !== undefined) return known;
  const book = new HealthBook(store);
  books.set(store, book);
  return book;
}

function codeOf(error: unknown): string {
  if (error instanceof Failure) return error.code;
  return error instanceof ApplicationFailure ? (error.type ?? '') : '';
}

const failureOf = (error: unknown) => ({
  code: codeOf(error),
  message: error instanceof Error ? error.message : String(error),
});

const iso = (at: number): string => new Date(at).toISOString();
