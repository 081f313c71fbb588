import type { Guard, Store } from '../src/directory/store.ts';
import { Failure } from '../src/model/failure.ts';
import { everything, goesOnAfterMs, sourceScope, targetScope } from '../src/model/stop.ts';

/** A changing call that is about to be made. */
export interface ChangingCall {
  person: string;
  /** Under which it was planned; undefined for what may only read. */
  epoch: number | undefined;
  event: string;
  target: string;
  /** In words. */
  summary: string;
  /** Temporal's key, and how often this activity has been tried. */
  priority: number;
  attempt: number;
}

/** A database that nobody can read for this long (milliseconds) may hold a stop: then all is stopped. */
const patienceMs = 2_000;

/** Between looks at a database that does not answer. */
const lookAgainMs = 250;

/**
 * Throws where the call must not be made: `superseded` where newer work for the person has begun, `stopped` where an operator
 * has stopped everything, its target or its source, where nobody can know whether one has, and for a moment after a `go` to
 * what is less urgent than others that waited.
 */
export async function mayChange(store: Pick<Store, 'read'>, call: ChangingCall): Promise<void> {
  const { person, epoch, event, target, summary } = call;
  const guard = await readGuard(store, person, summary);
  if (guard === undefined || epoch === undefined || guard.epoch !== epoch) {
    throw new Failure('superseded', `${summary}: newer work for ${person} has begun`);
  }
  const scopes = [everything, targetScope(target), sourceScope(event.slice(0, event.indexOf(':')))];
  const stop = guard.stops.find((scope) => scopes.includes(scope));
  if (stop !== undefined) {
    throw new Failure('stopped', `${summary}: an operator has stopped "${stop}"`, { retryAfterMs: pauseOf(call) });
  }
  const since = scopes.flatMap((scope) => guard.lifted?.[scope] ?? []);
  const left = (goesOnAfterMs[call.priority] ?? 0) - Math.min(...since, Number.POSITIVE_INFINITY);
  if (left > 0) {
    throw new Failure('stopped', `${summary}: a stop was lifted, and what is more urgent goes on first`, {
      retryAfterMs: Math.ceil(left),
    });
  }
}

/** Two seconds, one for what is most urgent; what has waited for minutes asks less often. */
function pauseOf({ priority, attempt }: ChangingCall): number {
  if (priority <= 1) return 1_000;
  if (attempt <= 60) return 2_000;
  return priority === 2 ? 5_000 : 10_000;
}

async function readGuard(store: Pick<Store, 'read'>, person: string, summary: string): Promise<Guard | undefined> {
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      return await within(
        until - Date.now(),
        store.read((reader) => reader.guard(person)),
      );
    } catch (error) {
      // Whatever the database says, it is no word of the target's.
      if (!(error instanceof Failure)) throw error;
      if (Date.now() + lookAgainMs >= until) {
        throw new Failure('stopped', `${summary}: whether an operator has stopped it cannot be read`, {
          retryAfterMs: patienceMs,
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure('timeout', 'the database does not answer')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
