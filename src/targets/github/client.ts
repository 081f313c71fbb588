import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';
import { codeOfStatus, type HttpAnswer, HttpClient, retryAfter } from '../http-client.ts';
import { signedJwt } from '../signed-jwt.ts';
import type { TargetDependencies } from '../target.ts';
import { TokenCache } from '../token-cache.ts';
import type { Settings } from './settings.ts';

const title = 'GitHub';

/** GitHub's own advice for a secondary limit that names no time. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const secondaryLimitMs = 60_000;

const tokenSchema = z.object({
  token: z.string().min(1),
  expires_at: z.iso.datetime({ offset: true }),
  permissions: z.record(z.string(), z.string()).default({}),
});

const graphqlSchema = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).default([]),
});

const graphqlCodes: Readonly<Record<string, FailureCode>> = {
  RATE_LIMITED: 'throttled',
  RATE_LIMIT: 'throttled',
  FORBIDDEN: 'refused',
  INSUFFICIENT_SCOPES: 'refused',
  NOT_FOUND: 'not-found',
};

export interface RestCall {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  /** How messages name the call, because paths hold logins. */
  name: string;
  json?: unknown;
  /** Statuses that the caller deals with itself. */
  expect?: readonly number[];
}

/** The only place that knows GitHub's addresses: the installation token, REST with its pages, and GraphQL. */
export class GitHubClient {
  readonly #settings: Settings;
  readonly #dependencies: TargetDependencies;
  readonly #http: HttpClient;
  readonly #tokens: TokenCache;
  #permissions: Readonly<Record<string, string>> = {};

  constructor(settings: Settings, dependencies: TargetDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#http = new HttpClient({
      title,
      baseUrl: settings.baseUrl,
      timeoutMs: settings.timeoutMs,
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    });
    this.#tokens = new TokenCache((signal) => this.#issueToken(signal), dependencies.clock);
  }

  /** What the organisation granted to the app, as the last token said. */
  get permissions(): Readonly<Record<string, string>> {
    return this.#permissions;
  }

  rest(call: RestCall, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#tokens.use(signal, (token) => this.#send(call, `Bearer ${token}`, signal));
  }

  /** All pages of a list. */
  async list<T>(item: z.ZodType<T>, path: string, name: string, signal: AbortSignal): Promise<T[]> {
    const items: T[] = [];
    for await (const page of this.pages(item, path, name, signal)) items.push(...page);
    return items;
  }

  /** A list page by page. */
  async *pages<T>(item: z.ZodType<T>, path: string, name: string, signal: AbortSignal): AsyncGenerator<T[]> {
    const separator = path.includes('?') ? '&' : '?';
    let next: string | undefined = `${path}${separator}per_page=100`;
    while (next !== undefined) {
      const answer: HttpAnswer = await this.rest({ path: next, name }, signal);
      yield parsed(z.array(item), answer.json(), name);
      next = nextPage(path, answer.headers['link']);
    }
  }

  async graphql<T>(
    data: z.ZodType<T>,
    query: string,
    variables: Record<string, string | null>,
    name: string,
    signal: AbortSignal,
  ): Promise<T> {
    const call: RestCall = { method: 'POST', path: '/graphql', name, json: { query, variables } };
    const answer = await this.rest(call, signal);
    const body = parsed(graphqlSchema, answer.json(), name);
    const error = body.errors[0];
    if (error === undefined) return parsed(data, body.data, name);
    // GraphQL says its errors with status 200; those without a type are GitHub's own trouble.
    const code = error.type === undefined ? 'unavailable' : (graphqlCodes[error.type] ?? 'protocol');
    const retryAfterMs = code === 'throttled' ? this.#waitOf(answer.headers) : undefined;
    throw new Failure(code, `${title}: ${name} answered ${error.type ?? 'an error'}: ${error.message.slice(0, 300)}`, {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #send(call: RestCall, authorization: string, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#http.call({
      ...(call.method === undefined ? {} : { method: call.method }),
      ...(call.json === undefined ? {} : { json: call.json }),
      path: call.path,
      name: call.name,
      signal,
      headers: {
        authorization,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      },
      expect: [401, 403, 404, 409, 422, 429],
    });
    if (answer.status < 400 || call.expect?.includes(answer.status)) return answer;
    throw this.#failure(call.name, answer);
  }

  #failure(name: string, answer: HttpAnswer): Failure {
    const message = `${title}: ${name} answered ${answer.status}: ${wordsOf(answer.text)}`;
    if (isThrottled(answer)) return new Failure('throttled', message, { retryAfterMs: this.#waitOf(answer.headers) });
    return new Failure(codeOfStatus(answer.status), message);
  }

  #waitOf(headers: Readonly<Record<string, string>>): number {
    const after = retryAfter(headers['retry-after'], this.#dependencies.clock());
    if (after !== undefined) return after;
    const reset = Number(headers['x-ratelimit-reset']);
    if (headers['x-ratelimit-remaining'] !== '0' || !(reset > 0)) return secondaryLimitMs;
    return Math.max(1_000, reset * 1000 - this.#dependencies.clock());
  }

  /** https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app */
  async #issueToken(signal: AbortSignal): Promise<{ value: string; expiresInMs: number }> {
    const now = Math.floor(this.#dependencies.clock() / 1000);
    const jwt = await signedJwt({
      title,
      privateKey: await this.#dependencies.secret(this.#settings.privateKey),
      issuer: this.#settings.appId,
      // A minute back, because GitHub refuses one from the future and clocks drift.
      issuedAt: now - 60,
      expiresAt: now + 540,
    });
    const name = 'ask for an installation token';
    const path = `/app/installations/${this.#settings.installationId}/access_tokens`;
    const answer = await this.#send({ method: 'POST', path, name, expect: [404] }, `Bearer ${jwt}`, signal);
    if (answer.status === 404) {
      throw new Failure('credentials', `${title}: the app has no installation ${this.#settings.installationId}`, {
        advice: 'Install the app in the organisation and set installationId.',
      });
    }
    const issued = parsed(tokenSchema, answer.json(), name);
    this.#permissions = issued.permissions;
    return { value: issued.token, expiresInMs: Date.parse(issued.expires_at) - this.#dependencies.clock() };
  }
}

/** Limits come as 403 as well as 429, told apart by headers and, for secondary ones without any, by words. */
function isThrottled({ status, headers, text }: HttpAnswer): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers['retry-after'] !== undefined ||
    headers['x-ratelimit-remaining'] === '0' ||
    /secondary rate limit|abuse detection/i.test(text)
  );
}

/** The query of the next page, put behind our own path: an address from an answer is never called as it is. */
function nextPage(path: string, link: string | undefined): string | undefined {
  const next = /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
  if (next === undefined || !URL.canParse(next)) return undefined;
  return `${path.split('?')[0]}${new URL(next).search}`;
}

function wordsOf(text: string): string {
  try {
    const body = z.object({ message: z.string() }).safeParse(JSON.parse(text));
    if (body.success) return body.data.message.slice(0, 300);
  } catch {
    // Not JSON: the text itself says more than that it is not JSON.
  }
  return text.replace(/\s+/g, ' ').slice(0, 300) || '(empty)';
}

/** JSON as documented, or a `protocol` failure. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join('.') ?? '';
  throw new Failure(
    'protocol',
    `${title}: ${name} answered JSON of another form than documented${where && `, at ${where}`}`,
  );
}
