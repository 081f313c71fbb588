import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';
import { codeOfStatus, type HttpAnswer, HttpClient } from '../http-client.ts';
import { signedJwt } from '../signed-jwt.ts';
import type { TargetDependencies } from '../target.ts';
import { TokenCache } from '../token-cache.ts';
import type { Settings } from './settings.ts';

const title = 'Salesforce';

/** The answer to the token call has no `expires_in`; the organisation's session timeout is 2 hours unless it was changed. */
const tokenLifeMs = 3_600_000;

/** The limit is counted over 24 hours, so coming back in seconds would only use it up further. */
const requestLimitRetryMs = 15 * 60_000;

const errorSchema = z.array(z.object({ errorCode: z.string(), message: z.string().default('') })).min(1);
const tokenSchema = z.object({ access_token: z.string().min(1) });
const pageSchema = z.object({
  done: z.boolean(),
  records: z.array(z.unknown()),
  nextRecordsUrl: z.string().startsWith('/services/data/').optional(),
});

/** Salesforce's error codes → failure class, where the status alone says too little. */
const codes: Readonly<Record<string, FailureCode>> = {
  INVALID_SESSION_ID: 'credentials',
  INVALID_AUTH_HEADER: 'credentials',
  REQUEST_LIMIT_EXCEEDED: 'throttled',
  TXN_SECURITY_METERING_ERROR: 'throttled',
  UNABLE_TO_LOCK_ROW: 'conflict',
  QUERY_TIMEOUT: 'unavailable',
  INVALID_FIELD: 'misconfigured',
  INVALID_TYPE: 'misconfigured',
  MALFORMED_QUERY: 'protocol',
};

/** A refusal in Salesforce's own words: the failure, and the vendor's code that callers may act on. */
export class SalesforceError extends Failure {
  readonly errorCode: string;

  constructor(code: FailureCode, message: string, errorCode: string, retryAfterMs?: number) {
    super(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
    this.errorCode = errorCode;
  }
}

/** The only place that knows Salesforce's addresses: the token, queries, and changes to one record. */
export class SalesforceClient {
  readonly #settings: Settings;
  readonly #secret: TargetDependencies['secret'];
  readonly #clock: () => number;
  readonly #login: HttpClient;
  readonly #api: HttpClient;
  readonly #tokens: TokenCache;
  #usage: string | undefined;

  constructor(settings: Settings, dependencies: TargetDependencies) {
    this.#settings = settings;
    this.#secret = dependencies.secret;
    this.#clock = dependencies.clock;
    const common = { title, timeoutMs: settings.timeoutMs, ...(settings.ca === undefined ? {} : { ca: settings.ca }) };
    this.#login = new HttpClient({ ...common, baseUrl: settings.loginUrl });
    this.#api = new HttpClient({ ...common, baseUrl: settings.baseUrl });
    this.#tokens = new TokenCache((signal) => this.#issueToken(signal), dependencies.clock);
  }

  /** All records of a query, every page. Values in it must have gone through `quoted`. */
  async query<T>(record: z.ZodType<T>, soql: string, signal: AbortSignal): Promise<T[]> {
    const records: T[] = [];
    for await (const page of this.pages(record, soql, signal)) records.push(...page);
    return records;
  }

  /** The records of a query, page by page. */
  async *pages<T>(record: z.ZodType<T>, soql: string, signal: AbortSignal): AsyncGenerator<T[]> {
    let path: string | undefined = this.#path(`/query?q=${encodeURIComponent(soql)}`);
    while (path !== undefined) {
      const page: z.infer<typeof pageSchema> = parsed(pageSchema, (await this.#call('GET', path, signal)).json());
      yield parsed(z.array(record), page.records);
      path = page.done ? undefined : page.nextRecordsUrl;
    }
  }

  async create(sobject: string, fields: Record<string, unknown>, signal: AbortSignal): Promise<string> {
    const answer = await this.#call('POST', this.#path(`/sobjects/${sobject}`), signal, fields);
    return parsed(z.object({ id: z.string().min(1) }), answer.json()).id;
  }

  async update(sobject: string, id: string, fields: Record<string, unknown>, signal: AbortSignal): Promise<void> {
    await this.#call('PATCH', this.#path(`/sobjects/${sobject}/${encodeURIComponent(id)}`), signal, fields);
  }

  /** False when it was gone already. */
  async remove(sobject: string, id: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#call('DELETE', this.#path(`/sobjects/${sobject}/${encodeURIComponent(id)}`), signal);
      return true;
    } catch (error) {
      if (error instanceof SalesforceError && error.code === 'not-found') return false;
      throw error;
    }
  }

  /** How much of the day's requests is used as the last answer said: `18/15000`. */
  get usage(): string | undefined {
    return this.#usage;
  }

  async close(): Promise<void> {
    await Promise.all([this.#login.close(), this.#api.close()]);
  }

  #path(below: string): string {
    return `/services/data/${this.#settings.apiVersion}${below}`;
  }

  #call(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    signal: AbortSignal,
    json?: Record<string, unknown>,
  ): Promise<HttpAnswer> {
    return this.#tokens.use(signal, async (token) => {
      const answer = await this.#api.call({
        method,
        path,
        signal,
        headers: { authorization: `Bearer ${token}` },
        expect: [400, 401, 403, 404],
        ...(json === undefined ? {} : { json }),
      });
      this.#usage = /api-usage=(\d+\/\d+)/.exec(answer.headers['sforce-limit-info'] ?? '')?.[1] ?? this.#usage;
      if (answer.status < 400) return answer;
      throw failureOf(`${title}: ${method} ${path.split('?')[0]}`, answer);
    });
  }

  /** https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm */
  async #issueToken(signal: AbortSignal): Promise<{ value: string; expiresInMs: number }> {
    const now = Math.floor(this.#clock() / 1000);
    const assertion = await signedJwt({
      title,
      privateKey: await this.#secret(this.#settings.privateKey),
      issuer: this.#settings.clientId,
      subject: this.#settings.username,
      audience: this.#settings.audience ?? this.#settings.loginUrl,
      issuedAt: now,
      expiresAt: now + 180,
    });
    const answer = await this.#login.call({
      method: 'POST',
      path: '/services/oauth2/token',
      form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion },
      signal,
      expect: [400],
    });
    if (answer.status === 400) {
      throw new Failure('credentials', `${title} gave no token to the connected app: ${oauthError(answer)}`, {
        advice:
          'Check clientId, username and privateKey, and that the user is pre-authorised for the connected app (see the README of the target).',
      });
    }
    return { value: parsed(tokenSchema, answer.json()).access_token, expiresInMs: tokenLifeMs };
  }
}

/** A string as SOQL takes it, quotes and escapes included. */
export const quoted = (value: string): string => `'${value.replace(/[\\']/g, '\\$&').replace(/[\n\r]/g, ' ')}'`;

/** `('a','b')`, for IN. */
export const quotedList = (values: readonly string[]): string => `(${values.map(quoted).join(',')})`;

function failureOf(what: string, answer: HttpAnswer): Failure {
  const errors = errorSchema.safeParse(answer.status === 404 && answer.text === '' ? [] : safely(answer));
  const error = errors.data?.[0];
  const errorCode = error?.errorCode ?? 'UNKNOWN';
  const code = codes[errorCode] ?? codeOfStatus(answer.status);
  const words = error === undefined ? answer.text.slice(0, 300) : `${errorCode}: ${error.message.slice(0, 300)}`;
  const retryAfterMs = errorCode === 'REQUEST_LIMIT_EXCEEDED' ? requestLimitRetryMs : undefined;
  return new SalesforceError(code, `${what} answered ${answer.status}: ${words || '(empty)'}`, errorCode, retryAfterMs);
}

function safely(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}

function oauthError(answer: HttpAnswer): string {
  const error = z.object({ error: z.string(), error_description: z.string().default('') }).safeParse(safely(answer));
  return error.success ? `${error.data.error}, ${error.data.error_description}` : `status ${answer.status}`;
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join('.') ?? '';
  throw new Failure('protocol', `${title} answered JSON of another form than documented${where && `, at ${where}`}`);
}
