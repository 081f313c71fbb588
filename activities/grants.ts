import type { Transaction } from '../src/directory/store.ts';
import type { Grant } from '../src/model/grant.ts';
import type { Person } from '../src/model/person.ts';
import type { Policy } from '../src/policy/schema.ts';
import { planLater } from './access-rows.ts';

/** What is granted, and to be taken back when its time is up. */
export type Given = Pick<Grant, 'target' | 'entitlement' | 'origin' | 'because' | 'privileged'> & {
  until?: string;
  approval?: string;
};

/** The rows of a grant's end and of the reminder before it. One event may give several things, each with a time of its own. */
export function rowsOf({
  event,
  target,
  entitlement,
}: Pick<Grant, 'event' | 'target' | 'entitlement'>): [string, string] {
  const name = `${event}:${target}:${entitlement}`;
  return [`until:${name}`, `reminder:${name}`];
}

/** Writes the grant, with its end and a reminder before it on the timeline. What is there by now is not planned by this. */
export async function putGrant(
  {
    dependencies,
    tx,
    person,
    event,
    now,
  }: { dependencies: { policy: Policy }; tx: Transaction; person: Person; event: { key: string }; now: string },
  { target, entitlement, origin, because, privileged, until, approval }: Given,
): Promise<void> {
  await tx.putGrant(person.id, {
    ...{ target, entitlement, origin, because, privileged },
    event: event.key,
    at: now,
    ...(until === undefined ? {} : { until }),
    ...(approval === undefined ? {} : { approval }),
  });
  if (until === undefined) return;
  const [end, reminder] = rowsOf({ event: event.key, target, entitlement });
  const row = { id: end, kind: 'grace' as const, event: event.key, dueAt: until };
  await planLater(tx, person, row, { process: 'privilege' });
  const remindBefore = dependencies.policy.requestable.find(
    (each) => each.target === target && each.entitlement === entitlement,
  )?.remindBefore;
  const remindAt = Date.parse(until) - (remindBefore ?? 0);
  if (remindBefore === undefined || remindAt <= Date.parse(now)) return;
  await planLater(
    tx,
    person,
    { id: reminder, kind: 'reminder', event: event.key, dueAt: new Date(remindAt).toISOString() },
    { tell: 'privilegeEnds', what: `${target} ${entitlement} until ${until}`, process: 'privilege' },
  );
}
