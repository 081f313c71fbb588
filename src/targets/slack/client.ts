import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { type HttpAnswer, type HttpCall, HttpClient } from '../http-client.ts';
import type { TargetDependencies } from '../target.ts';
import { failureIn } from './failure.ts';
import type { Settings } from './settings.ts';

/** Every status is told in our own words. */
const anyStatus = Array.from({ length: 300 }, (_, index) => 300 + index);

const meSchema = z.object({ team: z.string(), user: z.string(), user_id: z.string() });
/** Who the token is, and what it may do where Slack says so. */
export interface Me extends z.infer<typeof meSchema> {
  scopes?: string[];
}

const historySchema = z.object({
  messages: z.array(
    z.looseObject({
      user: z.string().nullish(),
      metadata: z
        .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()).nullish() })
        .nullish(),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
});
/** A page of a conversation, the newest message first. */
export type History = z.infer<typeof historySchema>;

/** Slack's Web API, the only place that knows its URLs. */
export class SlackClient {
  readonly #http: HttpClient;
  readonly #token: () => Promise<string>;
  #known: { token: string; user: string } | undefined;

  constructor({ baseUrl, ca, timeoutMs, token }: Settings, { secret }: TargetDependencies) {
    this.#http = new HttpClient({ baseUrl, title: 'Slack', timeoutMs, ...(ca === undefined ? {} : { ca }) });
    this.#token = () => secret(token);
  }

  /** Who we are. */
  async me(signal: AbortSignal): Promise<Me> {
    const token = await this.#token();
    const answer = await this.#send('auth.test', { form: {}, signal }, token);
    const me = bodyOf('auth.test', answer, meSchema);
    this.#known = { token, user: me.user_id };
    const scopes = answer.headers['x-oauth-scopes'];
    return { ...me, ...(scopes === undefined ? {} : { scopes: scopes.split(',').map((scope) => scope.trim()) }) };
  }

  /** Our own user's id, asked for once for each token. */
  async myId(signal: AbortSignal): Promise<string> {
    const token = await this.#token();
    return this.#known?.token === token ? this.#known.user : (await this.me(signal)).user_id;
  }

  /** The id of the person with this address. Throws `not-found`. */
  async userByEmail(email: string, signal: AbortSignal): Promise<string> {
    const answer = await this.#call('users.lookupByEmail', { form: { email }, signal });
    return bodyOf('users.lookupByEmail', answer, z.object({ user: z.object({ id: z.string() }) })).user.id;
  }

  /** The id of our direct conversation with a person; Slack makes it where there is none, and shows nobody. */
  async directWith(user: string, signal: AbortSignal): Promise<string> {
    const answer = await this.#call('conversations.open', { form: { users: user }, signal });
    return bodyOf('conversations.open', answer, z.object({ channel: z.object({ id: z.string() }) })).channel.id;
  }

  /** The newest messages of a conversation with their metadata, or those after a cursor. */
  async history(channel: string, limit: number, cursor: string | undefined, signal: AbortSignal): Promise<History> {
    const form = { channel, limit: String(limit), include_all_metadata: 'true', ...(cursor ? { cursor } : {}) };
    return bodyOf('conversations.history', await this.#call('conversations.history', { form, signal }), historySchema);
  }

  /** Posts a message to a channel, or to a person by their id. */
  async post(message: Record<string, unknown>, signal: AbortSignal): Promise<void> {
    await this.#call('chat.postMessage', {
      json: message,
      // Without the charset Slack warns in every answer.
      headers: { 'content-type': 'application/json; charset=utf-8' },
      signal,
    });
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #call(method: string, call: Omit<HttpCall, 'path' | 'method'>): Promise<HttpAnswer> {
    return this.#send(method, call, await this.#token());
  }

  async #send(method: string, call: Omit<HttpCall, 'path' | 'method'>, token: string): Promise<HttpAnswer> {
    const answer = await this.#http.call({
      ...call,
      method: 'POST',
      path: `/${method}`,
      name: method,
      headers: { ...call.headers, authorization: `Bearer ${token}` },
      expect: anyStatus,
    });
    const failure = failureIn(method, answer);
    if (failure !== undefined) throw failure;
    return answer;
  }
}

function bodyOf<T extends z.ZodType>(method: string, answer: HttpAnswer, schema: T): z.infer<T> {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.join('.') || '(top)');
  throw new Failure('protocol', `Slack: ${method} answered another form than documented, at ${paths.join(', ')}`);
}
