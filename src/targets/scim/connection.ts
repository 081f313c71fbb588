import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { type HttpAnswer, HttpClient } from '../http-client.ts';
import type { TargetDependencies } from '../target.ts';
import { TokenCache } from '../token-cache.ts';
import { failureOf, parsed } from './failure.ts';
import type { Settings } from './settings.ts';

const mediaType = 'application/scim+json';
const pageSize = 100;

const pageSchema = z.object({
  totalResults: z.int().nonnegative(),
  // Left out of an empty list.
  Resources: z.array(z.unknown()).default([]),
});
const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(300) });

/** Every status that a server explains in a body of its own. */
const explained = [400, 401, 403, 404, 405, 409, 412, 413, 429, 500, 501, 502, 503, 504];

/** A call of the server. */
export interface ScimCall {
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  path: string;
  /** How messages name the call. */
  name: string;
  json?: unknown;
  /** The version that a change is based on. */
  ifMatch?: string | undefined;
}

/** The way to a SCIM server: its login, its media type, all pages of a list, and every failure in its class. */
export class ScimConnection {
  readonly #settings: Settings;
  readonly #secret: TargetDependencies['secret'];
  readonly #http: HttpClient;
  readonly #login: HttpClient | undefined;
  readonly #tokens: TokenCache | undefined;

  constructor(settings: Settings, dependencies: TargetDependencies) {
    const { login, title, timeoutMs, ca } = settings;
    const common = { title, timeoutMs, ...(ca === undefined ? {} : { ca }) };
    this.#settings = settings;
    this.#secret = dependencies.secret;
    this.#http = new HttpClient({ ...common, baseUrl: settings.baseUrl });
    if (login.type !== 'oauth') return;
    const tokens = new HttpClient({ ...common, baseUrl: login.tokenUrl });
    this.#login = tokens;
    this.#tokens = new TokenCache((signal) => this.#issueToken(tokens, login, signal), dependencies.clock);
  }

  /** As messages begin. */
  what(name: string): string {
    return `${this.#settings.title}: ${name}`;
  }

  async call(call: ScimCall, signal: AbortSignal): Promise<HttpAnswer> {
    const { login } = this.#settings;
    if (this.#tokens !== undefined) return this.#tokens.use(signal, (token) => this.#send(call, token, signal));
    return this.#send(call, login.type === 'bearer' ? await this.#secret(login.token) : '', signal);
  }

  /** All pages of a list, each resource once. */
  async list<T extends { id: string }>(
    item: z.ZodType<T>,
    call: ScimCall,
    query: Record<string, string>,
    signal: AbortSignal,
  ): Promise<T[]> {
    const items: T[] = [];
    for await (const page of this.pages(item, call, query, signal)) items.push(...page);
    return items;
  }

  /** A list page by page, each resource once, no page empty. */
  async *pages<T extends { id: string }>(
    item: z.ZodType<T>,
    call: ScimCall,
    query: Record<string, string>,
    signal: AbortSignal,
  ): AsyncGenerator<T[]> {
    const known = new Set<string>();
    for (let startIndex = 1; ; ) {
      const { page, total } = await this.page(item, call, { ...query, count: String(pageSize) }, startIndex, signal);
      const fresh = page.filter(({ id }) => !known.has(id));
      for (const { id } of fresh) known.add(id);
      if (fresh.length > 0) yield fresh;
      if (page.length === 0 || known.size >= total) return;
      if (fresh.length === 0) {
        throw new Failure('protocol', `${this.what(call.name)} answers the same page again, whatever startIndex says`);
      }
      startIndex += page.length;
    }
  }

  /** One page, and how many there are in all. */
  async page<T>(
    item: z.ZodType<T>,
    call: ScimCall,
    query: Record<string, string>,
    startIndex: number,
    signal: AbortSignal,
  ): Promise<{ page: T[]; total: number }> {
    const asked = new URLSearchParams({ ...query, startIndex: String(startIndex) });
    const answer = await this.call({ ...call, path: `${call.path}?${asked}` }, signal);
    const { Resources, totalResults } = parsed(pageSchema, answer.json(), this.what(call.name));
    return { page: parsed(z.array(item), Resources, this.what(call.name)), total: totalResults };
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.close(), this.#login?.close()]);
  }

  async #send(call: ScimCall, token: string, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#http.call({
      ...(call.method === undefined ? {} : { method: call.method }),
      ...(call.json === undefined ? {} : { json: call.json }),
      path: call.path,
      name: call.name,
      signal,
      headers: {
        authorization: `Bearer ${token}`,
        accept: mediaType,
        ...(call.json === undefined ? {} : { 'content-type': mediaType }),
        ...(call.ifMatch === undefined ? {} : { 'if-match': call.ifMatch }),
      },
      expect: explained,
    });
    if (answer.status < 400) return answer;
    throw failureOf(this.what(call.name), answer);
  }

  async #issueToken(
    http: HttpClient,
    login: Extract<Settings['login'], { type: 'oauth' }>,
    signal: AbortSignal,
  ): Promise<{ value: string; expiresInMs: number }> {
    const name = 'ask for a token';
    const answer = await http.call({
      method: 'POST',
      path: '',
      name,
      form: {
        grant_type: 'client_credentials',
        client_id: login.clientId,
        client_secret: await this.#secret(login.clientSecret),
        ...(login.scope === undefined ? {} : { scope: login.scope }),
      },
      signal,
      expect: [400, 401],
    });
    if (answer.status >= 400) {
      throw new Failure('credentials', `${this.what(name)} answered ${answer.status}`, {
        advice: 'Check clientId, clientSecret and scope.',
      });
    }
    const issued = parsed(tokenSchema, answer.json(), this.what(name));
    return { value: issued.access_token, expiresInMs: issued.expires_in * 1000 };
  }
}
