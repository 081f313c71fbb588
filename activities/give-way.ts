import type { PendingChange } from '../src/model/person.ts';
import type { Deciding } from './decide-event.ts';
import { writeSettlement } from './settle.ts';

/** Takes rows off the timeline. Whoever sent what they came from is told why at the next delivery; what is settled stays so. */
export async function giveWay(
  { tx, person, event, now }: Pick<Deciding, 'tx' | 'person' | 'event' | 'now'>,
  rows: readonly PendingChange[],
  reason: string,
): Promise<void> {
  for (const row of rows) {
    await tx.removePending(person.id, row.id);
    if (row.event === event.key) continue;
    const before = await tx.personEvent(person.id, row.event);
    if (before !== undefined && before.outcome !== 'waiting' && before.outcome !== 'scheduled') continue;
    await writeSettlement(tx, person.id, { event: row.event, outcome: 'ignored', reason }, now);
  }
}
