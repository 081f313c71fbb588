import { z } from 'zod';
import { type HttpAnswer, type HttpCall, HttpClient } from '../http-client.ts';
import type { TargetDependencies } from '../target.ts';
import { type IssuedToken, TokenCache } from '../token-cache.ts';
import { bodyOf, failureIn } from './failure.ts';
import type { Settings } from './settings.ts';

const tokenSchema = z.object({ access_token: z.string(), expires_in: z.coerce.number() });

const rowSchema = z.object({
  sys_id: z.string().min(1),
  number: z.string().default(''),
  state: z.string().default(''),
  active: z.string().default(''),
  /** Absent when an ACL hides the field. */
  correlation_id: z.string().exactOptional(),
});
/** A ticket's row. All values are strings; a field that may not be read is left out. */
export type Row = z.infer<typeof rowSchema>;

/** Every status is told in our own words. */
const anyStatus = Array.from({ length: 300 }, (_, index) => 300 + index);

const shape = {
  sysparm_fields: 'sys_id,number,state,active,correlation_id,sys_created_on',
  sysparm_exclude_reference_link: 'true',
};

/** ServiceNow's Table API, the only place that knows its URLs. */
export class ServiceNowClient {
  readonly #http: HttpClient;
  readonly #clock: () => number;
  /** Makes a call with a proof of who we are. */
  readonly #authorized: <T>(signal: AbortSignal, call: (authorization: string) => Promise<T>) => Promise<T>;

  constructor(settings: Settings, { secret, clock }: TargetDependencies) {
    const { baseUrl, ca, timeoutMs, login } = settings;
    this.#http = new HttpClient({ baseUrl, title: 'ServiceNow', timeoutMs, ...(ca === undefined ? {} : { ca }) });
    this.#clock = clock;
    if (login.type === 'basic') {
      this.#authorized = async (_signal, call) =>
        call(`Basic ${Buffer.from(`${login.username}:${await secret(login.password)}`).toString('base64')}`);
    } else {
      const tokens = new TokenCache(
        async (signal) => this.#token(login.clientId, await secret(login.clientSecret), signal),
        clock,
      );
      this.#authorized = (signal, call) => tokens.use(signal, (token) => call(`Bearer ${token}`));
    }
  }

  /** The oldest rows that an encoded query finds, and how many there are, those included that may not be read. */
  async rows(
    table: string,
    query: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ rows: Row[]; total: number }> {
    const name = `read ${table}`;
    const parameters = new URLSearchParams({ ...shape, sysparm_query: query, sysparm_limit: String(limit) });
    const answer = await this.#call({ name, path: `/api/now/table/${table}?${parameters}`, signal });
    const { result } = bodyOf(name, answer, z.object({ result: z.array(rowSchema) }));
    return { rows: result, total: Number(answer.headers['x-total-count'] ?? result.length) };
  }

  /** One row by its sys_id. Throws `not-found` when there is none, or when it may not be read: ServiceNow tells no difference. */
  async row(table: string, id: string, signal: AbortSignal): Promise<Row> {
    return this.#one({ name: `read a row of ${table}`, path: this.#path(table, id), signal });
  }

  /** Makes a row and gives it back. */
  async create(table: string, fields: Record<string, string>, signal: AbortSignal): Promise<Row> {
    const path = `/api/now/table/${table}?${new URLSearchParams(shape)}`;
    return this.#one({ name: `create in ${table}`, method: 'POST', path, json: fields, signal });
  }

  /** Sets fields of a row and gives it back as it is then. */
  async update(table: string, id: string, fields: Record<string, string>, signal: AbortSignal): Promise<Row> {
    return this.#one({
      name: `update a row of ${table}`,
      method: 'PATCH',
      path: this.#path(table, id),
      json: fields,
      signal,
    });
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #path(table: string, id: string): string {
    return `/api/now/table/${table}/${encodeURIComponent(id)}?${new URLSearchParams(shape)}`;
  }

  async #one(call: HttpCall & { name: string }): Promise<Row> {
    return bodyOf(call.name, await this.#call(call), z.object({ result: rowSchema })).result;
  }

  #call(call: HttpCall & { name: string }): Promise<HttpAnswer> {
    return this.#authorized(call.signal, (authorization) => this.#send({ ...call, headers: { authorization } }));
  }

  async #send(call: HttpCall & { name: string }): Promise<HttpAnswer> {
    const answer = await this.#http.call({ ...call, expect: anyStatus });
    const failure = failureIn(call.name, answer, this.#clock());
    if (failure !== undefined) throw failure;
    return answer;
  }

  async #token(clientId: string, clientSecret: string, signal: AbortSignal): Promise<IssuedToken> {
    const name = 'log on';
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const answer = await this.#send({ name, method: 'POST', path: '/oauth_token.do', form, signal });
    const token = bodyOf(name, answer, tokenSchema);
    return { value: token.access_token, expiresInMs: token.expires_in * 1000 };
  }
}
