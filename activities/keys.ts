import type { Store } from '../src/directory/store.ts';
import { Failure } from '../src/model/failure.ts';
import type { AccountKind, Person } from '../src/model/person.ts';
import type { AccountSeen, PersonKeys } from '../src/targets/target.ts';

/** The person as the directory has them now. */
export async function personOf(store: Store, id: string): Promise<Person> {
  const person = await store.read((reader) => reader.person(id));
  if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
  return person;
}

/** What a target may know the person by: every worker number, the address, and the accounts the directory knows there. */
export function keysOf(person: Person, target: string): PersonKeys {
  return {
    person: person.id,
    workerIds: workerIdsOf(person),
    knownAccounts: person.accounts.filter((account) => account.target === target).map((account) => account.id),
    ...(person.attributes.email === undefined || person.attributes.email === ''
      ? {}
      : { email: person.attributes.email }),
  };
}

function workerIdsOf(person: Person): string[] {
  const numbers = person.identifiers
    .filter((identifier) => identifier.type === 'workerId')
    .map((identifier) => identifier.value);
  return [...new Set([...numbers, ...person.engagements.map((engagement) => engagement.workerId)])];
}

const order: readonly AccountKind[] = ['admin', 'primary', 'test', 'shared', 'service', 'breakGlass'];

/** Admin accounts first: they could undo the rest. */
export function adminFirst(accounts: AccountSeen[]): AccountSeen[] {
  return [...accounts].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
