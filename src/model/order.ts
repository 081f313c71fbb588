import type { Change } from './plan.ts';
import type { Begun } from './work.ts';

/** An order to a team that serves a system by hand, as its person's workflow looks after it. */
export interface BegunOrder extends Begun {
  /** The ticket, as a change. */
  change: Change;
  /** What is ordered: an id of policy's `requestable`. */
  what: string;
  /** ISO instant: without a confirmation by then somebody must look. */
  overdueAt: string;
  /** What the ticket is called; absent until it is opened. */
  number?: string;
  /** Somebody else has said what became of it. */
  confirmed?: 'done' | 'failed';
  /** They leave: it is taken back. */
  withdrawn: boolean;
}

/** What the team has said so far. `gone`: the ticket cannot be found any more. */
export type OrderState =
  | { status: 'open' | 'done' | 'failed' | 'gone'; number: string }
  | { status: 'blocked'; message: string };

/** How an order ended. `delivered`: it was to be taken back, and the team was done before. */
export type OrderEnd = 'done' | 'failed' | 'withdrawn' | 'delivered';

/** Input of a target's activities about an order. */
export interface OrderWork {
  person: string;
  event: string;
  epoch: number;
  change: Change;
  now: string;
  workflowId: string;
}
