import { type Deciding, hold, type Verdict } from './decide-event.ts';

/** What an event took is to come back. */
export function undoRequested(deciding: Deciding): Promise<Verdict> {
  return hold(deciding, 'needs-decision', 'restore it by hand.');
}
