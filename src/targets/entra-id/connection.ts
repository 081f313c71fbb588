import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { type HttpAnswer, HttpClient } from '../http-client.ts';
import type { TargetDependencies } from '../target.ts';
import { TokenCache } from '../token-cache.ts';
import { failureOf, parsed, title } from './failure.ts';
import type { Settings } from './settings.ts';
import { issueToken } from './token.ts';

const version = '/v1.0';
const pageSchema = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().optional() });
const rolesSchema = z.object({ roles: z.array(z.string()) });

/** Every status that Graph explains in a body of its own. */
const explained = [400, 401, 403, 404, 405, 409, 412, 415, 423, 429, 500, 501, 502, 503, 504];

/** A call of Graph. */
export interface GraphCall {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query below the version. */
  path: string;
  /** How messages name the call. */
  name: string;
  /** The least application permission that it needs, for the advice when Graph refuses. */
  permission: string;
  json?: unknown;
}

/** The way to Graph: a token for all calls, request ids, all pages of a list, and every failure in its class. */
export class GraphConnection {
  readonly #base: string;
  readonly #graph: HttpClient;
  readonly #login: HttpClient;
  readonly #tokens: TokenCache;

  constructor(settings: Settings, dependencies: TargetDependencies) {
    const common = { title, timeoutMs: settings.timeoutMs, ...(settings.ca === undefined ? {} : { ca: settings.ca }) };
    this.#base = settings.baseUrl.replace(/\/$/, '') + version;
    this.#graph = new HttpClient({ ...common, baseUrl: this.#base });
    this.#login = new HttpClient({ ...common, baseUrl: settings.loginUrl });
    this.#tokens = new TokenCache(
      (signal) => issueToken(this.#login, settings, dependencies, signal),
      dependencies.clock,
    );
  }

  /** The address of Graph with its version, where bodies name objects by address. */
  get base(): string {
    return this.#base;
  }

  call(call: GraphCall, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#tokens.use(signal, async (token) => {
      // Microsoft's support asks for this one where no answer came, and for the answer's own request-id where one did.
      const clientRequestId = randomUUID();
      const answer = await this.#graph.call({
        ...(call.method === undefined ? {} : { method: call.method }),
        ...(call.json === undefined ? {} : { json: call.json }),
        path: call.path,
        name: call.name,
        signal,
        headers: { authorization: `Bearer ${token}`, 'client-request-id': clientRequestId },
        expect: explained,
      });
      if (answer.status < 400) return answer;
      throw failureOf(call, answer, clientRequestId);
    });
  }

  /** All pages of a list. */
  async list<T>(item: z.ZodType<T>, call: GraphCall, signal: AbortSignal): Promise<T[]> {
    const items: T[] = [];
    for await (const page of this.pages(item, call, signal)) items.push(...page);
    return items;
  }

  /** A list page by page. */
  async *pages<T>(item: z.ZodType<T>, call: GraphCall, signal: AbortSignal): AsyncGenerator<T[]> {
    const followed = new Set<string>();
    let path: string | undefined = call.path;
    while (path !== undefined) {
      followed.add(path);
      const answer: HttpAnswer = await this.call({ ...call, path }, signal);
      const page = parsed(pageSchema, answer.json(), call.name);
      yield parsed(z.array(item), page.value, call.name);
      path = this.#below(page['@odata.nextLink'], call.name);
      if (path !== undefined && followed.has(path)) {
        throw new Failure('protocol', `${title}: ${call.name} answered a page that leads back to itself`);
      }
    }
  }

  /** The application permissions of the token; undefined where it cannot be read, which Microsoft reserves the right to. */
  permissions(signal: AbortSignal): Promise<string[] | undefined> {
    return this.#tokens.use(signal, async (token) => {
      try {
        return rolesSchema.safeParse(decodeJwt(token)).data?.roles;
      } catch {
        return undefined;
      }
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#graph.close(), this.#login.close()]);
  }

  /** The next page's path; an address outside our own base, which would get our token, is never followed. */
  #below(link: string | undefined, name: string): string | undefined {
    if (link === undefined) return undefined;
    if (!link.startsWith(`${this.#base}/`)) {
      throw new Failure('protocol', `${title}: ${name} answered a next page outside of ${this.#base}`);
    }
    return link.slice(this.#base.length);
  }
}
