import { Failure } from '../../model/failure.ts';
import type { AccountSeen, AccountsAbility, CallContext, ListedAccount, NewAccount, Outcome } from '../target.ts';
import type { IamClient, IamUser } from './client.ts';
import { allow, deny, isDenied } from './deny.ts';
import { entitlementsOf } from './entitlements.ts';
import { saysNoSuchEntity } from './failure.ts';
import { type Credential, type Held, heldSchema, isClosed, type WayName, wayNames } from './held.ts';
import { listUsers } from './list.ts';
import { makeUser } from './new-user.ts';
import { strip } from './remove.ts';
import type { Settings } from './settings.ts';
import { Steps } from './steps.ts';
import { closedAtTag, tag, untag } from './tags.ts';
import type { Users } from './users.ts';
import { deleteVirtualMfaDevice, virtualDevicesLeft, waysIn } from './ways-in.ts';

/** IAM users, found, read, closed and opened. */
export class IamAccounts implements AccountsAbility {
  readonly #client: IamClient;
  readonly #users: Users;
  readonly #settings: Settings;
  readonly #ways: readonly WayName[];

  constructor(client: IamClient, users: Users, settings: Settings) {
    this.#client = client;
    this.#users = users;
    this.#settings = settings;
    this.#ways = wayNames.filter((name) => name !== 'serviceCredentials' || settings.serviceSpecificCredentials);
  }

  async find(keys: Parameters<AccountsAbility['find']>[0], context: CallContext): Promise<AccountSeen[]> {
    const { users, absent } = await this.#users.find(keys, context.signal);
    const seen = await Promise.all(users.map((user) => this.#see(user, context.signal)));
    return [...seen.sort((left, right) => left.name.localeCompare(right.name)), ...absent.map(gone)];
  }

  async read(id: string, context: CallContext): Promise<AccountSeen | undefined> {
    const user = await this.#users.locate(id, context.signal);
    return user === undefined ? undefined : this.#see(user, context.signal);
  }

  /** Denies everything first, then closes each way in. What one step is refused, the others do all the same. */
  async disable(account: AccountSeen, context: CallContext): Promise<Outcome> {
    const user = await this.#users.locate(account.id, context.signal, account.name);
    if (user === undefined) return 'already';
    const { userName } = user;
    const steps = new Steps();
    const [own, denied] = await Promise.all([
      steps.attempt(() => this.#isOwn(user, context.signal)),
      steps.attempt(() => isDenied(this.#client, userName, context.signal)),
    ]);
    if (own === true) throw ownUser(user);
    if (denied !== true) await steps.take(() => deny(this.#client, userName, context));
    const lists = await Promise.all(
      this.#ways.map(async (name) => ({
        way: waysIn[name],
        held: (await steps.attempt(() => waysIn[name].list(this.#client, userName, context.signal))) ?? [],
      })),
    );
    // One after the other: IAM answers ConcurrentModification to changes of one user made side by side.
    for (const { way, held } of lists) {
      for (const { id } of held.filter(({ active }) => active)) {
        await steps.take(() => way.close(this.#client, userName, id, context));
      }
    }
    await this.#deleteDevicesLeft(
      account,
      lists.flatMap(({ held }) => held),
      steps,
      context,
    );
    await steps.take(() => tag(this.#client, user, closedAtTag, context.now, context));
    return steps.outcome();
  }

  /** Gives back what `before` says was open, and takes the deny-all policy away last. A failure on the way leaves it in place. */
  async enable(account: AccountSeen, context: CallContext): Promise<Outcome> {
    const user = await this.#users.locate(account.id, context.signal, account.name);
    if (user === undefined) throw new Failure('not-found', `AWS IAM has no user ${account.id} any more`);
    const before = recordOf(account);
    const now = await this.#held(user.userName, context.signal);
    let outcome: Outcome = 'already';
    const take = async (step: Promise<Outcome>) => {
      if ((await step) === 'changed') outcome = 'changed';
    };
    for (const name of [...this.#ways].reverse()) {
      for (const id of toReopen(name, before, now)) {
        const reopen = waysIn[name].reopen;
        if (reopen !== undefined) await take(reopen(this.#client, user.userName, id, context));
      }
    }
    await take(untag(this.#client, user, closedAtTag, context));
    await take(allow(this.#client, user.userName, context));
    return outcome;
  }

  async create(account: NewAccount, context: CallContext): Promise<{ account: AccountSeen; outcome: Outcome }> {
    const made = await makeUser(this.#client, this.#users, this.#settings, account, context);
    return { account: await this.#see(made.user, context.signal), outcome: made.outcome };
  }

  list({ signal }: CallContext): AsyncIterable<ListedAccount[]> {
    return listUsers(this.#client, this.#users, this.#settings, (name, at) => this.#held(name, at), signal);
  }

  /** IAM deletes a user who has nothing left. What one step is refused keeps the user from being deleted, and no other step. */
  async remove(account: AccountSeen, context: CallContext): Promise<Outcome> {
    const user = await this.#users.locate(account.id, context.signal, account.name);
    const steps = new Steps();
    if (user !== undefined) {
      if (await this.#isOwn(user, context.signal)) throw ownUser(user);
      await strip(this.#client, user, this.#ways, steps, context);
    }
    await this.#deleteDevicesLeft(account, [], steps, context);
    if (user === undefined) return steps.outcome();
    steps.outcome();
    const deleted = await this.#client.changeIfThere('DeleteUser', context, (iam, options) =>
      iam.deleteUser({ UserName: user.userName }, options),
    );
    this.#users.forgetList();
    return deleted;
  }

  async #see(user: IamUser, signal: AbortSignal): Promise<AccountSeen> {
    const [held, entitlements] = await Promise.all([
      this.#held(user.userName, signal),
      entitlementsOf(this.#client, user.userName, signal),
    ]).catch((error: unknown) => {
      if (!saysNoSuchEntity(error)) throw error;
      throw new Failure('conflict', `AWS IAM: user ${user.userId} went away while it was read`, { cause: error });
    });
    return {
      id: user.userId,
      name: user.userName,
      kind: this.#users.kindOf(user),
      status: isClosed(held) ? 'disabled' : 'enabled',
      entitlements,
      before: held,
    };
  }

  async #held(userName: string, signal: AbortSignal): Promise<Held> {
    const [denied, ...lists] = await Promise.all([
      isDenied(this.#client, userName, signal),
      ...this.#ways.map((name) => waysIn[name].list(this.#client, userName, signal)),
    ]);
    return heldSchema.parse({ denied, ...Object.fromEntries(this.#ways.map((name, at) => [name, lists[at]])) });
  }

  async #isOwn(user: IamUser, signal: AbortSignal): Promise<boolean> {
    const [own, keys] = await Promise.all([
      this.#client.ownAccessKeyId(signal),
      waysIn.accessKeys.list(this.#client, user.userName, signal),
    ]);
    return keys.some(({ id }) => id === own);
  }

  /** The virtual devices of an earlier try that was cut off between deactivating and deleting. */
  async #deleteDevicesLeft(
    account: AccountSeen,
    held: Credential[],
    steps: Steps,
    context: CallContext,
  ): Promise<void> {
    const before = heldSchema.safeParse(account.before).data?.mfaDevices ?? [];
    const earlier = before.filter(({ id }) => !held.some((one) => one.id === id));
    const left = await steps.attempt(() => virtualDevicesLeft(this.#client, earlier, context.signal));
    for (const id of left ?? []) await steps.take(() => deleteVirtualMfaDevice(this.#client, id, context));
  }
}

/** What was open before and is not now. A key that was deleted meanwhile is gone; a password can be made anew. */
function toReopen(name: WayName, before: Held, now: Held): string[] {
  const active = new Set(now[name].filter((one) => one.active).map(({ id }) => id));
  const there = new Set(now[name].map(({ id }) => id));
  return before[name]
    .filter((one) => one.active && !active.has(one.id) && (name === 'loginProfile' || there.has(one.id)))
    .map(({ id }) => id);
}

function recordOf(account: AccountSeen): Held {
  const record = heldSchema.safeParse(account.before);
  if (record.success) return record.data;
  throw new Failure('protocol', `the record of what user ${account.id} held before cannot be read`, {
    cause: record.error,
  });
}

function gone(id: string): AccountSeen {
  return { id, name: id, kind: 'primary', status: 'absent', entitlements: [], before: {} };
}

/** Muster would lock itself out, and could close nobody any more. */
function ownUser(user: IamUser): Failure {
  return new Failure('refused', `AWS IAM: user ${user.userId} holds the access key that Muster itself works with`, {
    advice: 'Give Muster a user or role of its own, then try again.',
  });
}
