import type { Store } from '../src/directory/store.ts';
import { Failure } from '../src/model/failure.ts';
import { personalKinds } from '../src/model/person.ts';
import type { ChangeResult, ChangeWork, ClosedAccount, Confirmation } from '../src/model/work.ts';
import type { Policy } from '../src/policy/schema.ts';
import type { ConnectedTarget } from '../src/targets/connect.ts';
import type { AccountSeen, AccountsAbility, CallContext } from '../src/targets/target.ts';
import { type AllowedCall, callContext } from './call-context.ts';
import type { Dependencies } from './dependencies.ts';
import { needsSomebody, resultOfFailure, toApplicationFailure } from './failures.ts';
import { asFoundFirst } from './kept-before.ts';
import { adminFirst, keysOf, personOf } from './keys.ts';
import { targetOf } from './target-of.ts';

/** Closes every account the person has at one target, and reads each back: done means that the target says so. */
export async function closeAccess(dependencies: Dependencies, work: ChangeWork): Promise<ChangeResult> {
  const allowed: AllowedCall[] = [];
  try {
    const connected = targetOf(dependencies, work.change.target);
    const closing = new Closing(dependencies, connected, work, callContext(dependencies, work, allowed), allowed);
    return await closing.run();
  } catch (error) {
    return resultOfFailure(error, dependencies.timing.retryMaximumMs);
  }
}

/** All accounts of the person there, read once more; anything open is named. */
export async function confirmClosed(
  dependencies: Dependencies,
  work: Omit<ChangeWork, 'epoch'>,
): Promise<Confirmation> {
  try {
    const { name, accounts } = accountsOf(targetOf(dependencies, work.change.target));
    const keys = keysOf(await personOf(dependencies.store, work.person), name);
    const seen = await accounts.find(keys, callContext(dependencies, work));
    const open = seen.filter((account) => personalKinds.has(account.kind) && account.status === 'enabled');
    return open.length === 0 ? { status: 'closed' } : { status: 'open', accounts: open.map((account) => account.id) };
  } catch (error) {
    throw toApplicationFailure(error, dependencies.timing.retryMaximumMs, dependencies.timing.slowRetryMs);
  }
}

/** One closing of one person at one target, step by step. Every step may have been done before, by a try whose answer was lost. */
class Closing {
  readonly #store: Store;
  readonly #policy: Policy;
  readonly #connected: ConnectedTarget;
  readonly #work: ChangeWork;
  readonly #context: CallContext;
  readonly #allowed: AllowedCall[];
  readonly #accounts: AccountsAbility;
  /** Accounts that outlive their owner: they are never disabled here. */
  #handover: { account: string; kind: string }[] = [];
  /** Refusals are kept to the end: what can be closed is closed first. */
  readonly #refusals: Failure[] = [];

  constructor(
    { store, policy }: Dependencies,
    connected: ConnectedTarget,
    work: ChangeWork,
    context: CallContext,
    allowed: AllowedCall[],
  ) {
    this.#store = store;
    this.#policy = policy;
    this.#connected = connected;
    this.#work = work;
    this.#context = context;
    this.#allowed = allowed;
    this.#accounts = accountsOf(connected).accounts;
  }

  async run(): Promise<ChangeResult> {
    const keys = keysOf(await personOf(this.#store, this.#work.person), this.#connected.name);
    const seen = await this.#accounts.find(keys, this.#context);
    this.#handover = seen
      .filter((account) => !personalKinds.has(account.kind) && account.status !== 'absent')
      .map(({ id, kind }) => ({ account: id, kind }));
    const found = adminFirst(seen.filter((account) => personalKinds.has(account.kind)));
    await this.#keepBefore(found);
    const { event, change } = this.#work;
    const personal = await asFoundFirst(this.#store, { event, target: change.target }, found);
    const closed: ClosedAccount[] = [];
    for (const account of personal)
      closed.push({ account: account.id, kind: account.kind, ...(await this.#disable(account)) });
    for (const [index, account] of personal.entries()) {
      const counts = closed[index];
      if (counts === undefined) continue;
      counts.sessions = await this.#endSessions(account);
      counts.entitlements = await this.#revokeAll(account);
    }
    await this.#readBack(personal);
    const [refusal] = this.#refusals;
    if (refusal !== undefined) throw refusal;
    return this.#confirmed(personal, closed);
  }

  /** What was there is committed before the first change, insert-if-absent: a retry reads it instead of noting an empty list. */
  async #keepBefore(accounts: AccountSeen[]): Promise<void> {
    const { event, change, now, workflowId, person } = this.#work;
    if (accounts.length === 0) return;
    const data = {
      accounts: accounts.map(({ id, kind, status, entitlements }) => ({
        id,
        kind,
        status,
        entitlements: entitlements.length,
      })),
    };
    const piece = { workflowId, step: this.#step(), person, event, target: change.target, at: now };
    await this.#store.write({
      before: accounts.map((state) => ({ event, target: change.target, account: state.id, state, at: now })),
      evidence: [{ ...piece, kind: 'accounts-found', data }],
    });
  }

  async #disable(account: AccountSeen): Promise<Pick<ClosedAccount, 'outcome' | 'entitlements' | 'sessions'>> {
    const outcome = await this.#unlessRefused(() => this.#accounts.disable(account, this.#context));
    return { outcome: outcome ?? 'already', entitlements: 0, sessions: 0 };
  }

  /** Ends, looks again, ends again: a session can start until the account is really closed. */
  async #endSessions(account: AccountSeen): Promise<number> {
    const { sessions } = this.#connected.target;
    if (sessions === undefined) return 0;
    let ended = 0;
    for (let look = 0; look < 4; look += 1) {
      const live = (await this.#unlessRefused(() => sessions.list(account, this.#context))) ?? [];
      if (live.length === 0) return ended;
      for (const session of live) {
        if ((await this.#unlessRefused(() => sessions.end(account, session, this.#context))) === 'changed') ended += 1;
      }
      if (this.#refusals.length > 0) return ended;
    }
    throw new Failure('not-confirmed', `${this.#connected.title}: sessions of ${this.#work.person} keep coming back`);
  }

  async #revokeAll(account: AccountSeen): Promise<number> {
    const { entitlements } = this.#connected.target;
    if (entitlements === undefined) return 0;
    let revoked = 0;
    for (const entitlement of account.entitlements) {
      if (this.#stays(account).has(entitlement)) continue;
      if ((await this.#unlessRefused(() => entitlements.revoke(account, entitlement, this.#context))) === 'changed')
        revoked += 1;
    }
    return revoked;
  }

  /** What a mailbox needs stays until policy's later step takes it: a licence that goes first takes the mail with it. */
  #stays(account: AccountSeen): ReadonlySet<string> {
    const kept = this.#policy.transitions.leaver.later.some(
      ({ do: action, targets }) => action === 'removeLicences' && targets.includes(this.#connected.name),
    );
    return new Set(kept ? this.#connected.target.mailbox?.neededBy(account) : []);
  }

  async #readBack(accounts: AccountSeen[]): Promise<void> {
    for (const account of accounts) {
      const after = await this.#accounts.read(account.id, this.#context);
      const stays = this.#stays(account);
      const left = after?.entitlements.filter((entitlement) => !stays.has(entitlement)) ?? [];
      const open = after !== undefined && (after.status === 'enabled' || left.length > 0);
      if (open && this.#refusals.length === 0) {
        throw new Failure(
          'not-confirmed',
          `${this.#connected.title} said yes, and shows account ${account.id} ${after.status} with ${after.entitlements.length} entitlements`,
        );
      }
    }
  }

  async #confirmed(accounts: AccountSeen[], closed: ClosedAccount[]): Promise<ChangeResult> {
    const { event, change, now, workflowId, person } = this.#work;
    const at = new Date().toISOString();
    const residualMs = accounts.length === 0 ? undefined : this.#connected.target.sessions?.residualMs;
    const residualUntil = residualMs === undefined ? undefined : new Date(Date.parse(at) + residualMs).toISOString();
    const data = {
      accounts: closed,
      calls: this.#allowed,
      readBackAt: at,
      ...(residualUntil === undefined ? {} : { residualUntil }),
    };
    const piece = { workflowId, step: this.#step(), person, event, target: change.target, at: now };
    await this.#store.write({
      accounts: accounts.map(({ id, name, kind, status, entitlements, ...rest }) => ({
        ...{ target: change.target, id, name, kind, owner: person, origin: 'found' },
        entitlements: entitlements.filter((entitlement) =>
          this.#stays({ ...rest, id, name, kind, status, entitlements }).has(entitlement),
        ),
        status: status === 'absent' ? 'absent' : 'disabled',
      })),
      evidence: [{ ...piece, kind: 'access-closed', data }],
    });
    const handover = this.#handover.length === 0 ? {} : { handover: this.#handover };
    return {
      ...handover,
      status: 'confirmed',
      at,
      accounts: closed,
      ...(residualUntil === undefined ? {} : { residualUntil }),
    };
  }

  #step(): string {
    return `${this.#work.event}/${this.#work.epoch}/${this.#work.change.id}`;
  }

  async #unlessRefused<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Failure) || !needsSomebody(error) || error.code === 'credentials') throw error;
      this.#refusals.push(error);
      return undefined;
    }
  }
}

function accountsOf(connected: ConnectedTarget): { name: string; accounts: AccountsAbility } {
  const { accounts } = connected.target;
  if (accounts === undefined) throw new Failure('misconfigured', `${connected.title} has no accounts to close`);
  return { name: connected.name, accounts };
}
