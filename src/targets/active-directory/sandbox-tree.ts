import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  canonical,
  domainOf,
  guidBytes,
  guidText,
  isGuid,
  liesIn,
  parentOf,
  plainValue,
  rdnOf,
  sameName,
} from './names.ts';
import { Refused } from './sandbox-answering.ts';
import type { Filterable } from './sandbox-filter.ts';

const storedSchema = z.object({
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

const dumpSchema = z.object({ objects: z.array(storedSchema) });

/** Values that name objects, and compare as names do. */
const naming: ReadonlySet<string> = new Set(['member', 'memberof', 'distinguishedname', 'manager', 'objectcategory']);

const computed = ['distinguishedName', 'name', 'member', 'memberOf', 'allowedAttributesEffective'];

/** Sent only to those who ask for them by name. */
const constructed: ReadonlySet<string> = new Set(['allowedattributeseffective', 'primarygrouptoken']);

/** The directory itself: objects by name and by GUID, with links that follow moves. */
export class Tree {
  readonly baseDn: string;
  readonly #byName = new Map<string, Stored>();
  readonly #byGuid = new Map<string, Stored>();

  constructor(baseDn: string) {
    this.baseDn = baseDn;
  }

  all(): Stored[] {
    return [...this.#byGuid.values()];
  }

  clear(): void {
    this.#byName.clear();
    this.#byGuid.clear();
  }

  dump(): unknown {
    return { objects: structuredClone(this.all()) };
  }

  restore(dumped: unknown): void {
    const { objects } = dumpSchema.parse(dumped);
    this.clear();
    for (const object of objects) this.put(object);
  }

  put(object: Stored): void {
    this.#byName.set(canonical(object.dn), object);
    this.#byGuid.set(object.guid, object);
  }

  /** Takes it out, and out of every group. */
  remove(object: Stored): void {
    this.#byName.delete(canonical(object.dn));
    this.#byGuid.delete(object.guid);
    for (const group of this.groupsOf(object)) group.members = group.members.filter((guid) => guid !== object.guid);
  }

  /** Gives the object, and all below it, another name. */
  rename(object: Stored, dn: string): void {
    const below = this.all().filter((candidate) => candidate !== object && liesIn(candidate.dn, object.dn));
    const depth = object.dn.length;
    for (const moved of [object, ...below]) {
      this.#byName.delete(canonical(moved.dn));
      moved.dn = moved === object ? dn : `${moved.dn.slice(0, moved.dn.length - depth)}${dn}`;
      this.#byName.set(canonical(moved.dn), moved);
    }
  }

  /** By DN or `<GUID=…>`; undefined when there is none. Throws 34 for what is no name. */
  get(name: string): Stored | undefined {
    const guid = /^<GUID=(.*)>$/i.exec(name)?.[1];
    if (guid === undefined) {
      if (!/^\s*[\w.-]+\s*=/.test(name)) {
        throw new Refused(34, '0000208F: NameErr: DSID-03100225, problem 2006 (BAD_NAME), data 8350, best match of:');
      }
      return this.#byName.get(canonical(name));
    }
    return this.#byGuid.get(isGuid(guid) ? guid.toLowerCase() : guidText(Buffer.from(guid, 'hex')));
  }

  /** As `get`; throws 32, or 10 for another domain's object. */
  need(name: string): Stored {
    const object = this.get(name);
    if (object !== undefined) return object;
    if (!name.startsWith('<') && !liesIn(name, this.baseDn) && /(^|,)\s*dc=/i.test(name)) {
      const domain = domainOf(name);
      throw new Refused(10, `0000202B: RefErr: DSID-0310082F, data 0, 1 access points\n\tref 1: '${domain}'`, {
        referral: `ldap://${domain}/${name}`,
      });
    }
    let matched = name.startsWith('<') ? '' : parentOf(name);
    while (matched !== '' && this.#byName.get(canonical(matched)) === undefined) matched = parentOf(matched);
    throw new Refused(
      32,
      `0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'${matched}'\n`,
      { matched },
    );
  }

  below(base: Stored, scope: 'base' | 'one' | 'sub' | 'children'): Stored[] {
    if (scope === 'base') return [base];
    const top = canonical(base.dn);
    const found: Stored[] = [];
    for (const [name, object] of this.#byName) {
      if (object === base ? scope === 'sub' : name.endsWith(`\n${top}`)) found.push(object);
    }
    return scope === 'one' ? found.filter((object) => canonical(parentOf(object.dn)) === top) : found;
  }

  groupsOf(object: Stored): Stored[] {
    return this.all().filter((group) => group.members.includes(object.guid));
  }

  byGuid(guid: string): Stored | undefined {
    return this.#byGuid.get(guid);
  }

  /** The object as clients see it. */
  view(object: Stored): ObjectView {
    return new ObjectView(this, object);
  }
}

/** Attributes of one object, the computed ones among them, with names in any case. */
export class ObjectView implements Filterable {
  readonly #tree: Tree;
  readonly #object: Stored;

  constructor(tree: Tree, object: Stored) {
    this.#tree = tree;
    this.#object = object;
  }

  /** Names of all attributes that are sent without being asked for by name. */
  names(): string[] {
    const linked = ['member', 'memberOf'].filter((name) => this.texts(name).length > 0);
    const stored = Object.entries(this.#object.attributes).filter(([key]) => !constructed.has(key));
    return [...stored.map(([, { name }]) => name), 'distinguishedName', 'name', 'objectGUID', ...linked];
  }

  /** The attribute's own spelling, and its values as they are sent. */
  values(attribute: string): { name: string; values: Buffer[] } {
    if (attribute.toLowerCase() === 'objectguid') return { name: 'objectGUID', values: [guidBytes(this.#object.guid)] };
    const key = attribute.toLowerCase();
    const name = this.#object.attributes[key]?.name ?? computed.find((own) => own.toLowerCase() === key) ?? attribute;
    return { name, values: this.texts(attribute).map((text) => Buffer.from(text)) };
  }

  texts(attribute: string): string[] {
    const { dn, members } = this.#object;
    switch (attribute.toLowerCase()) {
      case 'distinguishedname':
        return [dn];
      case 'name':
        return [plainValue(rdnOf(dn))];
      case 'objectguid':
        return [this.#object.guid];
      case 'member':
        return members.flatMap((guid) => this.#tree.byGuid(guid)?.dn ?? []);
      case 'memberof':
        return this.#tree.groupsOf(this.#object).map((group) => group.dn);
      case 'allowedattributeseffective':
        return ['description', 'employeeID', 'member', 'unicodePwd', 'userAccountControl'];
      default:
        return attributeOf(this.#object, attribute);
    }
  }

  has(attribute: string, value: string): boolean {
    const held = this.texts(attribute);
    // A class may be asked for by its short name.
    if (attribute === 'objectcategory' && !value.includes('=')) {
      return held.some((name) => name.toLowerCase().startsWith(`cn=${value},`));
    }
    if (!naming.has(attribute)) return held.some((text) => text.toLowerCase() === value);
    return held.some((name) => sameName(name, value));
  }
}

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
