import { createHash } from 'node:crypto';
import { z } from 'zod';

/** An object in a dump. */
export const storedSchema = z.object({
  guid: z.string(),
  dn: z.string(),
  /** By name in lower case; `name` as it was first written. */
  attributes: z.record(z.string(), z.object({ name: z.string(), values: z.array(z.string()) })),
  /** GUIDs of a group's members: the one end of the link that is kept; memberOf is the other. */
  members: z.array(z.string()),
  /** Digest of the password; absent: nobody can log on with one. */
  password: z.string().exactOptional(),
  /** How often the password was set. */
  resets: z.int(),
});

/** An object as the stand-in keeps it. */
export type Stored = z.infer<typeof storedSchema>;

/** Attributes that people are looked up by, as a real directory indexes them. */
export const indexedAttributes: readonly string[] = ['employeeid', 'samaccountname'];

/** What the index has of an object: `employeeid=gt-48291`. */
export const indexEntries = (object: Stored): string[] =>
  indexedAttributes.flatMap((attribute) =>
    attributeOf(object, attribute).map((value) => `${attribute}=${value.toLowerCase()}`),
  );

/** Stored values, the name in any case. */
export const attributeOf = (object: Stored, attribute: string): string[] =>
  object.attributes[attribute.toLowerCase()]?.values ?? [];

/** Replaces stored values; none takes the attribute away. */
export function setAttribute(object: Stored, attribute: string, values: string[]): void {
  const key = attribute.toLowerCase();
  if (values.length === 0) delete object.attributes[key];
  else object.attributes[key] = { name: object.attributes[key]?.name ?? attribute, values };
}

/** The same login gets the same objectGUID at every start, so that what the directory remembers stays true. */
export function guidFor(what: string): string {
  const hex = createHash('sha256').update(`active-directory:${what.toLowerCase()}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** What is kept of a password. */
export const digestOf = (guid: string, password: string): string =>
  createHash('sha256').update(`${guid}:${password}`).digest('hex');

export const isUser = (object: Stored): boolean => attributeOf(object, 'objectClass').includes('user');
