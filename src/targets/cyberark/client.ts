import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { type HttpAnswer, type HttpCall, HttpClient } from '../http-client.ts';
import type { TargetDependencies } from '../target.ts';
import { type IssuedToken, TokenCache } from '../token-cache.ts';
import { bodyOf, errorCode, failureOf, saysNotFound } from './failure.ts';
import type { Settings } from './settings.ts';
import {
  type LiveSession,
  memberSchema,
  pageSchema,
  platformTokenSchema,
  type SafeMember,
  safeSchema,
  sessionsSchema,
  type User,
  userSchema,
  usersSchema,
} from './wire.ts';

/** Every status is told in our own words, because paths and messages hold user names. */
const anyStatus = Array.from({ length: 300 }, (_, index) => 300 + index);

/** Items asked for at once; a PVWA may give fewer (`MaxRecords`), and 25 when nothing is asked. */
const pageSize = 100;

const rights = {
  users: 'Give Muster\'s user the vault authorizations "Audit users" and "Add/Update users".',
  sessions:
    'Put Muster\'s user under "Terminating Live Sessions Users and Groups", and set AllowPSMNotifications to Yes.',
  safes: 'Make Muster\'s user a member of the safe with "View Safe members" and "Manage Safe members".',
} as const;

const logOn = 'log on';

type VaultLogin = Extract<Settings['login'], { type: 'vault' }>;
type PlatformLogin = Extract<Settings['login'], { type: 'platform' }>;
type Secret = TargetDependencies['secret'];

interface Call {
  /** For messages; without anybody's name. */
  name: string;
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments below `/API`, as they are; encoded here. */
  path: readonly string[];
  query?: Record<string, string>;
  json?: unknown;
  right: keyof typeof rights;
  /** True: CyberArk's own 404 is an answer. */
  mayBeAbsent?: boolean;
  /** Other statuses that the caller deals with. */
  expect?: readonly number[];
}

/** A PVWA's REST API (self-hosted 12.6 and newer, Privilege Cloud), the only place that knows its URLs. */
export class CyberArkClient {
  readonly #http: HttpClient;
  /** Where the token comes from: the PVWA itself, or the identity tenant. */
  readonly #issuer: HttpClient;
  readonly #tokens: TokenCache;

  constructor(settings: Settings, dependencies: TargetDependencies) {
    const { baseUrl, timeoutMs, login, ca } = settings;
    const { secret, clock } = dependencies;
    const shared = { title: 'CyberArk', timeoutMs };
    this.#http = new HttpClient({ ...shared, baseUrl, ...(ca === undefined ? {} : { ca }) });
    this.#issuer = login.type === 'vault' ? this.#http : new HttpClient({ ...shared, baseUrl: login.identityUrl });
    this.#tokens = new TokenCache(
      (signal) =>
        login.type === 'vault' ? this.#vaultToken(login, secret, signal) : this.#platformToken(login, secret, signal),
      clock,
    );
  }

  /** Users whose name, first name or last name contains the text. */
  searchUsers(text: string, signal: AbortSignal): Promise<User[]> {
    return this.#users('search users', { search: text }, signal);
  }

  /** All users at our user's place in the vault or below; the API gives them at once. */
  users(signal: AbortSignal): Promise<User[]> {
    return this.#users('list users', {}, signal);
  }

  async #users(name: string, query: Record<string, string>, signal: AbortSignal): Promise<User[]> {
    const answer = await this.#call({ name, path: ['Users'], query, right: 'users' }, signal);
    const { Users, Total } = bodyOf(name, answer, usersSchema);
    if (Users.length < Total) {
      throw new Failure('protocol', `CyberArk: ${name} gave ${Users.length} of ${Total}, and has no further page`);
    }
    return Users;
  }

  /** One user in full; undefined when there is none. */
  async user(id: string, signal: AbortSignal): Promise<User | undefined> {
    const name = `read user ${id}`;
    const answer = await this.#call({ name, path: ['Users', id], right: 'users', mayBeAbsent: true }, signal);
    return answer.status === 404 ? undefined : bodyOf(name, answer, userSchema);
  }

  /** Enables or disables. False where the version (before 12.6) has no such call. */
  async switchUser(id: string, verb: 'enable' | 'disable', signal: AbortSignal): Promise<boolean> {
    const call = { name: `${verb} user ${id}`, method: 'POST', path: ['Users', id, verb], right: 'users' } as const;
    const answer = await this.#call({ ...call, expect: [404, 405] }, signal);
    return answer.status !== 404 && answer.status !== 405;
  }

  /** Writes a whole user, as `read user` gave it: what is left out is lost. */
  async replaceUser(user: User, signal: AbortSignal): Promise<void> {
    const { id, ...rest } = user;
    const readOnly = ['source', 'componentUser', 'groupsMembership', 'lastSuccessfulLoginDate', 'authenticationMethod'];
    const json = Object.fromEntries(Object.entries(rest).filter(([field]) => !readOnly.includes(field)));
    const path = ['Users', String(id)];
    await this.#call({ name: `update user ${id}`, method: 'PUT', path, json, right: 'users' }, signal);
  }

  /** False when it was gone already. */
  async deleteUser(id: string, signal: AbortSignal): Promise<boolean> {
    const call = { name: `delete user ${id}`, method: 'DELETE', path: ['Users', id], right: 'users' } as const;
    return (await this.#call({ ...call, mayBeAbsent: true }, signal)).status !== 404;
  }

  /** Live sessions in which the text occurs anywhere (all of them without one), from every page. */
  async liveSessions(text: string | undefined, signal: AbortSignal): Promise<LiveSession[]> {
    const name = 'list live sessions';
    const sessions: LiveSession[] = [];
    for (;;) {
      const page = { Limit: String(pageSize), OffSet: String(sessions.length) };
      const query = text === undefined ? page : { ...page, Search: text };
      const answer = await this.#call({ name, path: ['LiveSessions'], query, right: 'sessions' }, signal);
      const body = bodyOf(name, answer, sessionsSchema);
      sessions.push(...body.LiveSessions);
      if (sessions.length >= body.Total || body.LiveSessions.length === 0) return sessions;
    }
  }

  /** How many sessions are live now, whoever's. */
  async countLiveSessions(signal: AbortSignal): Promise<number> {
    const name = 'count live sessions';
    const answer = await this.#call({ name, path: ['LiveSessions'], query: { Limit: '1' }, right: 'sessions' }, signal);
    return bodyOf(name, answer, sessionsSchema).Total;
  }

  /** False when the session is over already. */
  async terminateSession(guid: string, signal: AbortSignal): Promise<boolean> {
    const path = ['LiveSessions', guid, 'Terminate'];
    const name = `terminate session ${guid}`;
    const answer = await this.#call({ name, method: 'POST', path, right: 'sessions', mayBeAbsent: true }, signal);
    return answer.status !== 404;
  }

  /** The ids of all safes that our user sees. */
  async safes(signal: AbortSignal): Promise<string[]> {
    const safes = await this.#list({ name: 'list safes', path: ['Safes'], right: 'safes' }, safeSchema, signal);
    return (safes ?? []).map((safe) => safe.safeUrlId);
  }

  /** A safe's members; undefined when it is gone. */
  safeMembers(safe: string, signal: AbortSignal): Promise<SafeMember[] | undefined> {
    const path = ['Safes', safe, 'Members'];
    return this.#list(
      { name: `list members of ${safe}`, path, right: 'safes', mayBeAbsent: true },
      memberSchema,
      signal,
    );
  }

  /** One member of a safe; undefined when there is none, or no safe. */
  async safeMember(safe: string, member: string, signal: AbortSignal): Promise<SafeMember | undefined> {
    const name = `read a member of ${safe}`;
    const path = ['Safes', safe, 'Members', member];
    const answer = await this.#call({ name, path, right: 'safes', mayBeAbsent: true }, signal);
    return answer.status === 404 ? undefined : bodyOf(name, answer, memberSchema);
  }

  /** False when it is a member already. */
  async addSafeMember(safe: string, member: object, signal: AbortSignal): Promise<boolean> {
    const call = { name: `add a member to ${safe}`, method: 'POST', path: ['Safes', safe, 'Members'] } as const;
    const answer = await this.#call({ ...call, json: member, right: 'safes', expect: [409] }, signal);
    return answer.status !== 409;
  }

  /** False when it is no member already. */
  async removeSafeMember(safe: string, member: string, signal: AbortSignal): Promise<boolean> {
    const call = { name: `remove a member of ${safe}`, method: 'DELETE', right: 'safes', mayBeAbsent: true } as const;
    const answer = await this.#call({ ...call, path: ['Safes', safe, 'Members', member] }, signal);
    return answer.status !== 404;
  }

  async close(): Promise<void> {
    await this.#http.close();
    if (this.#issuer !== this.#http) await this.#issuer.close();
  }

  /** All pages of a list of safes or members. */
  async #list<T extends z.ZodType>(call: Call, item: T, signal: AbortSignal): Promise<z.infer<T>[] | undefined> {
    const schema = pageSchema(item);
    const items: z.infer<T>[] = [];
    for (;;) {
      const query = { limit: String(pageSize), offset: String(items.length) };
      const answer = await this.#call({ ...call, query }, signal);
      if (answer.status === 404) return undefined;
      const page = bodyOf(call.name, answer, schema);
      items.push(...page.value);
      const more = typeof page.nextLink === 'string' || items.length < page.count;
      if (!more || page.value.length === 0) return items;
    }
  }

  async #call(call: Call, signal: AbortSignal): Promise<HttpAnswer> {
    const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query)}`;
    const path = `/API/${call.path.map(segment).join('/')}`;
    return this.#tokens.use(signal, async (authorization) => {
      const answer = await this.#http.call({
        name: call.name,
        method: call.method ?? 'GET',
        // A path that holds a dot must end with a slash; none is harmed by one.
        // https://docs.cyberark.com/PrivCloud/Latest/en/Content/SDK/get-users-api.htm
        path: `${path}/${query}`,
        headers: { authorization },
        ...(call.json === undefined ? {} : { json: call.json }),
        signal,
        expect: anyStatus,
      });
      if (answer.status < 300 || call.expect?.includes(answer.status)) return answer;
      if (call.mayBeAbsent === true && saysNotFound(answer)) return answer;
      throw failureOf(call.name, answer, rights[call.right]);
    });
  }

  /** Self-hosted: a JSON string, sent back as it is. It ends by lying idle some 20 minutes, which a 401 tells. */
  async #vaultToken(login: VaultLogin, secret: Secret, signal: AbortSignal): Promise<IssuedToken> {
    const { method, username } = login;
    const json = { username, password: await secret(login.password), concurrentSession: true };
    const answer = await this.#logOn({ path: `/API/auth/${method}/Logon/`, json }, signal);
    return { value: bodyOf(logOn, answer, z.string()), expiresInMs: Number.POSITIVE_INFINITY };
  }

  /** Privilege Cloud: a bearer token of the identity tenant. */
  async #platformToken(login: PlatformLogin, secret: Secret, signal: AbortSignal): Promise<IssuedToken> {
    const client_secret = await secret(login.clientSecret);
    const form = { grant_type: 'client_credentials', client_id: login.clientId, client_secret };
    const answer = await this.#logOn({ path: '/oauth2/platformtoken', form }, signal);
    const token = bodyOf(logOn, answer, platformTokenSchema);
    return { value: `Bearer ${token.access_token}`, expiresInMs: token.expires_in * 1000 };
  }

  async #logOn(call: Pick<HttpCall, 'path' | 'json' | 'form'>, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#issuer.call({ ...call, name: logOn, method: 'POST', signal, expect: anyStatus });
    if (answer.status < 300) return answer;
    const failure = failureOf(logOn, answer);
    // A vault says 403 and a code of its own to a wrong password, a suspended or a disabled user; a tenant 400 or 401.
    const refused = answer.status === 403 ? errorCode(answer)?.startsWith('ITATS') === true : answer.status === 400;
    if (!refused && failure.code !== 'credentials') throw failure;
    throw new Failure('credentials', failure.message, {
      advice: "Check the secret of Muster's user, and whether the vault has suspended or disabled it.",
    });
  }
}

/**
 * A part of a path. Safes' ids come encoded as they must be sent; the API takes no space and none of + & % in a value,
 * and would answer 404, which must not pass for "gone".
 */
function segment(value: string): string {
  if (/^(?:[\w.~!$'()*,:;=@-]|%[0-9A-Fa-f]{2})+$/.test(value) && value !== '.' && value !== '..') return value;
  const encoded = encodeURIComponent(value);
  if (!/[\s+&%/\\]/.test(value)) return encoded;
  throw new Failure('refused', "CyberArk's API takes no name with a space or one of + & % / in its address", {
    advice: 'Do it by hand in the PVWA.',
  });
}
