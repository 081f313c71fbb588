import type { Reader } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import type { Person } from '../model/person.ts';

/** The one person who goes by this name; 404 for nobody, 409 for several. */
export async function knownPerson(reader: Pick<Reader, 'personByAlias'>, alias: string): Promise<Person> {
  const [person, ...more] = await reader.personByAlias(alias);
  if (person === undefined) throw new HttpProblem(404, 'nobody goes by that name');
  if (more.length === 0) return person;
  const people = [person, ...more].map(({ id }) => id);
  throw new HttpProblem(409, `that is the name of ${people.join(' and of ')}`, { members: { people } });
}
