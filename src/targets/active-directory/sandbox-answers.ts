import type { StandInTools } from '../../sandbox/stand-in.ts';
import { domainOf, sameName } from './names.ts';
import {
  type Answering,
  entryMessage,
  pagedResults,
  Refused,
  referenceMessage,
  resultMessage,
} from './sandbox-answering.ts';
import { Changes, isDisabled } from './sandbox-changes.ts';
import { attributeOf, digestOf, isUser } from './sandbox-object.ts';
import { type Asked, type Asking, answerTag, type ChangeAsked, isChange } from './sandbox-requests.ts';
import { rootDse, Searches } from './sandbox-search.ts';
import type { Tree } from './sandbox-tree.ts';

/** Who may change everything. All others that log on may only read. */
export interface ServiceAccount {
  /** UPN. */
  bindDn: string;
  dn: string;
  password: string;
}

/** What is served, to whom, and who is told. */
interface Served {
  tree: Tree;
  service: ServiceAccount;
  tools: StandInTools;
}

const treeDelete = '1.2.840.113556.1.4.805';

/** Controls that may be marked critical. */
const known: ReadonlySet<string> = new Set([
  pagedResults,
  '1.2.840.113556.1.4.1339',
  '1.2.840.113556.1.4.1413',
  treeDelete,
  '2.16.840.1.113730.3.4.2',
]);

/** Answers one connection's requests, by what its last bind allows. */
export class Answers implements Answering {
  readonly #served: Served;
  readonly #changes: Changes;
  readonly #searches: Searches;
  #rights: 'none' | 'read' | 'all' = 'none';

  constructor(served: Served) {
    this.#served = served;
    this.#changes = new Changes(served.tree);
    this.#searches = new Searches(served.tree);
  }

  /** The whole answer as it is sent. */
  to(asking: Asking, lie: boolean): Buffer {
    const { id, asked, controls } = asking;
    try {
      if (controls.some(({ oid, critical }) => critical && !known.has(oid))) {
        throw new Refused(12, '00002040: SvcErr: DSID-031401E7, problem 5010 (UNAVAIL_EXTENSION), data 0');
      }
      if (asked.kind === 'search') return this.#search(asking, asked);
      if (asked.kind === 'bind') this.#bind(asked.name, asked.password);
      else if (isChange(asked)) {
        this.#change(
          asked,
          lie,
          controls.some(({ oid }) => oid === treeDelete),
        );
      } else throw new Refused(2, '0000203D: LdapErr: DSID-0C090DDB, comment: Unknown extended request OID, data 0');
      return resultMessage(id, answerTag(asked));
    } catch (error) {
      if (error instanceof Refused) return resultMessage(id, answerTag(asked), error);
      console.error('sandbox: the stand-in for Active Directory failed:', error);
      return resultMessage(id, answerTag(asked), new Refused(80, '00000000: the stand-in failed, see its log'));
    }
  }

  #bind(name: string, password: string | undefined): void {
    this.#rights = 'none';
    if (password === undefined) throw new Refused(7, '00002027: LdapErr: DSID-0C0903AB, comment: Unsupported SASL');
    if (password === '') return;
    const { tree, service } = this.#served;
    const is = (upn: string, dn: string) => {
      const [login = '', domain] = upn.split('@');
      const short = `${domainOf(tree.baseDn).split('.')[0]}\\${login}`;
      const forms = domain === undefined ? [short] : [upn, short];
      return (
        forms.some((form) => form.toLowerCase() === name.toLowerCase()) || (name.includes('=') && sameName(dn, name))
      );
    };
    if (is(service.bindDn, service.dn)) {
      if (password !== service.password) throw logonFailure('52e');
      this.#rights = 'all';
      return;
    }
    const user = tree
      .all()
      .find((object) => isUser(object) && is(attributeOf(object, 'userPrincipalName')[0] ?? '', object.dn));
    if (user === undefined) throw logonFailure('525');
    if (user.password !== digestOf(user.guid, password)) throw logonFailure('52e');
    if (isDisabled(user)) throw logonFailure('533');
    this.#rights = 'read';
  }

  #search(asking: Asking, asked: Extract<Asked, { kind: 'search' }>): Buffer {
    const { id } = asking;
    if (asked.base === '' && asked.scope === 'base') {
      const wanted = asked.attributes.map((name) => name.toLowerCase());
      const all = wanted.length === 0 || wanted.includes('*') || wanted.includes('+');
      const attributes = rootDse(this.#served.tree).filter(({ name }) => all || wanted.includes(name.toLowerCase()));
      return Buffer.concat([entryMessage(id, '', attributes), resultMessage(id, 0x65)]);
    }
    if (this.#rights === 'none') throw notLoggedOn();
    const found = this.#searches.search(asked, asking.controls);
    const cut = found.cut ? new Refused(4, '') : undefined;
    return Buffer.concat([
      ...found.entries.map(({ dn, attributes }) => entryMessage(id, dn, attributes)),
      ...found.references.map((url) => referenceMessage(id, url)),
      resultMessage(id, 0x65, cut, found.cookie),
    ]);
  }

  #change(asked: ChangeAsked, lie: boolean, subtree: boolean): void {
    if (this.#rights === 'none') throw notLoggedOn();
    if (this.#rights === 'read') {
      throw new Refused(50, '00002098: SecErr: DSID-03150F93, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0');
    }
    if (lie) return;
    for (const { operation, object } of this.#carryOut(asked, subtree)) {
      const [worker] = attributeOf(object, 'employeeID');
      const [login] = attributeOf(object, 'sAMAccountName');
      this.#served.tools.called({
        operation,
        ...(worker === undefined ? {} : { worker }),
        subject: login ?? object.dn,
      });
    }
  }

  #carryOut(asked: ChangeAsked, subtree: boolean) {
    switch (asked.kind) {
      case 'modify':
        return this.#changes.modify(asked.dn, asked.changes);
      case 'add':
        return [this.#changes.add(asked.dn, asked.attributes)];
      case 'delete':
        return [this.#changes.delete(asked.dn, subtree)];
      case 'rename':
        return [this.#changes.rename(asked.dn, asked.rdn, asked.parent)];
    }
  }
}

export const logonFailure = (detail: string): Refused =>
  new Refused(49, `80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data ${detail}, v4563`);

const notLoggedOn = (): Refused =>
  new Refused(
    1,
    '000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed on the connection., data 0',
  );
