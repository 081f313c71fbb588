import { finder } from '../src/directory/finder.ts';
import { Failure } from '../src/model/failure.ts';
import { type Account, type Person, personalKinds } from '../src/model/person.ts';
import type { Change } from '../src/model/plan.ts';
import type { ChangeResult, StepWork } from '../src/model/work.ts';
import { managerOf } from '../src/policy/who.ts';
import type { ConnectedTarget } from '../src/targets/connect.ts';
import type { AccountAttributes, AccountSeen, AccountsAbility, CallContext, Outcome } from '../src/targets/target.ts';
import { type AllowedCall, callContext } from './call-context.ts';
import type { Dependencies } from './dependencies.ts';
import { resultOfFailure } from './failures.ts';
import { handOverCredential } from './first-credential.ts';
import { asFoundFirst } from './kept-before.ts';
import { keysOf, personOf } from './keys.ts';
import { recordOf } from './see-access.ts';
import { targetOf } from './target-of.ts';

/** Makes the changes of one step at one target, one after the other, and reads the result back: done means that the target says so. */
export async function applyChanges(dependencies: Dependencies, work: StepWork): Promise<ChangeResult> {
  const allowed: AllowedCall[] = [];
  try {
    const connected = targetOf(dependencies, work.step.target);
    const person = await personOf(dependencies.store, work.person);
    const context = callContext(dependencies, { ...work, change: work.step }, allowed);
    return await new Applying(dependencies, connected, person, work, context, allowed).run();
  } catch (error) {
    return resultOfFailure(error, dependencies.timing.retryMaximumMs);
  }
}

/** One step of one person at one target. Every part may have been done before, by a try whose answer was lost. */
class Applying {
  readonly #outcomes: Record<string, Outcome> = {};
  readonly #dependencies: Dependencies;
  readonly #connected: ConnectedTarget;
  readonly #person: Person;
  readonly #work: StepWork;
  readonly #context: CallContext;
  readonly #allowed: AllowedCall[];
  readonly #accounts: AccountsAbility;
  #made: string | undefined;

  constructor(
    dependencies: Dependencies,
    connected: ConnectedTarget,
    person: Person,
    work: StepWork,
    context: CallContext,
    allowed: AllowedCall[],
  ) {
    const { accounts } = connected.target;
    if (accounts === undefined) throw new Failure('misconfigured', `${connected.title} has no accounts`);
    this.#dependencies = dependencies;
    this.#connected = connected;
    this.#person = person;
    this.#work = work;
    this.#context = context;
    this.#allowed = allowed;
    this.#accounts = accounts;
  }

  async run(): Promise<ChangeResult> {
    const { changes } = this.#work.step;
    const found = await this.#accounts.find(keysOf(this.#person, this.#connected.name), this.#context);
    const seen = await this.#keepBefore(found);
    const own = seen.filter((each) => each.kind === 'primary' && each.status !== 'absent');
    if (own.length > 1 && changes.some(({ action }) => action === 'grant' || action === 'create')) {
      throw new Failure(
        'ambiguous',
        `${this.#connected.title} has ${own.length} everyday accounts of ${this.#person.id}: ${own.map(({ id }) => id).join(', ')}`,
        { advice: 'Decide which is theirs, and close or relabel the other.' },
      );
    }
    let account = own.find(({ status }) => status === 'enabled') ?? own[0];
    for (const change of changes) account = await this.#make(change, account, seen);
    return this.#confirmed(await this.#readBack(account, seen));
  }

  async #make(change: Change, account: AccountSeen | undefined, seen: AccountSeen[]): Promise<AccountSeen | undefined> {
    switch (change.action) {
      case 'create':
        return this.#create(change, account);
      case 'remove':
        // Shared and service accounts outlive whoever owns them.
        this.#outcomes[change.id] = 'already';
        for (const each of seen.filter((one) => personalKinds.has(one.kind) && one.status !== 'absent'))
          await this.#remove(change, each);
        return undefined;
      case 'disable':
        await this.#disable(change, seen);
        return account === undefined || change.accounts === 'admin' ? account : { ...account, status: 'disabled' };
      case 'revoke':
        if (account !== undefined) await this.#entitlement(change, account);
        else this.#outcomes[change.id] = 'already';
        return account;
      default:
        if (account === undefined) {
          throw new Failure('not-found', `${this.#connected.title} has no account of ${this.#person.id}`, {
            advice: 'Was it deleted there? Plan anew by "retry", or send the event again.',
          });
        }
        return change.action === 'enable' ? this.#enable(change, account, seen) : this.#change(change, account);
    }
  }

  /** Opens their everyday account, and others that were closed with it and open before. */
  async #enable(change: Change, account: AccountSeen, seen: AccountSeen[]): Promise<AccountSeen> {
    this.#outcomes[change.id] = await this.#accounts.enable(await this.#asBefore(account), this.#context);
    const others = seen.filter((each) => each !== account && each.status === 'disabled' && this.#isOurs(each));
    for (const other of others.filter(({ kind }) => kind === 'admin' || kind === 'test')) {
      if (await this.#wasOpen(other)) await this.#accounts.enable(await this.#asBefore(other), this.#context);
    }
    return { ...account, status: 'enabled' };
  }

  async #change(change: Change, account: AccountSeen): Promise<AccountSeen> {
    const { mailbox } = this.#connected.target;
    if (change.action === 'grant') await this.#entitlement(change, account);
    else if (change.action === 'update') await this.#update(change, account);
    else if (change.action === 'credential') {
      await handOverCredential(this.#dependencies, this.#connected, this.#person, account, this.#work, this.#context);
      this.#outcomes[change.id] = 'changed';
    } else if (change.action === 'handOver' && mailbox !== undefined) {
      const manager = await this.#dependencies.store.read((reader) =>
        managerOf(this.#person, finder(reader), this.#work.now),
      );
      const email = manager?.attributes.email;
      if (email === undefined) {
        throw new Failure('refused', `${this.#person.id} has no manager with an address to hand the mailbox to`, {
          advice: 'Give the mailbox to somebody by hand, then resolve this with "done".',
        });
      }
      this.#outcomes[change.id] = await mailbox.handOver(account, { email }, this.#context);
    } else {
      throw new Failure('misconfigured', `${this.#connected.title} cannot do this: ${change.summary}`);
    }
    return account;
  }

  async #create(change: Change, existing: AccountSeen | undefined): Promise<AccountSeen> {
    const enabled = change.disabled !== true;
    if (existing !== undefined) {
      // Theirs already, from before or from an answer that was lost.
      this.#outcomes[change.id] = 'already';
      if (enabled && existing.status === 'disabled') {
        this.#outcomes[change.id] = await this.#accounts.enable(existing, this.#context);
        return { ...existing, status: 'enabled' };
      }
      return existing;
    }
    if (this.#accounts.create === undefined) {
      throw new Failure('refused', `${this.#connected.title}: Muster does not make accounts there`, {
        advice: `Make one for ${this.#person.id} by hand; it is found at the next try.`,
      });
    }
    const { attributes, id } = this.#person;
    const { account, outcome } = await this.#accounts.create(
      {
        person: id,
        workerId: this.#workerId(),
        login: typeof attributes['login'] === 'string' ? attributes['login'] : id.toLowerCase(),
        email: attributes.email ?? '',
        firstName: attributes.firstName ?? '',
        lastName: attributes.lastName ?? id,
        enabled,
        attributes: textOf(await this.#attributes()),
        entitlements: this.#work.step.changes.flatMap(({ action, entitlement }) =>
          action === 'grant' && entitlement !== undefined ? [entitlement] : [],
        ),
      },
      this.#context,
    );
    this.#made = account.id;
    this.#outcomes[change.id] = outcome;
    return account;
  }

  #workerId(): string {
    const primary = this.#person.engagements.findLast(({ primary }) => primary) ?? this.#person.engagements[0];
    return primary?.workerId ?? this.#person.id;
  }

  async #entitlement(change: Change, account: AccountSeen): Promise<void> {
    const { entitlements } = this.#connected.target;
    const { entitlement } = change;
    if (entitlements === undefined || entitlement === undefined) {
      throw new Failure('misconfigured', `${this.#connected.title} has no entitlements, and policy.yaml names one`);
    }
    const has = account.entitlements.includes(entitlement);
    const done = change.action === 'grant' ? has : !has;
    this.#outcomes[change.id] = done
      ? 'already'
      : await entitlements[change.action === 'grant' ? 'grant' : 'revoke'](account, entitlement, this.#context);
  }

  async #update(change: Change, account: AccountSeen): Promise<void> {
    this.#outcomes[change.id] =
      (await this.#accounts.update?.(account, await this.#attributes(), this.#context)) ?? 'already';
  }

  async #attributes(): Promise<AccountAttributes> {
    const owned = new Set(this.#connected.entry.managedBy?.attributes);
    const all = await this.#allAttributes();
    // What another system keeps there is not ours to write.
    return Object.fromEntries(Object.entries(all).filter(([name]) => !owned.has(name)));
  }

  async #allAttributes(): Promise<AccountAttributes> {
    const { firstName, lastName, department, jobTitle, location, managerId, email } = this.#person.attributes;
    const start = this.#person.pending.find(({ kind }) => kind === 'start')?.date;
    const startDate = start ?? this.#person.engagements.findLast(({ primary }) => primary)?.startDate;
    const manager = managerId === undefined || managerId === '' ? undefined : await this.#byWorkerId(managerId);
    return {
      ...(firstName === undefined || firstName === '' ? {} : { firstName }),
      ...(lastName === undefined || lastName === '' ? {} : { lastName }),
      ...(department === undefined ? {} : { department: department || null }),
      ...(jobTitle === undefined ? {} : { jobTitle: jobTitle || null }),
      ...(location === undefined ? {} : { location: location || null }),
      ...(managerId === undefined ? {} : { managerId: managerId || null }),
      ...(manager?.attributes.email === undefined ? {} : { managerEmail: manager.attributes.email }),
      ...(startDate === undefined ? {} : { startDate }),
      ...(email === undefined || email === '' ? {} : { email }),
    };
  }

  async #byWorkerId(workerId: string): Promise<Person | undefined> {
    const [person] = await this.#dependencies.store.read((reader) => reader.personByAlias(workerId));
    return person;
  }

  async #disable(change: Change, seen: AccountSeen[]): Promise<void> {
    const open = seen.filter((each) => this.#closes(change, each));
    this.#outcomes[change.id] = 'already';
    for (const account of open.filter(({ status }) => status === 'enabled')) {
      if ((await this.#accounts.disable(account, this.#context)) === 'changed') this.#outcomes[change.id] = 'changed';
    }
    const { sessions } = this.#connected.target;
    if (sessions === undefined) return;
    for (const account of open) {
      for (const session of await sessions.list(account, this.#context))
        await sessions.end(account, session, this.#context);
    }
  }

  async #remove(change: Change, account: AccountSeen): Promise<void> {
    const { remove } = this.#accounts;
    // Where a target deletes nothing, a closed account is all there can be.
    const outcome =
      remove === undefined
        ? await this.#accounts.disable(account, this.#context)
        : await remove(account, this.#context);
    if (outcome === 'changed') this.#outcomes[change.id] = 'changed';
  }

  #closes({ action, accounts }: Change, account: AccountSeen): boolean {
    if (action !== 'disable' || !this.#isOurs(account) || !personalKinds.has(account.kind)) return false;
    return accounts === undefined || account.kind === accounts;
  }

  /** What another system provisions is never written. */
  #isOurs({ id }: AccountSeen): boolean {
    const known = this.#person.accounts.find((each) => each.target === this.#connected.name && each.id === id);
    return known?.managedBy === undefined;
  }

  /** The account as it was before Muster closed it, so that it is opened as it was. */
  async #asBefore(account: AccountSeen): Promise<AccountSeen> {
    const ends = this.#person.engagements.flatMap(({ end }) => end?.event ?? []);
    for (const event of [...this.#closedBy(), ...ends.reverse()]) {
      const before = partOf(await this.#stateBefore(event, account), 'before');
      if (typeof before === 'object' && before !== null) return { ...account, before: { ...before } };
    }
    return account;
  }

  /** Was it open when a leave or a risk closed what they have? */
  async #wasOpen(account: AccountSeen): Promise<boolean> {
    for (const event of this.#closedBy()) {
      if (partOf(await this.#stateBefore(event, account), 'status') === 'enabled') return true;
    }
    return false;
  }

  #closedBy(): string[] {
    const closedBy = this.#person.attributes['closedBy'];
    return Array.isArray(closedBy) ? closedBy : [];
  }

  async #stateBefore(event: string, { id }: AccountSeen): Promise<unknown> {
    const states = await this.#dependencies.store.read((reader) => reader.before(event));
    return states.find((each) => each.target === this.#connected.name && each.account === id)?.state;
  }

  async #keepBefore(seen: AccountSeen[]): Promise<AccountSeen[]> {
    const takes = this.#work.step.changes.some(({ action }) => taking.has(action));
    if (!takes || seen.length === 0) return seen;
    const { event, now } = this.#work;
    const target = this.#connected.name;
    await this.#dependencies.store.write({
      before: seen.map((state) => ({ event, target, account: state.id, state, at: now })),
      evidence: [],
    });
    return asFoundFirst(this.#dependencies.store, { event, target }, seen);
  }

  async #readBack(account: AccountSeen | undefined, seen: AccountSeen[]): Promise<Account[]> {
    const ids = new Set([...seen.map(({ id }) => id), ...(account === undefined ? [] : [account.id])]);
    const at = new Date().toISOString();
    const records: Account[] = [];
    for (const id of ids) {
      const now = await this.#accounts.read(id, this.#context);
      const known = now ?? seen.find((each) => each.id === id);
      if (id === account?.id) this.#check(now);
      if (now !== undefined && personalKinds.has(now.kind)) {
        this.#checkRemoved(now);
        this.#checkClosed(now);
      }
      if (known === undefined) continue;
      const record = now ?? { ...known, status: 'absent' as const, entitlements: [] };
      records.push(
        recordOf(this.#person.id, this.#connected.name, record, at, id === this.#made ? 'created' : 'found'),
      );
    }
    return records;
  }

  #check(now: AccountSeen | undefined): void {
    const wrong = this.#work.step.changes.find((change) => !holds(change, now));
    if (wrong === undefined) return;
    throw new Failure(
      'not-confirmed',
      `${this.#connected.title} said yes to "${wrong.summary}", and does not show it (account ${now?.id ?? 'gone'} is ${now?.status ?? 'absent'})`,
    );
  }

  #checkClosed(now: AccountSeen): void {
    const closes = this.#work.step.changes.find((change) => this.#closes(change, now));
    if (closes === undefined || now.status !== 'enabled') return;
    throw new Failure(
      'not-confirmed',
      `${this.#connected.title} said yes to "${closes.summary}", and shows the account ${now.id} enabled`,
    );
  }

  /** What was to be removed is gone, or closed where the target deletes nothing. */
  #checkRemoved(now: AccountSeen): void {
    const removes = this.#work.step.changes.find(({ action }) => action === 'remove');
    const closed = this.#accounts.remove === undefined ? now.status !== 'enabled' : now.status === 'absent';
    if (removes === undefined || closed) return;
    throw new Failure(
      'not-confirmed',
      `${this.#connected.title} said yes to "${removes.summary}", and shows the account ${now.id} ${now.status}`,
    );
  }

  async #confirmed(accounts: Account[]): Promise<ChangeResult> {
    const { event, epoch, step, now, workflowId, person } = this.#work;
    const at = new Date().toISOString();
    const data = {
      changes: step.changes.map(({ id, action }) => ({ id, action, outcome: this.#outcomes[id] ?? 'already' })),
      accounts: accounts.map(({ id, status, entitlements }) => ({ id, status, entitlements: entitlements.length })),
      calls: this.#allowed,
      readBackAt: at,
    };
    // One event may change a target on several days: what a move gives, and what goes when its grace is over.
    const own = `${event}/${epoch}/${step.id}/${now}`;
    const piece = { workflowId, step: own, person, event, target: step.target, at: now };
    await this.#dependencies.store.write({ accounts, evidence: [{ ...piece, kind: 'access-changed', data }] });
    return { status: 'confirmed', at, accounts: [] };
  }
}

const taking: ReadonlySet<Change['action']> = new Set(['revoke', 'disable', 'remove', 'handOver']);

/** Does the target show what the change was to bring about? */
function holds({ action, entitlement, disabled }: Change, now: AccountSeen | undefined): boolean {
  if (action === 'create') return now !== undefined && (disabled === true || now.status === 'enabled');
  if (action === 'enable') return now?.status === 'enabled';
  if (action === 'grant') return now?.entitlements.includes(entitlement ?? '') === true;
  if (action === 'revoke') return now?.entitlements.includes(entitlement ?? '') !== true;
  return true;
}

const partOf = (state: unknown, name: string): unknown =>
  typeof state === 'object' && state !== null ? Reflect.get(state, name) : undefined;

function textOf(attributes: AccountAttributes): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}
