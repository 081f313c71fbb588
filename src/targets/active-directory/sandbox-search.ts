import { randomUUID } from 'node:crypto';
import { domainOf } from './names.ts';
import { pagedResults, Refused, readPage } from './sandbox-answering.ts';
import { candidates, matches } from './sandbox-filter.ts';
import type { Stored } from './sandbox-object.ts';
import type { SearchAsked, WireControl } from './sandbox-requests.ts';
import type { Tree } from './sandbox-tree.ts';
import { ObjectView } from './sandbox-view.ts';

/** What a search is answered with, in order. `cookie` where pages were asked for; `cut`: there was more than allowed. */
export interface Found {
  entries: { dn: string; attributes: { name: string; values: Buffer[] }[] }[];
  references: string[];
  cookie?: string;
  cut: boolean;
}

/** Entries that a domain controller sends at once. */
const maxPageSize = 1_000;
/** Values of one attribute that it sends at once. */
const maxValues = 1_500;

const domainScope = '1.2.840.113556.1.4.1339';

/** Where clients find their way: the one entry anybody may read. */
export const rootDse = ({ baseDn, highestUsn }: Tree): { name: string; values: Buffer[] }[] =>
  Object.entries({
    highestCommittedUSN: [String(highestUsn)],
    defaultNamingContext: [baseDn],
    namingContexts: [baseDn],
    dnsHostName: [`dc1.${domainOf(baseDn)}`],
    supportedLDAPVersion: ['3'],
    supportedControl: [pagedResults, domainScope],
    supportedCapabilities: ['1.2.840.113556.1.4.800'],
  }).map(([name, values]) => ({ name, values: values.map((value) => Buffer.from(value)) }));

/** The searches of one connection; pages that are not yet fetched belong to it. */
export class Searches {
  readonly #tree: Tree;
  readonly #pages = new Map<string, Stored[]>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  search(asked: SearchAsked, controls: readonly WireControl[]): Found {
    const page = controls.find(({ oid }) => oid === pagedResults);
    const wanted = page === undefined ? undefined : readPage(page.value);
    const matching = this.#matching(asked, wanted?.cookie ?? '');
    const atOnce = Math.min(asked.sizeLimit || maxPageSize, wanted?.size || maxPageSize, maxPageSize);
    const sent = matching.slice(0, atOnce);
    const rest = matching.slice(atOnce);
    const found: Found = {
      entries: sent.map((object) => ({ dn: object.dn, attributes: shown(new ObjectView(this.#tree, object), asked) })),
      references: wanted !== undefined && rest.length > 0 ? [] : this.#references(asked, controls),
      cut: rest.length > 0 && wanted === undefined,
    };
    if (wanted === undefined) return found;
    const cookie = rest.length === 0 ? '' : randomUUID();
    if (rest.length > 0) this.#pages.set(cookie, rest);
    return { ...found, cookie };
  }

  #matching(asked: SearchAsked, cookie: string): Stored[] {
    if (cookie === '') {
      const base = this.#tree.need(asked.base);
      const indexed = candidates(asked.filter, (attribute, value) => this.#tree.having(attribute, value));
      const looked = this.#tree.below(base, asked.scope, indexed);
      return looked.filter((object) => matches(asked.filter, new ObjectView(this.#tree, object)));
    }
    const rest = this.#pages.get(cookie);
    if (rest === undefined)
      throw new Refused(53, '00000057: LdapErr: DSID-0C090A8D, comment: Error processing control');
    this.#pages.delete(cookie);
    return rest;
  }

  /** A search of the whole domain is told where the forest's other partitions lie. */
  #references(asked: SearchAsked, controls: readonly WireControl[]): string[] {
    const { baseDn } = this.#tree;
    const whole = asked.scope === 'sub' && this.#tree.get(asked.base)?.dn === baseDn;
    if (!whole || controls.some(({ oid }) => oid === domainScope)) return [];
    return [`ldaps://${domainOf(baseDn)}/CN=Configuration,${baseDn}`];
  }
}

function shown(view: ObjectView, asked: SearchAsked): { name: string; values: Buffer[] }[] {
  const names = asked.attributes.length === 0 ? ['*'] : asked.attributes;
  const sent = new Map<string, { name: string; values: Buffer[] }>();
  for (const name of names.flatMap((asked) => (asked === '*' ? view.names() : [asked]))) {
    const one = inRange(view, name);
    if (one !== undefined) sent.set(one.name.toLowerCase(), asked.namesOnly ? { ...one, values: [] } : one);
  }
  return [...sent.values()];
}

/** An attribute, or the part of it that `;range=` asks for or the limit leaves. MS-ADTS 3.1.1.3.1.3.3. */
function inRange(view: ObjectView, asked: string): { name: string; values: Buffer[] } | undefined {
  const [attribute = '', option] = asked.split(';');
  const range = /^range=(\d+)-(\d+|\*)$/i.exec(option ?? '');
  const { name, values } = view.values(attribute);
  if (values.length === 0) return undefined;
  if (range === null && values.length <= maxValues) return { name, values };
  const first = Number(range?.[1] ?? 0);
  const last = range === null || range[2] === '*' ? Number.POSITIVE_INFINITY : Number(range[2]);
  const part = values.slice(first, Math.min(last + 1, first + maxValues));
  const end = first + part.length >= values.length ? '*' : first + part.length - 1;
  return { name: `${name};range=${first}-${end}`, values: part };
}
