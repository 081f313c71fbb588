import { canonical, parentOf, plainValue, rdnOf } from './names.ts';
import { Refused } from './sandbox-answering.ts';
import { attributeOf, digestOf, guidFor, isUser, type Stored, setAttribute } from './sandbox-object.ts';
import type { WireChange } from './sandbox-requests.ts';
import type { Tree } from './sandbox-tree.ts';

/** What was done, for the list of calls. */
export interface Done {
  operation: string;
  object: Stored;
}

const disabled = 0x2;
const passwordNotRequired = 0x20;

/** Attributes that only the directory itself writes. */
const readOnly: ReadonlySet<string> = new Set(['objectguid', 'objectsid', 'memberof', 'distinguishedname', 'name']);

const multiple: ReadonlySet<string> = new Set(['objectclass', 'othertelephone', 'proxyaddresses', 'url']);

/** The changes of Active Directory that matter here, each all or nothing, refused with its result codes. */
export class Changes {
  readonly #tree: Tree;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  modify(name: string, changes: readonly WireChange[]): Done[] {
    const object = this.#tree.need(name);
    // Nothing below is changed in place, so a copy of the first level is enough.
    const draft = { ...object, attributes: { ...object.attributes } };
    const members: Stored[] = [];
    for (const change of changes) {
      const attribute = change.attribute.toLowerCase();
      if (attribute === 'unicodepwd') this.#setPassword(draft, change);
      else if (attribute === 'member') members.push(...this.#link(draft, change));
      else apply(draft, change);
    }
    checkUser(draft);
    const wasDisabled = isDisabled(object);
    // In place: others hold this object.
    this.#tree.setAttributes(object, draft.attributes);
    object.members = draft.members;
    object.resets = draft.resets;
    if (draft.password !== undefined) object.password = draft.password;
    const operation = operationOf(changes, object, wasDisabled);
    return members.length > 0 ? members.map((member) => ({ operation, object: member })) : [{ operation, object }];
  }

  add(dn: string, attributes: readonly { attribute: string; values: Buffer[] }[]): Done {
    this.#tree.need(parentOf(dn));
    if (this.#tree.get(dn) !== undefined) throw exists('00002071');
    const object: Stored = { guid: guidFor(dn), dn, attributes: {}, members: [], resets: 0 };
    for (const { attribute, values } of attributes) {
      if (attribute.toLowerCase() === 'unicodepwd') continue;
      apply(object, { operation: 'add', attribute, values });
    }
    setAttribute(object, 'cn', [plainValue(rdnOf(dn))]);
    complete(object, this.#tree.baseDn);
    const login = attributeOf(object, 'sAMAccountName')[0];
    if (login !== undefined) {
      object.guid = guidFor(login);
      if ([...(this.#tree.having('samaccountname', login.toLowerCase()) ?? [])].length > 0) throw exists('00000524');
    }
    const password = attributes.find(({ attribute }) => attribute.toLowerCase() === 'unicodepwd');
    if (password !== undefined) this.#setPassword(object, { operation: 'replace', ...password });
    checkUser(object);
    this.#tree.put(object);
    return { operation: isUser(object) ? 'create account' : 'create entry', object };
  }

  delete(name: string, subtree = false): Done {
    const object = this.#tree.need(name);
    const below = this.#tree.below(object, 'children');
    if (below.length > 0 && !subtree) {
      throw new Refused(66, '00002015: UpdErr: DSID-031A11EF, problem 6003 (CANT_ON_NON_LEAF), data 0');
    }
    for (const one of [...below, object]) this.#tree.remove(one);
    return { operation: isUser(object) ? 'delete account' : 'delete entry', object };
  }

  rename(name: string, rdn: string, parent: string | undefined): Done {
    const object = this.#tree.need(name);
    const container = this.#tree.need(parent ?? parentOf(object.dn));
    const dn = `${rdn},${container.dn}`;
    const there = this.#tree.get(dn);
    if (there !== undefined && there !== object) throw exists('00000524');
    const moved = canonical(parentOf(object.dn)) !== canonical(container.dn);
    this.#tree.rename(object, dn);
    this.#tree.setAttributes(object, { ...object.attributes, cn: { name: 'cn', values: [plainValue(rdn)] } });
    return { operation: moved ? 'move account' : 'rename account', object };
  }

  #setPassword(object: Stored, change: WireChange): void {
    const encoded = change.values[0]?.toString('utf16le') ?? '';
    const password = /^"(.*)"$/s.exec(encoded)?.[1];
    if (change.operation !== 'replace' || change.values.length !== 1 || password === undefined) {
      throw unwilling('0000001F');
    }
    const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(password)).length;
    if (password.length < 7 || kinds < 3) {
      throw new Refused(
        19,
        '0000052D: AtrErr: DSID-03190F80, #1:\n\t0: 0000052D: DSID-03190F80, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)',
      );
    }
    object.password = digestOf(object.guid, password);
    object.resets += 1;
  }

  /** Adds or removes members; gives those it concerns. */
  #link(group: Stored, change: WireChange): Stored[] {
    const named = change.values.map((value) => {
      const member = this.#tree.get(value.toString());
      if (member !== undefined) return member;
      throw new Refused(32, '00000525: NameErr: DSID-031A120F, problem 2001 (NO_OBJECT), data 0, best match of:');
    });
    if (change.operation === 'replace') {
      const before = group.members.flatMap((guid) => this.#tree.byGuid(guid) ?? []);
      group.members = named.map(({ guid }) => guid);
      return [...new Set([...before, ...named])];
    }
    if (change.operation === 'delete' && named.length === 0) {
      const before = group.members.flatMap((guid) => this.#tree.byGuid(guid) ?? []);
      group.members = [];
      return before;
    }
    for (const { guid } of named) {
      const held = group.members.includes(guid);
      if (change.operation === 'add' && held) throw exists('00000562');
      if (change.operation === 'delete' && !held) throw unwilling('00000561');
      group.members = held ? group.members.filter((member) => member !== guid) : [...group.members, guid];
    }
    return named;
  }
}

/** An ordinary attribute, single-valued but for a few. */
function apply(object: Stored, change: WireChange): void {
  const name = change.attribute;
  if (readOnly.has(name.toLowerCase())) throw unwilling('0000209A');
  const held = attributeOf(object, name);
  const given = change.values.map((value) => value.toString());
  const holds = (value: string) => held.some((own) => own.toLowerCase() === value.toLowerCase());
  if (change.operation === 'replace') setAttribute(object, name, given);
  else if (change.operation === 'add') {
    if (given.some(holds)) throw new Refused(20, '00002083: AtrErr: DSID-03151830, problem 1006 (ATT_OR_VALUE_EXISTS)');
    setAttribute(object, name, [...held, ...given]);
  } else {
    const missing = given.length === 0 ? held.length === 0 : !given.every(holds);
    if (missing) throw new Refused(16, '00002085: AtrErr: DSID-03152D2C, problem 1001 (NO_ATTRIBUTE_OR_VAL), data 0');
    const rest = held.filter((own) => !given.some((value) => value.toLowerCase() === own.toLowerCase()));
    setAttribute(object, name, given.length === 0 ? [] : rest);
  }
}

/** What the directory adds to a new object by itself. */
function complete(object: Stored, baseDn: string): void {
  const user = isUser(object);
  const group = attributeOf(object, 'objectClass').includes('group');
  const category = user ? 'Person' : group ? 'Group' : 'Organizational-Unit';
  setAttribute(object, 'objectCategory', [`CN=${category},CN=Schema,CN=Configuration,${baseDn}`]);
  if (!user) return;
  // MS-ADTS 3.1.1.5.2.4: without a word on it, a new account is disabled and needs no password.
  if (attributeOf(object, 'userAccountControl').length === 0) setAttribute(object, 'userAccountControl', ['546']);
  setAttribute(object, 'primaryGroupID', ['513']);
}

function checkUser(object: Stored): void {
  for (const [key, { values }] of Object.entries(object.attributes)) {
    if (values.length > 1 && !multiple.has(key)) {
      throw new Refused(19, '00002081: AtrErr: DSID-03190F80, problem 1005 (CONSTRAINT_ATT_TYPE), data 0');
    }
  }
  if (!isUser(object)) return;
  const flags = Number(attributeOf(object, 'userAccountControl')[0]);
  if (!Number.isSafeInteger(flags)) throw unwilling('00002077');
  const open = (flags & disabled) === 0 && (flags & passwordNotRequired) === 0;
  if (open && object.resets === 0 && object.password === undefined) throw unwilling('0000052D');
}

export const isDisabled = (object: Stored): boolean =>
  (Number(attributeOf(object, 'userAccountControl')[0] ?? disabled) & disabled) !== 0;

function operationOf(changes: readonly WireChange[], object: Stored, wasDisabled: boolean): string {
  const touches = (name: string) => changes.find(({ attribute }) => attribute.toLowerCase() === name);
  const member = touches('member');
  if (member !== undefined) return member.operation === 'add' ? 'add member' : 'remove member';
  if (isUser(object) && wasDisabled !== isDisabled(object)) return wasDisabled ? 'enable account' : 'disable account';
  if (touches('unicodepwd') !== undefined) return 'reset password';
  return isUser(object) ? 'change account' : 'change entry';
}

const exists = (code: string): Refused =>
  new Refused(68, `${code}: UpdErr: DSID-031A11FA, problem 6005 (ENTRY_EXISTS), data 0`);

const unwilling = (code: string): Refused =>
  new Refused(53, `${code}: SvcErr: DSID-031A1254, problem 5003 (WILL_NOT_PERFORM), data 0`);
