import { setMaxListeners } from 'node:events';
import { Agent, request } from 'undici';
import { Failure, type FailureCode } from '../model/failure.ts';

export interface HttpCall {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query below the base URL, starting with `/`. */
  path: string;
  /** How messages name the call (`remove safe member`), where its path holds a person's name. Absent: method and path. */
  name?: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as `application/x-www-form-urlencoded`. */
  form?: Record<string, string>;
  /** Sent as it is; set the content type in `headers`. */
  body?: string;
  signal: AbortSignal;
  /** Statuses beside 2xx that the caller deals with itself. */
  expect?: readonly number[];
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
  /** The body as JSON. Throws `protocol` when it is something else (a login page with status 200, say). */
  json(): unknown;
}

export interface HttpClientOptions {
  /** `https://host/base`; nothing outside it is ever called. */
  baseUrl: string;
  /** As people write it, for messages: `Salesforce`. */
  title: string;
  /** PEM of the authority that signed the target's certificate, where it is not a public one. */
  ca?: string;
  /** Milliseconds for connecting, headers and body each. Default 10,000. */
  timeoutMs?: number;
  /** Bytes of an answer that are read at most. Default 10 MB. */
  maxBytes?: number;
  /** The vendor's own reading of an error answer, where it differs from the status alone. */
  classify?(status: number, text: string, headers: Record<string, string>): FailureCode | undefined;
}

/** The only way out over HTTP: one base URL, no redirects, no retries of its own (Temporal has them), every failure in its class. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #base: URL;
  readonly #agent: Agent;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#base = new URL(options.baseUrl);
    const timeout = options.timeoutMs ?? 10_000;
    this.#agent = new Agent({
      connect: { timeout, ...(options.ca === undefined ? {} : { ca: options.ca }) },
      headersTimeout: timeout,
      bodyTimeout: timeout,
      maxResponseSize: options.maxBytes ?? 10_000_000,
      connections: 64,
    });
  }

  async call(call: HttpCall): Promise<HttpAnswer> {
    const method = call.method ?? 'GET';
    const url = `${this.#base.origin}${this.#base.pathname.replace(/\/$/, '')}${call.path}`;
    const what = `${this.#options.title}: ${call.name ?? `${method} ${call.path.split('?')[0]}`}`;
    const { body, contentType } = encode(call);
    const headers: Record<string, string> = {
      accept: 'application/json',
      'user-agent': 'muster',
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...call.headers,
    };
    // One signal serves a whole activity, whose calls may run side by side; each listens only while it runs.
    setMaxListeners(0, call.signal);
    let status: number;
    let answerHeaders: Record<string, string>;
    let text: string;
    try {
      const answer = await request(url, {
        method,
        headers,
        dispatcher: this.#agent,
        signal: call.signal,
        ...(body === undefined ? {} : { body }),
      });
      status = answer.statusCode;
      answerHeaders = flatten(answer.headers);
      text = await answer.body.text();
    } catch (error) {
      throw networkFailure(what, error);
    }
    if ((status >= 200 && status < 300) || call.expect?.includes(status)) {
      return { status, headers: answerHeaders, text, json: () => parseJson(what, text) };
    }
    throw this.#failure(what, status, text, answerHeaders);
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  #failure(what: string, status: number, text: string, headers: Record<string, string>): Failure {
    const code = this.#options.classify?.(status, text, headers) ?? codeOfStatus(status);
    const retryAfterMs = retryAfter(headers['retry-after']);
    return new Failure(code, `${what} answered ${status}: ${excerpt(text)}`, {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}

/** HTTP status → failure class, for every vendor that says nothing more exact. */
export function codeOfStatus(status: number): FailureCode {
  if (status === 429) return 'throttled';
  if (status === 401) return 'credentials';
  if (status === 404) return 'not-found';
  if (status === 409 || status === 412) return 'conflict';
  if (status === 408 || status === 425 || status >= 500) return 'unavailable';
  if (status >= 300 && status < 400) return 'protocol';
  return 'refused';
}

/** `Retry-After` in seconds or as an HTTP date → milliseconds from now. RFC 9110 10.2.3. */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value.trim()) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function networkFailure(what: string, error: unknown): Failure {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const name = error instanceof Error ? error.name : '';
  const timedOut = name === 'AbortError' || name === 'TimeoutError' || code.includes('TIMEOUT') || code === 'ABORT_ERR';
  if (timedOut) {
    return new Failure('timeout', `${what} gave no answer in time; whether it took effect is unknown`, {
      cause: error,
    });
  }
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return new Failure('protocol', `${what} sent more than we read`, { cause: error });
  if (code.startsWith('ERR_TLS') || code.includes('CERT') || code.includes('SELF_SIGNED')) {
    return new Failure('misconfigured', `${what}: its certificate is not trusted (${code})`, {
      cause: error,
      advice: 'Set the target\'s "ca" to the authority that signed it.',
    });
  }
  return new Failure('unavailable', `${what} could not be reached (${code || name || 'network error'})`, {
    cause: error,
  });
}

function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('protocol', `${what} answered something that is not JSON: ${excerpt(text)}`, { cause: error });
  }
}

function encode(call: HttpCall): { body?: string; contentType?: string } {
  if (call.json !== undefined) return { body: JSON.stringify(call.json), contentType: 'application/json' };
  if (call.form !== undefined) {
    return { body: new URLSearchParams(call.form).toString(), contentType: 'application/x-www-form-urlencoded' };
  }
  return call.body === undefined ? {} : { body: call.body };
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

const excerpt = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 300) || '(empty)';
