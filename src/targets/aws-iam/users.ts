import { Failure } from '../../model/failure.ts';
import { type AccountKind, accountKinds } from '../../model/person.ts';
import type { PersonKeys } from '../target.ts';
import type { IamClient, IamUser } from './client.ts';
import { kindOfName, type Settings } from './settings.ts';
import { UserList } from './user-list.ts';

/** What `find` came to: the person's users, and the known ids that the account has no longer. */
export interface Found {
  users: IamUser[];
  absent: string[];
}

/**
 * Whose an IAM user is, and where it is now. A user is known by its UserId (`AIDA…`), which is never given twice;
 * its name can be changed, and can be given to another one once it is deleted.
 */
export class Users {
  readonly #client: IamClient;
  readonly #settings: Settings;
  readonly #list: UserList;

  constructor(client: IamClient, settings: Settings, clock: () => number) {
    this.#client = client;
    this.#settings = settings;
    this.#list = new UserList(client, settings.userListMaxAge * 1000, clock);
  }

  /**
   * Every user of the person: those with a name by convention and the ones the directory knows, live, and those whose
   * tag says so, from the list of all. Finding none at all in a list that is not fresh reads it again.
   */
  async find(keys: PersonKeys, signal: AbortSignal): Promise<Found> {
    const found = new Map<string, IamUser>();
    const absent: string[] = [];
    const [list] = await Promise.all([
      this.#list.get(signal),
      ...this.#namesOf(keys).map(async (name) => {
        const user = await this.#client.user(name, signal);
        if (user !== undefined && this.#isTheirs(user, keys)) found.set(user.userId, user);
      }),
      ...keys.knownAccounts.map(async (id) => {
        const user = await this.locate(id, signal);
        if (user === undefined) absent.push(id);
        else found.set(id, this.#refuseTwoOwners(user, keys));
      }),
    ]);
    for (const user of await this.#inList(list, keys, found, signal)) found.set(user.userId, user);
    return { users: [...found.values()], absent };
  }

  /** The user with this id, live. The name it had when last seen saves a look at the list. */
  async locate(id: string, signal: AbortSignal, nameSeen?: string): Promise<IamUser | undefined> {
    const listed = nameSeen ?? nameIn((await this.#list.get(signal)).users, id);
    const user = listed === undefined ? undefined : await this.#client.user(listed, signal);
    if (user?.userId === id) return user;
    const name = nameIn(await this.#list.refresh(signal), id);
    const renamed = name === undefined ? undefined : await this.#client.user(name, signal);
    return renamed?.userId === id ? renamed : undefined;
  }

  /** The worker id that a user's tag names; undefined where it has no such tag. */
  workerOf(user: IamUser): string | undefined {
    const value = user.tags.get(this.#settings.employeeTag)?.trim();
    return value === '' ? undefined : value;
  }

  kindOf(user: IamUser): AccountKind {
    const tagged = user.tags.get(this.#settings.kindTag);
    return accountKinds.find((kind) => kind === tagged) ?? kindOfName(this.#settings, user.userName);
  }

  /** Makes the next look at all users a fresh one. */
  forgetList(): void {
    this.#list.forget();
  }

  /** Those of the list that are the person's and not found yet, live. */
  async #inList(
    list: { users: IamUser[]; fresh: boolean },
    keys: PersonKeys,
    found: ReadonlyMap<string, IamUser>,
    signal: AbortSignal,
  ): Promise<IamUser[]> {
    const names = new Set(this.#namesOf(keys).map((name) => name.toLowerCase()));
    const theirs = (user: IamUser) =>
      !found.has(user.userId) &&
      (this.workerOf(user) === undefined ? names.has(user.userName.toLowerCase()) : this.#isTheirs(user, keys));
    const listed = list.users.filter(theirs);
    if (list.fresh) return listed;
    if (listed.length === 0 && found.size === 0) return (await this.#list.refresh(signal)).filter(theirs);
    const live = await Promise.all(listed.map((user) => this.locate(user.userId, signal, user.userName)));
    return live.filter((user) => user !== undefined);
  }

  /** The user names by convention. No e-mail address, no names. */
  #namesOf(keys: PersonKeys): string[] {
    const login = /^[\w+=,.-]+(?=@)/.exec(keys.email ?? '')?.[0];
    if (login === undefined) return [];
    return [...new Set(this.#settings.userNames.map(({ pattern }) => pattern.replace('{login}', login)))];
  }

  /** A tag decides; a user without one is believed to be whose name it bears. */
  #isTheirs(user: IamUser, keys: PersonKeys): boolean {
    const worker = this.workerOf(user)?.toLowerCase();
    return worker === undefined || keys.workerIds.some((id) => id.toLowerCase() === worker);
  }

  #refuseTwoOwners(user: IamUser, keys: PersonKeys): IamUser {
    if (this.#isTheirs(user, keys)) return user;
    throw new Failure(
      'ambiguous',
      `AWS IAM: the directory says that user ${user.userId} belongs to ${keys.person}, its tag ${this.#settings.employeeTag} names another worker`,
      { advice: 'Correct the tag in AWS, or the owner of the account in the directory.' },
    );
  }
}

function nameIn(users: IamUser[], id: string): string | undefined {
  return users.find((user) => user.userId === id)?.userName;
}
