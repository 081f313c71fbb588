import { guidBytes, plainValue, rdnOf, sameName } from './names.ts';
import type { Filterable } from './sandbox-filter.ts';
import { attributeOf, type Stored } from './sandbox-object.ts';
import type { Tree } from './sandbox-tree.ts';

/** Values that name objects, and compare as names do. */
const naming: ReadonlySet<string> = new Set(['member', 'memberof', 'distinguishedname', 'manager', 'objectcategory']);

const computed = ['distinguishedName', 'name', 'member', 'memberOf', 'uSNCreated', 'allowedAttributesEffective'];

/** Sent only to those who ask for them by name. */
const constructed: ReadonlySet<string> = new Set(['allowedattributeseffective', 'primarygrouptoken']);

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
      case 'usncreated':
        return [String(this.#tree.usnOf(this.#object))];
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
