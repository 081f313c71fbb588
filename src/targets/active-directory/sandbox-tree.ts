import { z } from 'zod';
import { canonical, domainOf, guidText, isGuid, liesIn, parentOf } from './names.ts';
import { Refused } from './sandbox-answering.ts';
import { indexEntries, indexedAttributes, type Stored, storedSchema } from './sandbox-object.ts';

const dumpSchema = z.object({ objects: z.array(storedSchema) });

/** The directory itself: objects by name and by GUID, with links that follow moves. */
export class Tree {
  readonly baseDn: string;
  readonly #byName = new Map<string, Stored>();
  readonly #byGuid = new Map<string, Stored>();
  /** `employeeid=gt-48291` → the objects that have it. */
  readonly #byValue = new Map<string, Set<Stored>>();
  /** When each was made, as a count; the directory's own is kept by nobody over a restart either. */
  readonly #created = new Map<string, number>();
  #highest = 0;

  constructor(baseDn: string) {
    this.baseDn = baseDn;
  }

  all(): Stored[] {
    return [...this.#byGuid.values()];
  }

  clear(): void {
    this.#byName.clear();
    this.#byGuid.clear();
    this.#byValue.clear();
    this.#created.clear();
    this.#highest = 0;
  }

  dump(): unknown {
    return { objects: structuredClone(this.all()) };
  }

  restore(dumped: unknown): void {
    const { objects } = dumpSchema.parse(dumped);
    this.clear();
    for (const object of objects) this.put(object);
  }

  /** uSNCreated: the object's place in the order in which all were made. */
  usnOf(object: Stored): number {
    return this.#created.get(object.guid) ?? 0;
  }

  get highestUsn(): number {
    return this.#highest;
  }

  put(object: Stored): void {
    if (!this.#created.has(object.guid)) {
      // Gaps, as a directory has them: the count is shared by all objects and all changes.
      this.#highest += 7;
      this.#created.set(object.guid, this.#highest);
    }
    this.#byName.set(canonical(object.dn), object);
    this.#byGuid.set(object.guid, object);
    for (const entry of indexEntries(object)) {
      const holders = this.#byValue.get(entry) ?? new Set();
      this.#byValue.set(entry, holders.add(object));
    }
  }

  /** Gives an object other attributes. Nothing else may, so that they are found by them. */
  setAttributes(object: Stored, attributes: Stored['attributes']): void {
    for (const entry of indexEntries(object)) this.#byValue.get(entry)?.delete(object);
    object.attributes = attributes;
    this.put(object);
  }

  /** Those that have this value, or undefined where the attribute is not indexed. */
  having(attribute: string, value: string): Iterable<Stored> | undefined {
    if (attribute === 'objectguid') {
      const object = this.#byGuid.get(value);
      return object === undefined ? [] : [object];
    }
    return indexedAttributes.includes(attribute) ? (this.#byValue.get(`${attribute}=${value}`) ?? []) : undefined;
  }

  /** Takes it out, and out of every group. */
  remove(object: Stored): void {
    this.#byName.delete(canonical(object.dn));
    this.#byGuid.delete(object.guid);
    this.#created.delete(object.guid);
    for (const entry of indexEntries(object)) this.#byValue.get(entry)?.delete(object);
    for (const group of this.groupsOf(object)) group.members = group.members.filter((guid) => guid !== object.guid);
  }

  /** Gives the object, and all below it, another name. */
  rename(object: Stored, dn: string): void {
    const below = this.below(object, 'children');
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

  /** The objects in a scope; of `among` alone where that is given. */
  below(base: Stored, scope: 'base' | 'one' | 'sub' | 'children', among?: ReadonlySet<Stored>): Stored[] {
    if (scope === 'base') return [base];
    const top = canonical(base.dn);
    const isBelow = (name: string) => name.endsWith(`\n${top}`);
    const found =
      among === undefined
        ? [...this.#byName].filter(([name]) => isBelow(name)).map(([, object]) => object)
        : [...among].filter((object) => isBelow(canonical(object.dn)));
    if (scope === 'one') return found.filter((object) => canonical(parentOf(object.dn)) === top);
    const self = scope === 'sub' && (among === undefined || among.has(base));
    return self ? [base, ...found] : found;
  }

  groupsOf(object: Stored): Stored[] {
    return this.all().filter((group) => group.members.includes(object.guid));
  }

  byGuid(guid: string): Stored | undefined {
    return this.#byGuid.get(guid);
  }
}
