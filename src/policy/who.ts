import type { Engagement, Person } from '../model/person.ts';
import { addDays, dateIn } from '../model/time.ts';
import type { Policy } from './schema.ts';

/** Finds a person by what records call them; a manager's id is the source's own. */
export type FindPerson = (id: string) => Promise<Person | undefined>;

/** People and operators, by what policy calls them. */
export interface Reached {
  /** Person ids. */
  people: string[];
  /** Operator ids of muster.yaml. */
  operators: string[];
  /** E-mail addresses of those people, and of the group. */
  addresses: string[];
}

/** Who asks: what `manager`, `owner` and the others are relative to. */
export interface Asking {
  policy: Pick<Policy, 'groups' | 'owners'>;
  person: Person;
  find: FindPerson;
  /** ISO instant. */
  now: string;
  /** For `owner`: the target. */
  target?: string;
  /** For `requester`: a person's or an operator's id. */
  requester?: string;
  /** For `formerManager`: who was it before the move. */
  formerManager?: string;
}

/** Nobody who leaves this soon takes on anything. */
const leavingDays = 5;

/** The nearest up the chain who is Active and stays for five days at least. Undefined: nobody, and a chain that comes back to itself is over. */
export async function managerOf(person: Person, find: FindPerson, now: string): Promise<Person | undefined> {
  return nearest(person.attributes.managerId, new Set([person.id]), find, now);
}

/** Who has what was somebody's: they themselves, and once they leave the nearest up their chain. Undefined: nobody. */
export async function whoHas(id: string, find: FindPerson, now: string): Promise<Person | undefined> {
  const person = await find(id);
  return person === undefined || !isGone(person) ? person : managerOf(person, find, now);
}

const isGone = ({ state }: Person): boolean => state === 'Terminating' || state === 'Terminated';

/** Is this somebody who can be asked: Active, with no end within five days? */
export function isAvailable(person: Person, now: string): boolean {
  return person.state === 'Active' && !isLeaving(person, now);
}

/** The people, operators and addresses that a word of the policy means; empty where there is nobody. Whether they can be asked, `isAvailable` says. */
export async function resolveWho(who: string, asking: Asking): Promise<Reached> {
  const { policy, person, find, now } = asking;
  const group = /^group:(.+)$/.exec(who)?.[1];
  if (group !== undefined) return ofGroup(group, asking);
  switch (who) {
    case 'manager':
      return ofPeople([await managerOf(person, find, now)]);
    case 'formerManager':
      return ofPeople([await nearest(asking.formerManager, new Set([person.id]), find, now)]);
    case 'person':
      return ofPeople([person]);
    case 'owner':
      return ofOwner(asking.target === undefined ? undefined : policy.owners[asking.target], asking);
    case 'requester':
      return ofRequester(asking);
    default:
      return nobody();
  }
}

async function nearest(
  start: string | undefined,
  seen: Set<string>,
  find: FindPerson,
  now: string,
): Promise<Person | undefined> {
  for (let id = start; id !== undefined && id !== ''; ) {
    const manager = await find(id);
    if (manager === undefined || seen.has(manager.id)) return undefined;
    if (isAvailable(manager, now)) return manager;
    seen.add(manager.id);
    id = manager.attributes.managerId;
  }
  return undefined;
}

function isLeaving({ engagements, pending }: Person, now: string): boolean {
  const today = dateIn(Date.parse(now), 'UTC');
  const until = addDays(today, leavingDays);
  const limit = Date.parse(now) + leavingDays * 86_400_000;
  const ends = pending.filter(({ kind, dueAt }) => kind === 'end' && Date.parse(dueAt) <= limit);
  if (ends.some(({ data }) => typeof data['engagement'] !== 'string')) return true;
  const goesOn = ({ id, startDate, endDate }: Engagement) =>
    startDate <= until &&
    (endDate === undefined || endDate > until) &&
    !ends.some((end) => end.data['engagement'] === id);
  return engagements.length > 0 && !engagements.some(goesOn);
}

async function ofGroup(name: string, { policy, find }: Asking): Promise<Reached> {
  const group = policy.groups[name];
  if (group === undefined) return nobody();
  const reached = ofPeople(await Promise.all(group.people.map(find)));
  return {
    ...reached,
    operators: [...group.operators],
    addresses: group.email === undefined ? reached.addresses : [...new Set([group.email, ...reached.addresses])],
  };
}

async function ofOwner(owner: string | undefined, asking: Asking): Promise<Reached> {
  if (owner === undefined) return nobody();
  const group = /^group:(.+)$/.exec(owner)?.[1];
  return group === undefined ? ofPeople([await whoHas(owner, asking.find, asking.now)]) : ofGroup(group, asking);
}

/** Whoever is in no record is taken for an operator. */
async function ofRequester({ requester, find }: Asking): Promise<Reached> {
  if (requester === undefined) return nobody();
  const person = await find(requester);
  return person === undefined ? { ...nobody(), operators: [requester] } : ofPeople([person]);
}

function ofPeople(found: readonly (Person | undefined)[]): Reached {
  const people = found.filter((each) => each !== undefined);
  const addresses = people
    .map(({ attributes }) => attributes.email)
    .filter((email) => email !== undefined && email !== '');
  return {
    people: [...new Set(people.map(({ id }) => id))],
    operators: [],
    addresses: [...new Set(addresses.filter((email) => email !== undefined))],
  };
}

const nobody = (): Reached => ({ people: [], operators: [], addresses: [] });
