import type { Client } from '@temporalio/client';
import type { TargetConfig } from './config.ts';
import type { Reader, TargetHealth } from './directory/store.ts';
import { targetQueue } from './model/messages.ts';
import { queueState } from './queue-state.ts';

/** How one target is, and who waits for it. Instants are ISO. */
export interface TargetOverview {
  name: string;
  kind: string;
  mode: TargetConfig['mode'];
  /** `unknown`: it was never asked. `failing`: its last answers were none. `resting`: it is left alone, one call at a time looks. */
  health: 'good' | 'failing' | 'resting' | 'unknown';
  /** Answers in a row that were none, since when, and the last of them. */
  failures: number;
  failingSince?: string;
  code?: string;
  message?: string;
  restUntil?: string;
  lastGoodAt?: string;
  /** Calls at once, and a second at most over all workers. */
  concurrency: number;
  ratePerSecond?: number;
  /** Its task queue; absent where Temporal does not say. */
  queue?: {
    name: string;
    /** Tasks that wait for a worker, and for how many seconds the oldest of them has. */
    backlog: number;
    oldestSeconds: number;
    /** Tasks a second that were handed out lately. */
    perSecond: number;
    /** When a worker last asked for work. */
    polledAt?: string;
  };
  /** Ids of people who wait for it, the first hundred. */
  waiting: string[];
  /** There are more than those. */
  more: boolean;
}

const mostShown = 100;
/** Temporal is asked for no longer than this; the rest is told without it. Milliseconds. */
const answerMs = 3_000;

/** All targets of muster.yaml as the directory and Temporal show them. `client` undefined: Temporal is not asked. */
export async function targetsOverview(
  reader: Reader,
  targets: Record<string, TargetConfig>,
  client: Client | undefined,
  now: string,
  shows: (target: string, people: string[]) => Promise<string[]> = async (_target, people) => people,
): Promise<TargetOverview[]> {
  const rows = new Map((await reader.targetsHealth()).map((row) => [row.target, row]));
  return Promise.all(
    Object.entries(targets).map(async ([name, { kind, mode, concurrency, ratePerSecond }]) => {
      const waiting = await shows(name, await reader.waitingForTarget(name, 5 * mostShown, now));
      const queue = await queueOf(client, targetQueue(name));
      return {
        ...{ name, kind, mode, concurrency },
        ...healthOf(rows.get(name), now),
        ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
        ...(queue === undefined ? {} : { queue }),
        waiting: waiting.slice(0, mostShown),
        more: waiting.length > mostShown,
      };
    }),
  );
}

function healthOf(row: TargetHealth | undefined, now: string) {
  if (row === undefined) return { health: 'unknown' as const, failures: 0 };
  const { failures, since, code, message, restUntil, lastGoodAt } = row;
  const isResting = restUntil !== undefined && Date.parse(restUntil) > Date.parse(now);
  const health = failures === 0 ? ('good' as const) : isResting ? ('resting' as const) : ('failing' as const);
  return {
    ...{ health, failures },
    ...(since === undefined ? {} : { failingSince: since }),
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    ...(restUntil === undefined ? {} : { restUntil }),
    ...(lastGoodAt === undefined ? {} : { lastGoodAt }),
  };
}

async function queueOf(client: Client | undefined, name: string): Promise<TargetOverview['queue']> {
  if (client === undefined) return undefined;
  try {
    const state = await client.withDeadline(Date.now() + answerMs, () => queueState(client, name, 'activity'));
    const { backlog, oldestMs, rate, polledAt } = state;
    return {
      ...{ name, backlog, oldestSeconds: Math.round(oldestMs / 1_000), perSecond: Math.round(rate * 100) / 100 },
      ...(polledAt === undefined ? {} : { polledAt: new Date(polledAt).toISOString() }),
    };
  } catch {
    return undefined;
  }
}
