import type { ExceptionRow, Reader } from '../directory/store.ts';
import type { Person } from '../model/person.ts';
import type { Policy } from '../policy/schema.ts';

/** The mail address that a word of the policy means for an exception; undefined where there is nobody to write to. */
export async function addressOf(
  { groups, owners }: Pick<Policy, 'groups' | 'owners'>,
  reader: Reader,
  { person: id, target }: Pick<ExceptionRow, 'person' | 'target'>,
  who: string,
): Promise<string | undefined> {
  const whose = who === 'owner' ? owners[target ?? ''] : who;
  if (whose === undefined) return undefined;
  if (whose.startsWith('group:')) return groupAddress({ groups }, whose);
  if (who === 'owner') return (await named(reader, whose))?.attributes.email;
  const person = id === undefined ? undefined : await reader.person(id);
  if (whose !== 'manager' || person === undefined) return undefined;
  return (await nearestManager(reader, person))?.attributes.email;
}

/** The address that policy gives a group, `group:security`; known without the directory. */
export function groupAddress({ groups }: Pick<Policy, 'groups'>, who: string): string | undefined {
  return who.startsWith('group:') ? groups[who.slice('group:'.length)]?.email : undefined;
}

/** Up the chain until somebody is there who works. */
async function nearestManager(reader: Reader, person: Person): Promise<Person | undefined> {
  const seen = new Set([person.id]);
  let next = person.attributes.managerId;
  for (;;) {
    const manager = await named(reader, next);
    if (manager === undefined || seen.has(manager.id)) return undefined;
    if (manager.state === 'Active') return manager;
    seen.add(manager.id);
    next = manager.attributes.managerId;
  }
}

async function named(reader: Reader, alias: string | undefined): Promise<Person | undefined> {
  if (alias === undefined || alias === '') return undefined;
  const [found, ...more] = await reader.personByAlias(alias);
  return more.length === 0 ? found : undefined;
}
