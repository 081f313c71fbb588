import { z } from 'zod';
import { type AttributeChange, changed, operationsOf } from './changes.ts';
import type { ScimConnection } from './connection.ts';
import { parsed, ScimError } from './failure.ts';
import type { Settings } from './settings.ts';

const metaSchema = z.looseObject({ version: z.string().nullish() }).nullish();

const userSchema = z.looseObject({
  id: z.string().min(1),
  userName: z.string().nullish(),
  externalId: z.string().nullish(),
  active: z.union([z.boolean(), z.string()]).nullish(),
  groups: z.array(z.looseObject({ value: z.string(), type: z.string().nullish() })).nullish(),
  meta: metaSchema,
});
/** A user as the server shows it; what else it says is kept, for a PUT. */
export type User = z.infer<typeof userSchema>;

const groupSchema = z.looseObject({
  id: z.string().min(1),
  members: z.array(z.looseObject({ value: z.string() })).nullish(),
  meta: metaSchema,
});
/** A group with its members, where the server shows them. */
export type Group = z.infer<typeof groupSchema>;

const featureSchema = z.looseObject({ supported: z.union([z.boolean(), z.string()]) }).nullish();
const configSchema = z.looseObject({ patch: featureSchema, filter: featureSchema });

/** What the server says of itself. */
export interface ServerConfig {
  /** Whether it says anything. */
  told: boolean;
  patch: boolean;
  filter: boolean;
}

const schemas = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
} as const;

/** The only place that knows SCIM's addresses and bodies. RFC 7644. */
export class ScimClient {
  readonly #scim: ScimConnection;
  readonly #settings: Settings;
  #config: Promise<ServerConfig> | undefined;

  constructor(scim: ScimConnection, settings: Settings) {
    this.#scim = scim;
    this.#settings = settings;
  }

  /** What ServiceProviderConfig says; read once, because it does not change while a server runs. */
  config(signal: AbortSignal): Promise<ServerConfig> {
    this.#config ??= this.#readConfig(signal).catch((error: unknown) => {
      this.#config = undefined;
      throw error;
    });
    return this.#config;
  }

  /** Whether changes go by PATCH; else a whole user or group is put. */
  async patches(signal: AbortSignal): Promise<boolean> {
    const { update } = this.#settings;
    return update === undefined ? (await this.config(signal)).patch : update === 'patch';
  }

  /** Users whose attribute has this value, or all users. */
  users(where: { attribute: 'externalId' | 'userName'; value: string } | undefined, signal: AbortSignal) {
    const query: Record<string, string> =
      where === undefined ? {} : { filter: `${where.attribute} eq ${quoted(where.value)}` };
    return this.#scim.list(userSchema, { path: '/Users', name: 'find users' }, query, signal);
  }

  /** All users, page by page. */
  userPages(signal: AbortSignal): AsyncIterable<User[]> {
    return this.#scim.pages(userSchema, { path: '/Users', name: 'list users' }, {}, signal);
  }

  /** Ids of every user's groups, from a look at all groups. */
  async groupsOfAll(signal: AbortSignal): Promise<Map<string, string[]>> {
    const groups = await this.#scim.list(groupSchema, { path: '/Groups', name: 'list groups' }, {}, signal);
    const groupsOf = new Map<string, string[]>();
    for (const { id, members } of groups) {
      for (const { value } of members ?? []) groupsOf.set(value, [...(groupsOf.get(value) ?? []), id]);
    }
    return groupsOf;
  }

  async countUsers(signal: AbortSignal): Promise<number> {
    const call = { path: '/Users', name: 'list users' };
    return (await this.#scim.page(userSchema, call, { count: '1' }, 1, signal)).total;
  }

  async countGroups(signal: AbortSignal): Promise<number> {
    const call = { path: '/Groups', name: 'list groups' };
    return (await this.#scim.page(groupSchema, call, { count: '1' }, 1, signal)).total;
  }

  /** undefined when there is none. */
  user(id: string, signal: AbortSignal): Promise<User | undefined> {
    return this.#resource(userSchema, `/Users/${encodeURIComponent(id)}`, 'read user', signal);
  }

  group(id: string, signal: AbortSignal): Promise<Group | undefined> {
    return this.#resource(groupSchema, `/Groups/${encodeURIComponent(id)}`, 'read group', signal);
  }

  /** The groups that have this member, by a search or out of all of them. */
  async groupsOf(user: string, how: 'search' | 'walk', signal: AbortSignal): Promise<string[]> {
    const query: Record<string, string> = how === 'search' ? { filter: `members.value eq ${quoted(user)}` } : {};
    const found = await this.#scim.list(groupSchema, { path: '/Groups', name: 'find groups' }, query, signal);
    return found.filter((group) => hasMember(group, user) ?? how === 'search').map((group) => group.id);
  }

  /** The new user's id, where the answer tells it. */
  async createUser(user: Record<string, unknown>, extensions: readonly string[], signal: AbortSignal) {
    const call = { method: 'POST' as const, path: '/Users', name: 'create user' };
    const json = { schemas: [schemas.user, ...extensions], ...user };
    const answer = await this.#scim.call({ ...call, json }, signal);
    return answer.text === '' ? undefined : parsed(userSchema, answer.json(), this.#scim.what(call.name)).id;
  }

  async switchUser(user: User, active: boolean, by: 'patch' | 'put', signal: AbortSignal): Promise<void> {
    const name = active ? 'activate user' : 'deactivate user';
    const value = this.boolean(active);
    if (by === 'patch') return this.#patch('Users', user.id, name, 'replace', { active: value }, signal);
    // What the server alone writes is left out; what it keeps to itself (a password) it keeps.
    const { meta, groups, ...whole } = user;
    await this.#put('Users', { ...whole, active: value }, meta?.version ?? undefined, name, signal);
  }

  /** Changes attributes, all in one call. */
  async updateUser(user: User, changes: readonly AttributeChange[], by: 'patch' | 'put', signal: AbortSignal) {
    const name = 'update user';
    if (by === 'patch') {
      const operations = operationsOf(this.#settings.dialect, user, changes, (verb) => this.#op(verb));
      return this.#sendPatch('Users', user.id, name, operations, signal);
    }
    const { meta, groups, ...rest } = user;
    const whole = { ...changed(rest, changes, schemas.user), id: user.id };
    await this.#put('Users', whole, meta?.version ?? undefined, name, signal);
  }

  /** False when it was gone already. */
  async deleteUser(user: string, signal: AbortSignal): Promise<boolean> {
    const path = `/Users/${encodeURIComponent(user)}`;
    try {
      await this.#scim.call({ method: 'DELETE', path, name: 'delete user' }, signal);
      return true;
    } catch (error) {
      if (error instanceof ScimError && error.code === 'not-found') return false;
      throw error;
    }
  }

  async addMember(group: Group, user: string, by: 'patch' | 'put', signal: AbortSignal): Promise<void> {
    const name = 'add to group';
    const members = [{ value: user }];
    if (by === 'patch') return this.#patch('Groups', group.id, name, 'add', { members }, signal);
    const { meta, ...whole } = group;
    const json = { ...whole, members: [...(group.members ?? []), ...members] };
    await this.#put('Groups', json, meta?.version ?? undefined, name, signal);
  }

  /** False when the group, or the user in it, was gone already. */
  async removeMember(group: Group, user: string, by: 'patch' | 'put', signal: AbortSignal): Promise<boolean> {
    const name = 'remove from group';
    try {
      if (by === 'put') {
        const { meta, ...whole } = group;
        const json = { ...whole, members: (group.members ?? []).filter((member) => member.value !== user) };
        await this.#put('Groups', json, meta?.version ?? undefined, name, signal);
      } else {
        // Never without the filter: a remove of "members" alone takes everybody out.
        const operation = { op: this.#op('remove'), path: `members[value eq ${quoted(user)}]` };
        await this.#sendPatch('Groups', group.id, name, [operation], signal);
      }
      return true;
    } catch (error) {
      if (error instanceof ScimError && error.code === 'not-found') return false;
      throw error;
    }
  }

  /** As the server writes one. */
  boolean(value: boolean): boolean | string {
    if (this.#settings.dialect.booleans === 'native') return value;
    return value ? 'True' : 'False';
  }

  #op(verb: 'add' | 'remove' | 'replace'): string {
    return this.#settings.dialect.operations === 'lower' ? verb : `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;
  }

  #patch(
    resources: 'Users' | 'Groups',
    id: string,
    name: string,
    verb: 'add' | 'replace',
    change: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const op = this.#op(verb);
    const [attribute = '', value] = Object.entries(change)[0] ?? [];
    const pathless = this.#settings.dialect.patch === 'pathless';
    return this.#sendPatch(
      resources,
      id,
      name,
      [pathless ? { op, value: change } : { op, path: attribute, value }],
      signal,
    );
  }

  async #sendPatch(
    resources: 'Users' | 'Groups',
    id: string,
    name: string,
    operations: Record<string, unknown>[],
    signal: AbortSignal,
  ): Promise<void> {
    const path = `/${resources}/${encodeURIComponent(id)}`;
    const json = { schemas: [schemas.patch], Operations: operations };
    await this.#scim.call({ method: 'PATCH', path, name, json }, signal);
  }

  async #put(
    resources: 'Users' | 'Groups',
    json: Record<string, unknown> & { id: string },
    version: string | undefined,
    name: string,
    signal: AbortSignal,
  ): Promise<void> {
    const path = `/${resources}/${encodeURIComponent(json.id)}`;
    await this.#scim.call({ method: 'PUT', path, name, json, ifMatch: version }, signal);
  }

  async #resource<T>(schema: z.ZodType<T>, path: string, name: string, signal: AbortSignal): Promise<T | undefined> {
    try {
      return parsed(schema, (await this.#scim.call({ path, name }, signal)).json(), this.#scim.what(name));
    } catch (error) {
      if (error instanceof ScimError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async #readConfig(signal: AbortSignal): Promise<ServerConfig> {
    const said = await this.#resource(configSchema, '/ServiceProviderConfig', 'read what it supports', signal);
    return {
      told: said !== undefined,
      patch: said?.patch ? isTrue(said.patch.supported) : true,
      filter: said?.filter ? isTrue(said.filter.supported) : true,
    };
  }
}

/** Booleans come as words at some servers. */
export const isTrue = (value: boolean | string): boolean => String(value).toLowerCase() === 'true';

/** Whether the group has the member; undefined where it does not show its members. */
export const hasMember = (group: Group, user: string): boolean | undefined =>
  group.members?.some((member) => member.value === user);

/** A value in a filter is a JSON string. RFC 7644 3.4.2.2. */
const quoted = (value: string): string => JSON.stringify(value);
