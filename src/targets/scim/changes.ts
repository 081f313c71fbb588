import { z } from 'zod';
import { asResource, put, type Resource, stepsOf } from './resource.ts';
import type { Settings } from './settings.ts';

/** One attribute that is to change, by its path; null empties it. */
export interface AttributeChange {
  path: string;
  value: string | { value: string } | null;
}

/** The operations of a PATCH. What is emptied needs a path in every dialect; the rest goes by the server's own. */
export function operationsOf(
  dialect: Settings['dialect'],
  user: Resource,
  changes: readonly AttributeChange[],
  written: (verb: 'replace' | 'remove') => string,
): Resource[] {
  const given = changes.filter(({ value }) => value !== null);
  const removals = changes.filter(({ value }) => value === null).map(({ path }) => ({ op: written('remove'), path }));
  const op = written('replace');
  if (dialect.patch === 'path') return [...given.map(({ path, value }) => ({ op, path, value })), ...removals];
  // Whole parts (`name`, an extension), for a server that takes what is not sent for lost.
  const value: Resource = {};
  for (const { path, value: wanted } of given) {
    const { steps } = stepsOf(path);
    const [first = ''] = steps;
    if (steps.length > 1 && !Object.hasOwn(value, first)) value[first] = asResource(user[first]);
    put(value, steps, wanted);
  }
  return [...(given.length === 0 ? [] : [{ op, value }]), ...removals];
}

/** The whole user as a PUT sends it, with the extensions named that it now has. */
export function changed(user: Resource, changes: readonly AttributeChange[], core: string): Resource {
  const whole = { ...user };
  const known = z.array(z.string()).catch([core]).parse(user['schemas']);
  for (const { path, value } of changes) put(whole, stepsOf(path).steps, value);
  const extensions = changes.flatMap(({ path, value }) => (value === null ? [] : (stepsOf(path).extension ?? [])));
  return { ...whole, schemas: [...new Set([...known, ...extensions])] };
}
