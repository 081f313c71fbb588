import { Environment } from '@marcbachmann/cel-js';
import type { Person } from '../model/person.ts';

/** What a condition may ask of a person, by CEL type. An attribute that a person lacks makes the condition not hold. */
const fields = {
  id: 'string',
  privileged: 'bool',
  department: 'string',
  jobTitle: 'string',
  location: 'string',
  managerId: 'string',
  workerType: 'string',
  email: 'string',
} as const;

const environment = new Environment()
  .registerType('Person', { fields: { ...fields } })
  .registerVariable('person', 'Person');

/** Does this person fulfil the condition? */
export type Condition = (person: Person) => boolean;

/** What is wrong with a CEL condition, with the character it is at; undefined when it is a question about a person. */
export function conditionFault(text: string): string | undefined {
  const result = environment.check(text);
  if (result.error !== undefined) {
    const at = result.error.range === undefined ? '' : ` at character ${result.error.range.start + 1}`;
    return `${result.error.summary}${at} of the condition; a person has ${Object.keys(fields).join(', ')}`;
  }
  return result.type === 'bool' ? undefined : `the condition gives ${result.type}, and must give true or false`;
}

/** Compiles a condition that `conditionFault` has passed. */
export function compileCondition(text: string): Condition {
  const evaluate = environment.parse(text);
  return (person) => {
    try {
      return evaluate({ person: facts(person) }) === true;
    } catch {
      // It asks for what this person does not have. Access is given where a rule holds, and never for want of knowing.
      return false;
    }
  };
}

function facts(person: Person): Record<string, string | boolean> {
  const known: Record<string, string | boolean> = { id: person.id, privileged: person.privileged };
  for (const name of Object.keys(fields)) {
    const value = person.attributes[name];
    if (!(name in known) && typeof value === 'string' && value !== '') known[name] = value;
  }
  return known;
}
