import { z } from 'zod';
import { type HttpAnswer, type HttpCall, HttpClient } from '../http-client.ts';
import type { TargetDependencies } from '../target.ts';
import { type IssuedToken, TokenCache } from '../token-cache.ts';
import { bodyOf, failureIn } from './failure.ts';
import type { Settings } from './settings.ts';
import {
  answerSchema,
  cartPart,
  itemSchema,
  orderedSchema,
  type RequestedItem,
  type Row,
  rowSchema,
  tokenSchema,
  type Variable,
  type VariableAnswer,
  variableSchema,
} from './wire.ts';

/** Every status is told in our own words. */
const anyStatus = Array.from({ length: 300 }, (_, index) => 300 + index);

const shapeOf = (fields: string) => ({ sysparm_fields: fields, sysparm_exclude_reference_link: 'true' });
const shape = shapeOf('sys_id,number,state,active,correlation_id,sys_created_on');
const itemShape = shapeOf(`${shape.sysparm_fields},stage,approval`);
const answerShape = shapeOf(Object.keys(answerSchema.shape).join(','));

const requestedItems = 'sc_req_item';
const variableAnswers = 'sc_item_option_mtom';
const catalogue = '/api/sn_sc/servicecatalog';

/** ServiceNow's Table API and its catalogue, the only place that knows its URLs. */
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
    return this.#list(table, { ...shape, sysparm_query: query, sysparm_limit: String(limit) }, rowSchema, signal);
  }

  /** The oldest answers to variables that an encoded query finds, and how many there are. */
  async variableAnswers(
    query: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ rows: VariableAnswer[]; total: number }> {
    const parameters = { ...answerShape, sysparm_query: query, sysparm_limit: String(limit) };
    return this.#list(variableAnswers, parameters, answerSchema, signal);
  }

  /** The requested items that an encoded query finds. */
  async requestedItems(query: string, limit: number, signal: AbortSignal): Promise<RequestedItem[]> {
    const parameters = { ...itemShape, sysparm_query: query, sysparm_limit: String(limit) };
    return (await this.#list(requestedItems, parameters, itemSchema, signal)).rows;
  }

  /** A requested item by its sys_id. */
  async requestedItem(id: string, signal: AbortSignal): Promise<RequestedItem> {
    const path = `/api/now/table/${requestedItems}/${encodeURIComponent(id)}?${new URLSearchParams(itemShape)}`;
    return this.#one({ name: 'read a requested item', path, signal }, itemSchema);
  }

  /** Sets fields of a requested item and gives it back as it is then. */
  async updateItem(id: string, fields: Record<string, string>, signal: AbortSignal): Promise<RequestedItem> {
    const path = `/api/now/table/${requestedItems}/${encodeURIComponent(id)}?${new URLSearchParams(itemShape)}`;
    return this.#one({ name: 'update a requested item', method: 'PATCH', path, json: fields, signal }, itemSchema);
  }

  /** The names of a catalogue item's variables, those in containers included. */
  async variableNames(item: string, signal: AbortSignal): Promise<string[]> {
    const name = 'read a catalogue item';
    const answer = await this.#call({ name, path: `${catalogue}/items/${item}`, signal });
    const schema = z.object({ result: z.object({ variables: z.array(variableSchema).default([]) }) });
    const flat = (variables: Variable[]): string[] =>
      variables.flatMap(({ name: own, children }) => [own ?? '', ...flat(children ?? [])]);
    return flat(bodyOf(name, answer, schema).result.variables).filter((own) => own !== '');
  }

  /** Orders one of an item; undefined when it is in the cart instead, because checking out takes two steps there. */
  async orderNow(item: string, variables: Record<string, string>, signal: AbortSignal): Promise<string | undefined> {
    const name = 'order a catalogue item';
    const json = { sysparm_quantity: '1', variables };
    const answer = await this.#call({
      name,
      method: 'POST',
      path: `${catalogue}/items/${item}/order_now`,
      json,
      signal,
    });
    return bodyOf(name, answer, z.object({ result: orderedSchema })).result.request_id;
  }

  /** All answers to variables of what lies in our cart; their names are labels there. */
  async cartValues(signal: AbortSignal): Promise<unknown[]> {
    const name = 'read the cart';
    const answer = await this.#call({ name, path: `${catalogue}/cart`, signal });
    const { result } = bodyOf(name, answer, z.object({ result: z.record(z.string(), z.unknown()) }));
    // Items lie below the name of how often they are paid for, between totals.
    const items = Object.values(result).flatMap((part) => cartPart.safeParse(part).data?.items ?? []);
    return items.flatMap(({ variables }) => Object.values(variables ?? {}));
  }

  /** Orders what lies in our cart; undefined when nothing does. */
  async submitCart(signal: AbortSignal): Promise<string | undefined> {
    const call = { name: 'submit the cart', method: 'POST' as const, path: `${catalogue}/cart/submit_order`, signal };
    const answer = await this.#authorized(signal, (authorization) =>
      this.#send({ ...call, headers: { authorization } }, [400]),
    );
    if (answer.status === 400) return undefined;
    return bodyOf(call.name, answer, z.object({ result: orderedSchema })).result.request_id;
  }

  /** One row by its sys_id. Throws `not-found` when there is none, or when it may not be read: ServiceNow tells no difference. */
  async row(table: string, id: string, signal: AbortSignal): Promise<Row> {
    return this.#one({ name: `read a row of ${table}`, path: this.#path(table, id), signal }, rowSchema);
  }

  /** Makes a row and gives it back. */
  async create(table: string, fields: Record<string, string>, signal: AbortSignal): Promise<Row> {
    const path = `/api/now/table/${table}?${new URLSearchParams(shape)}`;
    return this.#one({ name: `create in ${table}`, method: 'POST', path, json: fields, signal }, rowSchema);
  }

  /** Sets fields of a row and gives it back as it is then. */
  async update(table: string, id: string, fields: Record<string, string>, signal: AbortSignal): Promise<Row> {
    const call = { name: `update a row of ${table}`, method: 'PATCH' as const, path: this.#path(table, id) };
    return this.#one({ ...call, json: fields, signal }, rowSchema);
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #path(table: string, id: string): string {
    return `/api/now/table/${table}/${encodeURIComponent(id)}?${new URLSearchParams(shape)}`;
  }

  async #list<T>(
    table: string,
    parameters: Record<string, string>,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<{ rows: T[]; total: number }> {
    const name = `read ${table}`;
    const path = `/api/now/table/${table}?${new URLSearchParams(parameters)}`;
    const answer = await this.#call({ name, path, signal });
    const { result } = bodyOf(name, answer, z.object({ result: z.array(schema) }));
    return { rows: result, total: Number(answer.headers['x-total-count'] ?? result.length) };
  }

  async #one<T>(call: HttpCall & { name: string }, schema: z.ZodType<T>): Promise<T> {
    return bodyOf(call.name, await this.#call(call), z.object({ result: schema })).result;
  }

  #call(call: HttpCall & { name: string }): Promise<HttpAnswer> {
    return this.#authorized(call.signal, (authorization) => this.#send({ ...call, headers: { authorization } }));
  }

  async #send(call: HttpCall & { name: string }, meant: number[] = []): Promise<HttpAnswer> {
    const answer = await this.#http.call({ ...call, expect: anyStatus });
    if (meant.includes(answer.status)) return answer;
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
