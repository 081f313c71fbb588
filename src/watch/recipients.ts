import { finder } from '../directory/finder.ts';
import type { ExceptionRow, Reader } from '../directory/store.ts';
import type { Policy } from '../policy/schema.ts';
import { managerOf, whoHas } from '../policy/who.ts';

/** The mail address that a word of the policy means for an exception; undefined where there is nobody to write to. */
export async function addressOf(
  { groups, owners }: Pick<Policy, 'groups' | 'owners'>,
  reader: Reader,
  { person: id, target }: Pick<ExceptionRow, 'person' | 'target'>,
  who: string,
  now: string,
): Promise<string | undefined> {
  const whose = who === 'owner' ? owners[target ?? ''] : who;
  if (whose === undefined) return undefined;
  if (whose.startsWith('group:')) return groupAddress({ groups }, whose);
  const find = finder(reader);
  if (who === 'owner') return (await whoHas(whose, find, now))?.attributes.email;
  const person = id === undefined ? undefined : await reader.person(id);
  if (whose !== 'manager' || person === undefined) return undefined;
  return (await managerOf(person, find, now))?.attributes.email;
}

/** The address that policy gives a group, `group:security`; known without the directory. */
export function groupAddress({ groups }: Pick<Policy, 'groups'>, who: string): string | undefined {
  return who.startsWith('group:') ? groups[who.slice('group:'.length)]?.email : undefined;
}
