import type { Logger } from 'pino';
import type { Store } from '../directory/store.ts';

/** Seals new evidence into the chain at least every second. Any number of processes may run one; they take turns. */
export function startSealer(store: Store, log: Logger, everyMs = 1_000): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const seal = async () => {
    try {
      while (!stopped && (await store.seal(500)) === 500);
    } catch (error) {
      log.warn(
        { error: String(error) },
        'evidence could not be sealed; it is kept and sealed when the database is back',
      );
    }
  };
  const schedule = () => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = seal().finally(schedule);
    }, everyMs);
  };
  schedule();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
