import { connect, type TLSSocket } from 'node:tls';
import { type Attribute, BerReader, Client, PresenceFilter } from 'ldapts';
import type { MakeStandIn, SeedPerson } from '../../../src/sandbox/stand-in.ts';
import { alteration, attributeOf } from '../../../src/targets/active-directory/client.ts';
import { guidText } from '../../../src/targets/active-directory/names.ts';
import { encodedPassword } from '../../../src/targets/active-directory/password.ts';
import { type Answering, resultMessage } from '../../../src/targets/active-directory/sandbox-answering.ts';
import { firstPassword } from '../../../src/targets/active-directory/sandbox-people.ts';
import {
  type Asked,
  type Asking,
  answerTag,
  isChange,
} from '../../../src/targets/active-directory/sandbox-requests.ts';
import { listenLdaps } from '../../../src/targets/active-directory/sandbox-server.ts';
import type { Samba } from '../../helpers/samba.ts';

interface Held {
  id: string;
  name: string;
  worker: string;
  enabled: boolean;
  dn: string;
}

/**
 * A real Samba domain as a stand-in, so that it goes through the same suite: every request is passed on to it byte by
 * byte, faults are played in front of it, and what it holds is read after each change.
 */
export const sambaStandIn =
  (samba: Samba): MakeStandIn =>
  (tools) => {
    const administrator = new Client({ url: samba.url, tlsOptions: { ca: samba.ca } });
    let held: Held[] = [];
    const look = async () => {
      held = await accountsHeld(administrator, samba);
    };
    /** Seeding takes a while, and whoever asks waits for it. */
    let ready = administrator.bind(samba.administrator.bindDn, samba.administrator.password);
    const change = async (asked: Asked) => {
      const before = held;
      await look();
      const names = namesIn(asked);
      const subject = [...before, ...held].find(({ id, dn }) => names.some((name) => name.includes(id) || name === dn));
      tools.called({
        operation: operationOf(asked),
        ...(subject === undefined ? {} : { subject: subject.name, worker: subject.worker }),
      });
    };
    return {
      state: () => ({ accounts: held.map((account) => ({ ...account, entitlements: [], sessions: [] })) }),
      seed: (people) => {
        ready = ready.then(() => seedSamba(administrator, samba, people)).then(look);
      },
      dump: () => null,
      restore: () => {},
      listen: async (options) => {
        const { port, close } = await listenLdaps(() => new PassedOn(samba, () => ready, change), tools, options);
        return {
          port,
          close: async () => {
            await ready;
            await close();
            await administrator.unbind();
          },
        };
      },
    };
  };

/** One connection, passed on to Samba. */
class PassedOn implements Answering {
  readonly #ready: () => Promise<void>;
  readonly #changed: (asked: Asked) => Promise<void>;
  readonly #socket: TLSSocket;
  #received = Buffer.alloc(0);
  #arrived = () => {};

  constructor(samba: Samba, ready: () => Promise<void>, changed: (asked: Asked) => Promise<void>) {
    this.#ready = ready;
    this.#changed = changed;
    this.#socket = connect({ host: '127.0.0.1', port: 636, ca: samba.ca });
    this.#socket.on('error', () => {});
    this.#socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#arrived();
    });
  }

  async to(asking: Asking, lie: boolean): Promise<Buffer> {
    await this.#ready();
    const { asked } = asking;
    if (lie && isChange(asked)) return resultMessage(asking.id, answerTag(asked));
    this.#socket.write(asking.bytes);
    for (;;) {
      const answer = this.#take(answerTag(asked));
      if (answer === undefined) {
        await new Promise<void>((resolve) => {
          this.#arrived = resolve;
        });
        continue;
      }
      if (isChange(asked) && answer.result === 0) await this.#changed(asked);
      return answer.bytes;
    }
  }

  end(): void {
    this.#socket.destroy();
  }

  /** Everything up to the message that ends the answer, once it is there. */
  #take(last: number): { bytes: Buffer; result: number } | undefined {
    for (let from = 0; from < this.#received.length; ) {
      const reader = new BerReader(this.#received.subarray(from));
      if (reader.readSequence(0x30) === null || reader.remain < reader.length) return undefined;
      from += reader.offset + reader.length;
      reader.readInt();
      if (reader.readSequence() !== last) continue;
      const bytes = this.#received.subarray(0, from);
      this.#received = this.#received.subarray(from);
      return { bytes, result: reader.readEnumeration() ?? 0 };
    }
    return undefined;
  }
}

const units = ['People', 'Admins', 'Leavers'];

async function accountsHeld(client: Client, samba: Samba): Promise<Held[]> {
  const { searchEntries } = await client.search(samba.baseDn, {
    filter: new PresenceFilter({ attribute: 'employeeID' }),
    attributes: ['objectGUID', 'sAMAccountName', 'employeeID', 'userAccountControl'],
    explicitBufferAttributes: ['objectGUID'],
  });
  return searchEntries.map((entry) => ({
    id: Buffer.isBuffer(entry['objectGUID']) ? guidText(entry['objectGUID']) : '',
    name: String(entry['sAMAccountName']),
    worker: String(entry['employeeID']),
    enabled: (Number(entry['userAccountControl']) & 2) === 0,
    dn: entry.dn,
  }));
}

/** Empties the units, and makes each person's accounts and groups anew. */
export async function seedSamba(client: Client, samba: Samba, people: readonly SeedPerson[]): Promise<void> {
  for (const unit of [...units, 'Groups']) {
    const { searchEntries } = await client.search(`OU=${unit},${samba.baseDn}`, { scope: 'one', attributes: ['cn'] });
    for (const { dn } of searchEntries) await client.del(dn);
  }
  const groups = new Set<string>();
  const account = async (person: SeedPerson, login: string, unit: string, names: string[]) => {
    const dn = `CN=${login},OU=${unit},${samba.baseDn}`;
    const attributes: Attribute[] = [
      attributeOf('objectClass', 'user'),
      attributeOf('sAMAccountName', login),
      attributeOf('userPrincipalName', `${login}@corp.globaltech.example`),
      attributeOf('employeeID', person.workerId),
      attributeOf('description', person.jobTitle),
      attributeOf('userAccountControl', '512'),
      attributeOf('unicodePwd', encodedPassword(firstPassword(login))),
    ];
    await client.add(dn, attributes);
    for (const name of names) {
      const group = `CN=${name},OU=Groups,${samba.baseDn}`;
      if (!groups.has(group)) {
        await client.add(group, [attributeOf('objectClass', 'group'), attributeOf('sAMAccountName', name)]);
        groups.add(group);
      }
      await client.modify(group, alteration('add', 'member', dn));
    }
  };
  for (const person of people) {
    await account(person, person.login, 'People', ['All Staff', person.department]);
    if (person.privileged) await account(person, `adm-${person.login}`, 'Admins', ['Privileged Access']);
  }
}

function namesIn(asked: Asked): string[] {
  if (asked.kind === 'modify') {
    const members = asked.changes.filter(({ attribute }) => attribute === 'member');
    return [asked.dn, ...members.flatMap(({ values }) => values.map(String))];
  }
  return 'dn' in asked ? [asked.dn] : [];
}

const operationOf = (asked: Asked): string =>
  asked.kind === 'modify'
    ? `modify ${[...new Set(asked.changes.map(({ attribute }) => attribute))].join(', ')} of`
    : asked.kind;
