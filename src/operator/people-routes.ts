import { z } from 'zod';
import { importPeople } from '../directory/import-people.ts';
import { type ImportedPerson, peopleImport } from '../directory/imported-person.ts';
import { HttpProblem } from '../http/problem.ts';
import { personStates } from '../model/person.ts';
import type { Frontend } from '../receiver/temporal.ts';
import { birthDateHash } from '../sources/birth-date.ts';
import { waitForDays } from './import-ahead.ts';
import { knownPerson } from './known-person.ts';
import { listed, pageOfQuery, paging } from './lists.ts';
import type { Desk } from './operator.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { Secrecy } from './secrecy.ts';
import { importShape, pageOf, personDetailShape, personShape } from './shapes.ts';

const filters = {
  state: z.enum(personStates, `must be one of ${personStates.join(', ')}`).exactOptional(),
  department: z.string().exactOptional(),
  managerId: z.string().exactOptional(),
  location: z.string().exactOptional(),
  target: z.string().exactOptional(),
};

/** People: the list, one of them by any of their names, and the import of those who are there already. */
export function peopleRoutes(
  { store, now }: Desk,
  frontend: Pick<Frontend, 'start'>,
  birthDateKey: () => Promise<string | undefined>,
): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/people',
      summary: 'People, by id',
      query: z.strictObject({ ...filters, ...paging }),
      body: noBody,
      answer: pageOf(personShape),
      work: ({ operator, query }) =>
        store.read(async (reader) => {
          const { filter, page } = pageOfQuery(query);
          const secrecy = new Secrecy(reader, operator, now());
          const found = await listed(() => reader.people(filter, page));
          return { ...found, items: found.items.map((person) => secrecy.person(person)) };
        }),
    }),
    route({
      method: 'get',
      path: '/api/people/{id}',
      summary: 'One person, by any of their names, with their open exceptions',
      query: noQuery,
      body: noBody,
      answer: personDetailShape,
      work: ({ operator, id }) =>
        store.read(async (reader) => {
          const person = await knownPerson(reader, id);
          const secrecy = new Secrecy(reader, operator, now());
          const open = await secrecy.page(
            { limit: 500 },
            (page) => reader.exceptions({ open: true, person: person.id }, page),
            (exception) => secrecy.showsException(exception),
          );
          return { ...secrecy.person(person), exceptions: open.items };
        }),
    }),
    route({
      method: 'post',
      path: '/api/people',
      summary: 'Enter people who are there already, or bring their records up to date',
      roles: ['admin'],
      query: noQuery,
      body: peopleImport,
      answer: importShape,
      work: async ({ operator, body }) => {
        const stamp = { by: operator.id, at: now() };
        const people = withoutBirthDates(body.people, await birthDateKey());
        const imported = await importPeople(store, people, stamp);
        await waitForDays(store, frontend, people, stamp);
        return imported;
      },
    }),
  ];
}

/** A date of birth is hashed before anything is kept of it. Throws 400 where there is no key for that. */
function withoutBirthDates(people: z.output<typeof peopleImport>['people'], key: string | undefined): ImportedPerson[] {
  return people.map(({ birthDate, ...person }, index) => {
    if (birthDate === undefined) return person;
    if (key !== undefined) return { ...person, birthDateHash: birthDateHash(birthDate, key) };
    const problem = 'is not taken: muster.yaml has no birthDateKey to hash it with';
    throw new HttpProblem(400, `birthDate: ${problem}`, {
      members: { errors: [{ path: `/people/${index}/birthDate`, problem }] },
    });
  });
}
