import type { Person } from '../model/person.ts';

/** What a template is filled from. An end's reason and category are not among it: they never leave the ledger. */
export interface TemplateValues {
  person: Person;
  /** The civil date of the transition: the last day, the start, the day of the move. */
  date: string;
}

const variables: Readonly<Record<string, (values: TemplateValues) => string | undefined>> = {
  'person.id': ({ person }) => person.id,
  'person.name': ({ person }) => person.name,
  'person.department': ({ person }) => person.attributes.department,
  'person.jobTitle': ({ person }) => person.attributes.jobTitle,
  'person.location': ({ person }) => person.attributes.location,
  'person.managerId': ({ person }) => person.attributes.managerId,
  'person.workerType': ({ person }) => person.attributes.workerType,
  'person.email': ({ person }) => person.attributes.email,
  'end.date': ({ date }) => date,
  'start.date': ({ date }) => date,
  date: ({ date }) => date,
};

const secretVariable = /^end\.(reason|category)$|^event\./;
const placeholder = /\{\{([^{}]*)\}\}/g;

/** What is wrong with a template; undefined when every `{{…}}` in it is known. */
export function templateFault(text: string): string | undefined {
  for (const [, name = ''] of text.matchAll(placeholder)) {
    const variable = name.trim();
    if (secretVariable.test(variable)) return `{{${variable}}}: why somebody leaves never enters a ticket or a message`;
    if (!Object.hasOwn(variables, variable)) {
      return `{{${variable}}} is not known; there are ${Object.keys(variables).join(', ')}`;
    }
  }
  const rest = text.replaceAll(placeholder, '');
  return /\{\{|\}\}/.test(rest) ? 'a {{ or }} stands alone' : undefined;
}

/** Fills a template that `templateFault` has passed. What a person does not have reads `unknown`; values stay on one line. */
export function fillTemplate(text: string, values: TemplateValues): string {
  return text.replaceAll(placeholder, (_, name: string) => {
    const value = variables[name.trim()]?.(values) ?? 'unknown';
    return value.replaceAll(/\s+/g, ' ').trim() || 'unknown';
  });
}
