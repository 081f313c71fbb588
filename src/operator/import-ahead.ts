import { createHash } from 'node:crypto';
import { comesLater, type ImportedPerson } from '../directory/imported-person.ts';
import type { Reader, Store } from '../directory/store.ts';
import type { IdentityEvent } from '../model/event.ts';
import { eventWorkflowId, workflowTypes } from '../model/messages.ts';
import { insideEvent } from '../receiver/inside-event.ts';
import type { Frontend } from '../receiver/temporal.ts';

interface Stamp {
  /** The operator's id. */
  by: string;
  /** ISO instant. */
  at: string;
}

/** At once; Temporal has other things to do as well. */
const together = 20;

/**
 * Has what an import says of days to come waited for: the ends of contracts, with their reminders, and starts. Each is an
 * event like any other, once: who is waited for already has none.
 */
export async function waitForDays(
  store: Pick<Store, 'read'>,
  frontend: Pick<Frontend, 'start'>,
  people: readonly ImportedPerson[],
  stamp: Stamp,
): Promise<void> {
  const later = people.filter((person) => comesLater(person, stamp.at));
  for (let start = 0; start < later.length; start += together) {
    const some = later.slice(start, start + together);
    const events = await store.read((reader) => Promise.all(some.map((given) => eventFor(reader, given, stamp))));
    await Promise.all(
      events.flatMap((event) =>
        event === undefined ? [] : [frontend.start(workflowTypes.identityEvent, eventWorkflowId(event.key), event)],
      ),
    );
  }
}

/** Of the dates that the directory has, which an import does not move once something is under way. */
async function eventFor(
  reader: Reader,
  { source, workerId }: ImportedPerson,
  { by, at }: Stamp,
): Promise<IdentityEvent | undefined> {
  const [id] = await reader.peopleWith({ type: 'workerId', value: workerId, source });
  const person = id === undefined ? undefined : await reader.person(id);
  const engagement = person?.engagements.findLast((each) => each.source === source && each.workerId === workerId);
  if (person === undefined || engagement === undefined) return undefined;
  const { startDate, endDate } = engagement;
  const waits = (kind: 'start' | 'end') =>
    person.pending.some((row) => row.kind === kind && row.data['engagement'] === engagement.id);
  const type = person.state === 'PreHire' ? 'hired' : 'contract-end-changed';
  const due = type === 'hired' ? !waits('start') : person.state === 'Active' && endDate !== undefined && !waits('end');
  if (!due) return undefined;
  const dates = type === 'hired' ? { startDate, ...(endDate === undefined ? {} : { endDate }) } : { endDate };
  const hash = createHash('sha256')
    .update(JSON.stringify([person.id, engagement.id, type, dates]))
    .digest('hex');
  const order = {
    source: 'operator',
    id: `import-${hash.slice(0, 32)}`,
    type,
    subject: workerId,
    by,
    now: at,
  } as const;
  // When the source entered it the file does not say: it makes nothing stale that is still on its way.
  const { enteredAt: _, ...event } = insideEvent({ ...order, data: dates });
  return event;
}
