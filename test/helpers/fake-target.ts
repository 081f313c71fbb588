import { Failure } from '../../src/model/failure.ts';
import type { AccountKind } from '../../src/model/person.ts';
import type { ConnectedTarget } from '../../src/targets/connect.ts';
import type {
  AccountAttributes,
  AccountSeen,
  CallContext,
  ListedAccount,
  MessageRequest,
  NewAccount,
  Outcome,
  Target,
  TicketRequest,
} from '../../src/targets/target.ts';

/** What a fake target does instead of obeying: consulted before each operation, in its own name. */
export type Misbehaviour = (operation: string, context: CallContext) => Promise<void> | void;

export interface FakeAccount {
  id: string;
  worker: string;
  kind?: AccountKind;
  enabled: boolean;
  entitlements?: string[];
  sessions?: string[];
  email?: string;
  attributes?: AccountAttributes;
  made?: NewAccount;
}

/** A target in memory for tests of the line: keeps accounts and tickets, counts what really changed, misbehaves on demand. */
export class FakeTarget {
  readonly accounts = new Map<string, FakeAccount>();
  readonly tickets = new Map<
    string,
    TicketRequest & { number: string; closedWith?: string; result?: 'done' | 'failed' }
  >();
  readonly messages: MessageRequest[] = [];
  /** How far Muster may go there; read when the line starts. */
  mode: ConnectedTarget['entry']['mode'] = 'enforce';
  /** Accounts of a page of `list`. */
  pageSize = 2;
  /** Every change that took effect, in order: `disable a1`. */
  readonly changes: string[] = [];
  readonly calls: string[] = [];
  misbehave: Misbehaviour = () => undefined;
  /** Called after a change took effect and before its answer reaches Muster. */
  afterChange: Misbehaviour = () => undefined;

  constructor(accounts: FakeAccount[] = []) {
    for (const account of accounts) this.accounts.set(account.id, { ...account });
  }

  connected(name: string, title = name): ConnectedTarget {
    return {
      name,
      title,
      entry: { kind: 'fake', mode: this.mode, concurrency: 20, settings: {} },
      target: this.#target(),
    };
  }

  async #ask(operation: string, context: CallContext): Promise<void> {
    this.calls.push(operation);
    await this.misbehave(operation, context);
    context.signal.throwIfAborted();
  }

  async #change(operation: string, context: CallContext, changed: () => boolean): Promise<Outcome> {
    await this.#ask(operation, context);
    await context.beforeChange(operation);
    if (!changed()) return 'already';
    this.changes.push(operation);
    await this.afterChange(operation, context);
    return 'changed';
  }

  async *#pages(context: CallContext, seen: (account: FakeAccount) => AccountSeen): AsyncGenerator<ListedAccount[]> {
    const all = [...this.accounts.values()];
    for (let start = 0; start < all.length; start += this.pageSize) {
      await this.#ask(`list from ${start}`, context);
      yield all.slice(start, start + this.pageSize).map((account) => ({
        ...seen(account),
        privileged: account.kind === 'admin',
        ...(account.worker === '' ? {} : { workerId: account.worker }),
        ...(account.email === undefined ? {} : { email: account.email }),
      }));
    }
  }

  #target(): Target {
    const seen = (account: FakeAccount): AccountSeen => ({
      id: account.id,
      name: account.id,
      kind: account.kind ?? 'primary',
      status: account.enabled ? 'enabled' : 'disabled',
      entitlements: [...(account.entitlements ?? [])],
      before: {},
    });
    const account = (id: string): FakeAccount => {
      const found = this.accounts.get(id);
      if (found === undefined) throw new Failure('not-found', `no account ${id}`);
      return found;
    };
    return {
      check: async () => 'fine',
      accounts: {
        find: async (keys, context) => {
          await this.#ask(`find ${keys.person}`, context);
          return [...this.accounts.values()].filter((each) => keys.workerIds.includes(each.worker)).map(seen);
        },
        read: async (id, context) => {
          await this.#ask(`read ${id}`, context);
          const found = this.accounts.get(id);
          return found === undefined ? undefined : seen(found);
        },
        disable: ({ id }, context) =>
          this.#change(`disable ${id}`, context, () => {
            const was = account(id).enabled;
            account(id).enabled = false;
            return was;
          }),
        create: async (wanted, context) => {
          const id = `${wanted.login}@${wanted.workerId}`;
          const outcome = await this.#change(`create ${id}`, context, () => {
            if (this.accounts.has(id)) return false;
            this.accounts.set(id, {
              id,
              worker: wanted.workerId,
              enabled: wanted.enabled,
              email: wanted.email,
              made: wanted,
            });
            return true;
          });
          return { account: seen(account(id)), outcome };
        },
        update: ({ id }, attributes, context) =>
          this.#change(`update ${id}`, context, () => {
            const same = JSON.stringify(account(id).attributes) === JSON.stringify(attributes);
            account(id).attributes = attributes;
            return !same;
          }),
        remove: ({ id }, context) => this.#change(`remove ${id}`, context, () => this.accounts.delete(id)),
        list: (context) => this.#pages(context, seen),
        enable: ({ id }, context) =>
          this.#change(`enable ${id}`, context, () => {
            const was = account(id).enabled;
            account(id).enabled = true;
            return !was;
          }),
      },
      entitlements: {
        grant: ({ id }, entitlement, context) =>
          this.#change(`grant ${entitlement} to ${id}`, context, () => {
            const held = account(id).entitlements ?? [];
            if (held.includes(entitlement)) return false;
            account(id).entitlements = [...held, entitlement];
            return true;
          }),
        revoke: ({ id }, entitlement, context) =>
          this.#change(`revoke ${entitlement} of ${id}`, context, () => {
            const held = account(id).entitlements ?? [];
            account(id).entitlements = held.filter((each) => each !== entitlement);
            return held.includes(entitlement);
          }),
      },
      messages: {
        send: (message, context) =>
          this.#change(`send ${message.correlationId}`, context, () => {
            if (
              this.messages.some(
                ({ correlationId, to }) =>
                  correlationId === message.correlationId && JSON.stringify(to) === JSON.stringify(message.to),
              )
            )
              return false;
            this.messages.push(message);
            return true;
          }),
      },
      sessions: {
        list: async ({ id }, context) => {
          await this.#ask(`list sessions of ${id}`, context);
          return (account(id).sessions ?? []).map((session) => ({ id: session, kind: 'web' }));
        },
        end: ({ id }, session, context) =>
          this.#change(`end ${session.id} of ${id}`, context, () => {
            const live = account(id).sessions ?? [];
            account(id).sessions = live.filter((each) => each !== session.id);
            return live.includes(session.id);
          }),
      },
      tickets: {
        find: async (correlationId, _kind, context) => {
          await this.#ask(`find ticket ${correlationId}`, context);
          const found = this.tickets.get(correlationId);
          if (found === undefined) return undefined;
          return {
            id: found.number,
            number: found.number,
            state: found.closedWith === undefined ? 'open' : 'closed',
            ...(found.result === undefined ? {} : { result: found.result }),
          };
        },
        open: async (request, context) => {
          const before = this.tickets.get(request.correlationId);
          if (before === undefined) {
            await this.#change(`open ticket ${request.correlationId}`, context, () => {
              this.tickets.set(request.correlationId, { ...request, number: `T${this.tickets.size + 1}` });
              return true;
            });
          }
          const ticket = this.tickets.get(request.correlationId);
          if (ticket === undefined) throw new Failure('protocol', 'the ticket is not there');
          const outcome = before === undefined ? 'changed' : 'already';
          return { ticket: { id: ticket.number, number: ticket.number, state: 'open' }, outcome };
        },
        close: ({ number }, _kind, note, context) =>
          this.#change(`close ticket ${number}`, context, () => {
            const ticket = [...this.tickets.values()].find((each) => each.number === number);
            if (ticket === undefined) throw new Failure('not-found', `no ticket ${number}`);
            if (ticket.closedWith !== undefined) return false;
            ticket.closedWith = note;
            return true;
          }),
      },
    };
  }
}
