import type { Store } from '../src/directory/store.ts';
import type { Person } from '../src/model/person.ts';

const soon = 5 * 24 * 3_600_000;

/** The nearest person up the chain who is Active and does not leave within 5 days; undefined where there is nobody. */
export async function nearestManager(store: Store, person: Person, now: string): Promise<Person | undefined> {
  const seen = new Set([person.id]);
  let next = person.attributes.managerId;
  while (next !== undefined && next !== '' && !seen.has(next)) {
    seen.add(next);
    const [manager] = await store.read((reader) => reader.personByAlias(next ?? ''));
    if (manager === undefined) return undefined;
    seen.add(manager.id);
    if (manager.state === 'Active' && !leavesSoon(manager, now)) return manager;
    next = manager.attributes.managerId;
  }
  return undefined;
}

function leavesSoon({ pending }: Person, now: string): boolean {
  return pending.some((change) => change.kind === 'end' && Date.parse(change.dueAt) <= Date.parse(now) + soon);
}
