import { Attribute, Change, Control, type Entry, type Filter } from 'ldapts';
import { z } from 'zod';
import type { CallContext, TargetDependencies } from '../target.ts';
import type { Connection } from './connection.ts';
import { Refusal } from './failures.ts';
import { ConnectionPool } from './pool.ts';
import type { ActiveDirectorySettings } from './settings.ts';

/** MS-ADTS 3.1.1.3.4.1.15. */
const treeDelete = '1.2.840.113556.1.4.805';

/** The only way to the domain controller: sessions on pooled LDAPS connections. */
export class DirectoryClient {
  readonly settings: ActiveDirectorySettings;
  readonly #pool: ConnectionPool;

  constructor(settings: ActiveDirectorySettings, dependencies: TargetDependencies) {
    this.settings = settings;
    this.#pool = new ConnectionPool(settings, dependencies);
  }

  /** Does `work` over one connection, logged on as the service account. */
  session<T>(context: CallContext, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#pool.use(context.signal, (connection) => work(new Session(connection, context, this.settings)));
  }

  /** Reads page after page over one connection, so that all of them come from the same domain controller. */
  pages<T>(context: CallContext, read: (session: Session) => AsyncIterable<T>): AsyncIterable<T> {
    return this.#pool.useFor(context.signal, (connection) => read(new Session(connection, context, this.settings)));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** What a call reads and changes. Every change passes the caller's `beforeChange` immediately before it is sent. */
export class Session {
  readonly #connection: Connection;
  readonly #context: CallContext;
  readonly #settings: ActiveDirectorySettings;

  constructor(connection: Connection, context: CallContext, settings: ActiveDirectorySettings) {
    this.#connection = connection;
    this.#context = context;
    this.#settings = settings;
  }

  /**
   * Everything below the base that matches. Referrals are ignored. It asks for no pages on purpose: what is searched
   * here is one person's, and more than the directory sends at once (1,000) fails loudly. ldapts' paging ends at an
   * empty page even where the directory says that more follows, and would lose accounts silently.
   */
  find(filter: Filter, attributes: readonly string[]): Promise<DirectoryEntry[]> {
    return this.#search(this.#settings.baseDn, 'sub', attributes, filter, 0);
  }

  /** One entry that matches, to look at what entries are like here. */
  async sample(filter: Filter, attributes: readonly string[]): Promise<DirectoryEntry | undefined> {
    return (await this.#search(this.#settings.baseDn, 'sub', attributes, filter, 1))[0];
  }

  /** The object of this name (a DN, or `<GUID=…>`); undefined when there is none. Long lists of values are read to their end. */
  async read(name: string, attributes: readonly string[]): Promise<DirectoryEntry | undefined> {
    const found = await this.#search(name, 'base', attributes, undefined, 0).catch((error) => {
      if (error instanceof Refusal && error.result === 32) return [];
      throw error;
    });
    return found[0];
  }

  /** Sends one modify. Answers 0, or the result code where it is one of `expect`; throws for any other. */
  change(operation: string, name: string, changes: Change[], expect: readonly number[] = []): Promise<number> {
    return this.#changing(operation, expect, (connection) =>
      connection.run(`${operation} (${name})`, this.#context.signal, (client) => client.modify(name, changes)),
    );
  }

  add(operation: string, dn: string, attributes: Attribute[], expect: readonly number[] = []): Promise<number> {
    return this.#changing(operation, expect, (connection) =>
      connection.run(operation, this.#context.signal, (client) => client.add(dn, attributes)),
    );
  }

  move(operation: string, name: string, newDn: string, expect: readonly number[] = []): Promise<number> {
    return this.#changing(operation, expect, (connection) =>
      connection.run(`${operation} (${name})`, this.#context.signal, (client) => client.modifyDN(name, newDn)),
    );
  }

  /** Deletes an object; with `subtree` what lies below it as well, such as a person's registered phones. */
  remove(operation: string, name: string, expect: readonly number[], subtree = false): Promise<number> {
    const controls = subtree ? [new Control(treeDelete, { critical: true })] : [];
    return this.#changing(operation, expect, (connection) =>
      connection.run(`${operation} (${name})`, this.#context.signal, (client) => client.del(name, controls)),
    );
  }

  async #changing(
    operation: string,
    expect: readonly number[],
    send: (connection: Connection) => Promise<void>,
  ): Promise<number> {
    await this.#context.beforeChange(operation);
    try {
      await send(this.#connection);
      return 0;
    } catch (error) {
      if (error instanceof Refusal && expect.includes(error.result)) return error.result;
      throw error;
    }
  }

  async #search(
    base: string,
    scope: 'base' | 'sub',
    attributes: readonly string[],
    filter: Filter | undefined,
    sizeLimit: number,
  ): Promise<DirectoryEntry[]> {
    const operation = `${scope === 'base' ? 'read' : 'search'} (${base})`;
    const { searchEntries } = await this.#connection.run(operation, this.#context.signal, (client) =>
      client.search(base, {
        scope,
        attributes: [...attributes],
        explicitBufferAttributes: ['objectGUID'],
        sizeLimit,
        timeLimit: Math.ceil(this.#settings.timeoutMs / 1000),
        ...(filter === undefined ? {} : { filter }),
      }),
    );
    const entries = searchEntries.map((entry) => new DirectoryEntry(entry));
    for (const entry of entries) for (const attribute of attributes) await this.#readToEnd(entry, attribute);
    return entries;
  }

  /** A directory sends 1,500 values of an attribute at most, as `memberOf;range=0-1499`; the rest is asked for. MS-ADTS 3.1.1.3.1.3.3. */
  async #readToEnd(entry: DirectoryEntry, attribute: string): Promise<void> {
    for (let next = entry.takeRange(attribute); next !== undefined; next = entry.takeRange(attribute)) {
      const wanted = `${attribute};range=${next}-*`;
      const { searchEntries } = await this.#connection.run('read', this.#context.signal, (client) =>
        client.search(entry.dn, { scope: 'base', attributes: [wanted] }),
      );
      for (const more of searchEntries) entry.join(more);
    }
  }
}

/** An entry as it was sent. Names of attributes count in any case. */
export class DirectoryEntry {
  readonly dn: string;
  readonly #values = new Map<string, (string | Buffer)[]>();

  constructor(entry: Entry) {
    this.dn = entry.dn;
    this.join(entry);
  }

  texts(attribute: string): string[] {
    return (this.#values.get(attribute.toLowerCase()) ?? []).map((value) => value.toString());
  }

  text(attribute: string): string | undefined {
    return this.texts(attribute)[0];
  }

  bytes(attribute: string): Buffer | undefined {
    const value = this.#values.get(attribute.toLowerCase())?.[0];
    return typeof value === 'string' ? Buffer.from(value) : value;
  }

  /** Takes in more of the same entry's values. */
  join(entry: Entry): void {
    const { dn: _, ...attributes } = entry;
    for (const [name, value] of Object.entries(attributes)) {
      const values = Array.isArray(value) ? value : [value];
      // ldapts fills in what was asked for and not sent.
      if (values.length === 0) continue;
      const known = this.#values.get(name.toLowerCase()) ?? [];
      this.#values.set(name.toLowerCase(), [...known, ...values]);
    }
  }

  /** Moves a part such as `memberOf;range=0-1499` to its attribute; gives where the next begins, undefined after the last. */
  takeRange(attribute: string): number | undefined {
    const prefix = `${attribute.toLowerCase()};range=`;
    for (const [name, values] of this.#values) {
      if (!name.startsWith(prefix)) continue;
      this.#values.delete(name);
      this.#values.set(attribute.toLowerCase(), [...(this.#values.get(attribute.toLowerCase()) ?? []), ...values]);
      const last = z.coerce.number().int().safeParse(name.split('-').at(-1));
      // An empty part, or the one that ends with `*`, is the last.
      return last.success && values.length > 0 ? last.data + 1 : undefined;
    }
    return undefined;
  }
}

/** One line of a modify. */
export const alteration = (
  operation: 'add' | 'delete' | 'replace',
  type: string,
  ...values: (string | Buffer)[]
): Change => new Change({ operation, modification: attributeOf(type, ...values) });

/** An attribute with its values, as an add or a modify sends it. */
export const attributeOf = (type: string, ...values: (string | Buffer)[]): Attribute =>
  new Attribute({ type, values: values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)) });
