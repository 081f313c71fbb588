import type { Engagement, Identifier, Person } from '../model/person.ts';
import {
  attributesOf,
  engagementOf,
  type ImportedPerson,
  identifiersOf,
  nameOf,
  newPerson,
} from './imported-person.ts';
import type { Store, Transaction } from './store.ts';

/** What an import did. Those in `conflicts` were left as they are, for a person to look at. */
export interface ImportResult {
  created: number;
  updated: number;
  unchanged: number;
  conflicts: { workerId: string; problem: string }[];
}

interface Stamp {
  /** The operator's id. */
  by: string;
  /** ISO instant. */
  at: string;
}

type Change =
  | { kind: 'created' | 'unchanged' }
  | { kind: 'updated'; fields: string[] }
  | { kind: 'conflict'; problem: string };

/** In one transaction: large enough to be quick, small enough that nobody waits long for a lock. */
const together = 100;

/**
 * Enters people who are there already, or brings their records up to date. Doing it again changes nothing. States are never
 * touched, because only events end or begin access; neither is anybody who might be somebody else.
 */
export async function importPeople(
  store: Store,
  people: readonly ImportedPerson[],
  stamp: Stamp,
): Promise<ImportResult> {
  const result: ImportResult = { created: 0, updated: 0, unchanged: 0, conflicts: [] };
  for (let start = 0; start < people.length; start += together) {
    const some = people.slice(start, start + together);
    const changes = await store.transaction(async (tx) => {
      const done: Change[] = [];
      // Locks in one order, whatever the order of the file, so that two imports cannot wait for each other.
      for (const person of [...some].sort(byWorkerId)) await tx.lock(`subject:${person.workerId}`);
      for (const person of some) done.push(await importOne(tx, person, stamp));
      return done;
    });
    changes.forEach((change, index) => {
      if (change.kind !== 'conflict') result[change.kind] += 1;
      else result.conflicts.push({ workerId: some[index]?.workerId ?? '', problem: change.problem });
    });
  }
  return result;
}

const byWorkerId = (one: ImportedPerson, other: ImportedPerson): number => (one.workerId < other.workerId ? -1 : 1);

async function importOne(tx: Transaction, given: ImportedPerson, stamp: Stamp): Promise<Change> {
  const { source, workerId, email } = given;
  const own = await tx.peopleWith({ type: 'workerId', value: workerId, source });
  const byEmail = await tx.peopleWith({ type: 'email', value: email });
  const known = await tx.person(own[0] ?? workerId, { lock: true });
  const other = byEmail.find((person) => person !== own[0]);
  if (other !== undefined) return conflict(`the e-mail address belongs to ${other}`);
  if (own.length === 0 && known !== undefined)
    return conflict(`${known.id} is there already, and ${source} does not know them`);
  if (known === undefined) {
    await tx.createPerson(newPerson(given, stamp.at));
    await remember(tx, given, workerId, stamp, { change: 'created' });
    return { kind: 'created' };
  }
  const change = await update(tx, known, given);
  if (change.kind === 'updated')
    await remember(tx, given, known.id, stamp, { change: 'updated', fields: change.fields });
  return change;
}

const conflict = (problem: string): Change => ({ kind: 'conflict', problem });

/** Writes what differs and names it. What the import does not say stays. */
async function update(tx: Transaction, person: Person, given: ImportedPerson): Promise<Change> {
  if (given.protection !== undefined && given.protection !== person.protection) {
    return conflict('protection is given when a person is first imported, and not changed by an import');
  }
  const attributes = { ...person.attributes, ...attributesOf(given) };
  const privileged = given.privileged ?? person.privileged;
  const fields = Object.keys(attributes).filter((key) => attributes[key] !== person.attributes[key]);
  if (privileged !== person.privileged) fields.push('privileged');
  if (nameOf(given) !== person.name) fields.push('name');
  if (fields.length > 0) await tx.updatePerson(person.id, { name: nameOf(given), attributes, privileged });

  for (const identifier of identifiersOf(given, person.id)) {
    if (person.identifiers.some((each) => isSame(each, identifier))) continue;
    await tx.addIdentifier(person.id, identifier);
    fields.push(`identifier ${identifier.type}`);
  }
  const engagement = nextEngagement(person, given);
  if (engagement !== undefined) {
    await tx.putEngagement(person.id, engagement);
    fields.push('engagement');
  }
  return fields.length > 0 ? { kind: 'updated', fields: [...new Set(fields)] } : { kind: 'unchanged' };
}

const isSame = (one: Identifier, other: Identifier): boolean =>
  one.source === other.source && one.type === other.type && comparable(one) === comparable(other);

const comparable = ({ type, value }: Identifier): string => (type === 'email' ? value.toLowerCase() : value);

/** The engagement as it must be, or undefined where it is so already. */
function nextEngagement(person: Person, given: ImportedPerson): Engagement | undefined {
  const own = person.engagements.filter((each) => each.source === given.source && each.workerId === given.workerId);
  const latest = own.sort((one, other) => (one.startDate < other.startDate ? 1 : -1))[0];
  if (latest === undefined) return engagementOf(given, `${given.source}:${given.workerId}:${given.startDate}`);
  const { startDate, endDate, ...said } = engagementOf(given, latest.id);
  // Dates move by events once something is under way: an old file must not bring a leaver back.
  const free = person.state === 'Active' && person.pending.length === 0;
  const dates = free ? { startDate, ...(endDate === undefined ? {} : { endDate }) } : {};
  const next: Engagement = { ...latest, ...said, ...dates, primary: latest.primary };
  const differs = Object.entries(next).some(([key, value]) => Reflect.get(latest, key) !== value);
  return differs ? next : undefined;
}

async function remember(
  tx: Transaction,
  { source }: ImportedPerson,
  person: string,
  { by, at }: Stamp,
  data: { change: string; fields?: string[] },
): Promise<void> {
  const piece = { workflowId: `import:${person}`, step: at, kind: 'person-imported', person, at };
  await tx.addEvidence([{ ...piece, data: { ...data, by, source } }]);
}
