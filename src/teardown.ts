import type { Logger } from 'pino';

/** The order of ending: nothing new comes in, then what is under way ends, then what it needs. */
export const endOrder = {
  http: 1,
  workers: 2,
  watch: 3,
  connections: 4,
  targets: 5,
  sandbox: 6,
  temporal: 7,
  store: 8,
  home: 9,
} as const;

/** Everything that was started and must be ended again, in the right order whatever the order of starting was. */
export class Teardown {
  readonly #parts: { order: number; name: string; stop: () => Promise<unknown> }[] = [];
  #running: Promise<void> | undefined;

  /** Lower orders end first; equal ones together. */
  add(order: number, name: string, stop: () => Promise<unknown>): void {
    this.#parts.push({ order, name, stop });
  }

  /** Ends everything once, however often it is called. What cannot be ended is logged, and the next is ended all the same. */
  run(log: Logger): Promise<void> {
    this.#running ??= this.#run(log);
    return this.#running;
  }

  async #run(log: Logger): Promise<void> {
    const orders = [...new Set(this.#parts.map((part) => part.order))].sort((one, other) => one - other);
    for (const order of orders) {
      await Promise.all(
        this.#parts
          .filter((part) => part.order === order)
          .map(async (part) => {
            try {
              await part.stop();
            } catch (error) {
              log.error({ error: String(error) }, `${part.name} did not end in good order`);
            }
          }),
      );
    }
  }
}
