import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import type { Engagement, Identifier, PersonAttributes, PersonState } from '../model/person.ts';
import { isDate } from '../model/time.ts';
import type { NewPerson } from './store.ts';

const text = z.string().trim().min(1).max(500);
const id = z
  .string()
  .regex(/^[^\s\p{C}](?:[^\p{C}]{0,198}[^\s\p{C}])?$/u, 'must be an id: not empty, no space around it');
const date = z.string().refine(isDate, 'must be a real date such as 2025-11-15');

const importedPerson = z.strictObject({
  /** The source's name in muster.yaml, whose worker id this is. */
  source: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'must be the name of a source'),
  workerId: id,
  firstName: text,
  lastName: text,
  email: z
    .string()
    .max(320)
    .regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address'),
  department: text.exactOptional(),
  jobTitle: text.exactOptional(),
  location: text.exactOptional(),
  workerType: text,
  managerId: id.exactOptional(),
  startDate: date,
  endDate: date.exactOptional(),
  privileged: z.boolean().exactOptional(),
  protection: z.enum(['breakGlass', 'service', 'lastAdministrator']).exactOptional(),
  /** Only a hash of it is kept (`birthDateKey` of muster.yaml), to recognise them should they come back. */
  birthDate: date.exactOptional(),
});

/** Somebody who is there already, as `muster people import` and `POST /api/people` take them; of the date of birth a hash. */
export type ImportedPerson = Omit<z.infer<typeof importedPerson>, 'birthDate'> & { birthDateHash?: string };

/** The file and the body of an import: `{"people":[…]}`, nobody in it twice. */
export const peopleImport = z.strictObject({
  people: z
    .array(importedPerson)
    .min(1)
    .max(50_000)
    .superRefine((people, context) => {
      const seen = new Set<string>();
      people.forEach(({ source, workerId }, index) => {
        const key = `${source} ${workerId}`;
        if (seen.has(key)) context.addIssue({ code: 'custom', path: [index, 'workerId'], message: 'is there twice' });
        seen.add(key);
      });
    }),
});

/** Checks a file's content; every fault by its path, all at once. Throws `misconfigured`. */
export function readPeopleImport(value: unknown): z.infer<typeof importedPerson>[] {
  const read = peopleImport.safeParse(value);
  if (read.success) return read.data.people;
  const faults = read.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`);
  throw new Failure('misconfigured', `this is not a list of people:\n${faults.slice(0, 50).join('\n')}`);
}

/** The record of somebody who was not there, in the state that the dates say. */
export function newPerson(given: ImportedPerson, at: string): NewPerson {
  const { source, workerId, privileged = false, protection } = given;
  return {
    id: workerId,
    name: nameOf(given),
    state: stateOn(given, at.slice(0, 10)),
    privileged,
    ...(protection === undefined ? {} : { protection }),
    attributes: attributesOf(given),
    identifiers: identifiersOf(given, workerId),
    engagements: [engagementOf(given, `${source}:${workerId}:${given.startDate}`)],
  };
}

function stateOn({ startDate, endDate }: ImportedPerson, today: string): PersonState {
  if (endDate !== undefined && endDate < today) return 'Terminated';
  return startDate > today ? 'PreHire' : 'Active';
}

/** Is there a day to wait for, as of an ISO instant: a start, or the end of a contract? */
export const comesLater = ({ startDate, endDate }: ImportedPerson, at: string): boolean =>
  startDate > at.slice(0, 10) || (endDate !== undefined && endDate >= at.slice(0, 10));

/** First and last name, as people write them. */
export const nameOf = ({ firstName, lastName }: ImportedPerson): string => `${firstName} ${lastName}`;

/** What policy's conditions may name, as far as the import says it. */
export function attributesOf(given: ImportedPerson): PersonAttributes {
  const { firstName, lastName, email, department, jobTitle, location, managerId, workerType } = given;
  return {
    firstName,
    lastName,
    email,
    workerType,
    ...(department === undefined ? {} : { department }),
    ...(jobTitle === undefined ? {} : { jobTitle }),
    ...(location === undefined ? {} : { location }),
    ...(managerId === undefined ? {} : { managerId }),
  };
}

/** The names by which events and people will find them. */
export function identifiersOf(
  { source, workerId, email, birthDateHash }: ImportedPerson,
  person: string,
): Identifier[] {
  return [
    { source, type: 'workerId', value: workerId },
    { source, type: 'email', value: email },
    ...(birthDateHash === undefined ? [] : [{ source: person, type: 'birthDate' as const, value: birthDateHash }]),
  ];
}

/** The one employment that an import speaks of. */
export function engagementOf(given: ImportedPerson, engagement: string): Engagement {
  const { source, workerId, workerType, startDate, endDate, managerId, location } = given;
  return {
    id: engagement,
    source,
    workerId,
    workerType,
    startDate,
    primary: true,
    ...(endDate === undefined ? {} : { endDate }),
    ...(managerId === undefined ? {} : { managerId }),
    ...(location === undefined ? {} : { location }),
  };
}
