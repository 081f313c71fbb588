import type { Arrival } from '../directory/store.ts';
import { sourceScope } from '../model/stop.ts';
import { raise } from './found.ts';
import type { Watching } from './watching.ts';

/** Finds events that nobody settles, and of which nothing else tells. */
export class StuckEvents {
  readonly #watching: Watching;
  readonly #unsettledMs: number;
  /** When each stop was last seen in force: what waited for it has its time again from then on. */
  readonly #stopped = new Map<string, number>();

  constructor(watching: Watching, unsettledMs: number) {
    this.#watching = watching;
    this.#unsettledMs = unsettledMs;
  }

  async look(): Promise<void> {
    const { store, policy, clock } = this.#watching;
    const now = clock();
    for (const { scope } of await store.read((reader) => reader.stops())) this.#stopped.set(scope, now);
    const unsettledBefore = new Date(now - this.#unsettledMs).toISOString();
    const { items } = await store.read((reader) => reader.arrivals({ unsettledBefore }, { limit: 500 }));
    for (const arrival of items) {
      // Held and parked events have exceptions of their own, and a person's step that is late has one by its deadline.
      if (arrival.outcome !== undefined || this.#waitedForGo(arrival, now) || (await this.#isToldOf(arrival))) continue;
      const found = {
        id: `watch/stuck/${arrival.key}`,
        kind: 'event-stuck' as const,
        event: arrival.key,
        workflowId: arrival.workflowId,
        reason: `${arrival.key} (${arrival.event.type} for ${arrival.event.subject}) arrived at ${arrival.receivedAt} and is not settled. Look at ${arrival.workflowId} and its person's workflow: are workers running, and what do their pending activities say?`,
        ...(arrival.person === undefined ? {} : { person: arrival.person }),
      };
      await raise(store, policy.exceptions, found, new Date(now).toISOString());
    }
  }

  /** A stop of its source keeps an event; any other keeps the changes of whom it is about. */
  #waitedForGo({ event, person }: Arrival, now: number): boolean {
    return [...this.#stopped].some(
      ([scope, seen]) =>
        now - seen < this.#unsettledMs &&
        (scope.startsWith(sourceScope('')) ? scope === sourceScope(event.source) : person !== undefined),
    );
  }

  async #isToldOf({ key, person }: Arrival): Promise<boolean> {
    if (person === undefined) return false;
    const { items } = await this.#watching.store.read((reader) =>
      reader.exceptions({ open: true, person }, { limit: 100 }),
    );
    return items.some((exception) => exception.event === key);
  }
}
