import type { Transaction } from '../src/directory/store.ts';
import type { EventType, IdentityEvent } from '../src/model/event.ts';
import type { Identifier } from '../src/model/person.ts';
import { dateIn } from '../src/model/time.ts';
import type { Policy } from '../src/policy/schema.ts';

// A conversion needs somebody who works here; whoever is not found is looked for by a person.
const creating: ReadonlySet<EventType> = new Set(['hired', 'rehired']);

type Made = { kind: 'created'; person: string } | { kind: 'several'; people: string[] };

/**
 * Makes the person a source of record hires, in the caller's transaction and under its lock on the subject. Somebody who
 * was here before is held for a person to decide: an e-mail, a former worker number, a
 * date of birth with the family name, or the source's own word says so.
 * `sure`: a person has looked, and says that they are new.
 */
export async function newPerson(
  tx: Transaction,
  policy: Pick<Policy, 'zones'>,
  event: IdentityEvent,
  sure = false,
): Promise<Made | undefined> {
  if (!creating.has(event.type) || event.rescinded === true) return undefined;
  const { data, subject, source } = event;
  const former = sure ? [] : await probableFormer(tx, event);
  if (former.length > 0 || (!sure && saysTheyAreBack(event))) return { kind: 'several', people: former };
  if ((await tx.person(subject)) !== undefined) return { kind: 'several', people: [subject] };
  const name = [data.firstName, data.lastName].filter((part) => part !== undefined).join(' ') || subject;
  const zone = policy.zones.byLocation[data.location ?? ''] ?? policy.zones.default;
  const startDate = data.startDate ?? event.effectiveDate ?? dateIn(Date.parse(event.receivedAt), zone);
  const identifiers: Identifier[] = [{ source, type: 'workerId', value: subject }];
  if (data.wid !== undefined) identifiers.push({ source, type: 'wid', value: data.wid });
  const { firstName, lastName, email, department, jobTitle, location, managerId, workerType } = data;
  const hasEmail =
    email !== undefined && email !== '' && (await tx.peopleWith({ type: 'email', value: email })).length === 0;
  if (hasEmail) identifiers.push({ source, type: 'email', value: email });
  const attributes = {
    ...{ firstName, lastName, department, jobTitle, location, managerId, workerType },
    ...(hasEmail ? { email } : {}),
  };
  await tx.createPerson({
    id: subject,
    name,
    state: 'PreHire',
    privileged: false,
    attributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)),
    identifiers,
    engagements: [
      {
        id: `${source}:${subject}:${startDate}`,
        source,
        workerId: subject,
        workerType: workerType ?? 'employee',
        startDate,
        primary: true,
        ...(data.wid === undefined ? {} : { wid: data.wid }),
        ...(typeof data.endDate === 'string' ? { endDate: data.endDate } : {}),
        ...(managerId === undefined || managerId === '' ? {} : { managerId }),
        ...(location === undefined || location === '' ? {} : { location }),
      },
    ],
  });
  await rememberBirthDate(tx, subject, event);
  return { kind: 'created', person: subject };
}

/** What is kept of a date of birth, beside their other names: many have the same, so it is theirs by their own id. */
export async function rememberBirthDate(tx: Transaction, person: string, { data }: IdentityEvent): Promise<void> {
  const { birthDateHash } = data;
  if (typeof birthDateHash !== 'string') return;
  await tx.addIdentifier(person, { source: person, type: 'birthDate', value: birthDateHash });
}

/** Nobody is known whom they could be, and the source knows better. */
const saysTheyAreBack = ({ type, data }: IdentityEvent): boolean => type === 'rehired' || data.isRehire === true;

async function probableFormer(tx: Transaction, event: IdentityEvent): Promise<string[]> {
  const found = new Set<string>();
  for (const prior of event.data.priorWorkerIds ?? []) {
    for (const id of await tx.peopleWith({ type: 'workerId', value: prior })) found.add(id);
  }
  if (event.data.email !== undefined && event.data.email !== '') {
    for (const id of await tx.peopleWith({ type: 'email', value: event.data.email })) found.add(id);
  }
  if ((await tx.person(event.subject)) !== undefined) found.add(event.subject);
  for (const id of await bornTheSameDay(tx, event)) found.add(id);
  return [...found];
}

/** Born on the same day and of the same family name: more than chance, in all but the largest families. */
async function bornTheSameDay(tx: Transaction, { data }: IdentityEvent): Promise<string[]> {
  const { birthDateHash, lastName } = data;
  if (typeof birthDateHash !== 'string' || lastName === undefined) return [];
  const people = await tx.peopleOf(await tx.peopleWith({ type: 'birthDate', value: birthDateHash }));
  return people.filter(({ attributes }) => plain(attributes.lastName) === plain(lastName)).map(({ id }) => id);
}

/** As it is compared: no accents, hyphens, spaces or capitals. */
const plain = (name = ''): string =>
  name
    .normalize('NFKD')
    .replaceAll(/[^\p{L}]/gu, '')
    .toLowerCase();
