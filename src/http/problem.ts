import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { Failure } from '../model/failure.ts';

/** What goes wrong in an HTTP request, as RFC 9457 problem details; thrown by whoever sees it. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';

  constructor(
    readonly status: number,
    detail?: string,
    readonly more: { headers?: Record<string, string>; members?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(detail ?? '', more.cause === undefined ? undefined : { cause: more.cause });
  }

  /** The body: `type` is stable and can be scripted against, `detail` is for people. */
  body(): Record<string, unknown> {
    const title = STATUS_CODES[this.status] ?? 'Error';
    return {
      type: `urn:muster:problem:${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`,
      title,
      status: this.status,
      ...(this.message === '' ? {} : { detail: this.message }),
      ...this.more.members,
    };
  }
}

/** Answers with problem details; never HTML, never a stack. */
export function sendProblem(response: Response, problem: HttpProblem): void {
  response
    .status(problem.status)
    .set(problem.more.headers ?? {})
    .set('content-type', 'application/problem+json')
    // As bytes: given a string, Express would add a charset, which JSON has none of.
    .send(Buffer.from(JSON.stringify(problem.body())));
}

/** For a path that nothing is at. */
export const notFound: RequestHandler = () => {
  throw new HttpProblem(404, 'nothing is here');
};

/** For a path that is there, asked with another method. */
export const onlyMethods =
  (...methods: string[]): RequestHandler =>
  (request) => {
    throw new HttpProblem(405, `${request.method} is not taken here`, { headers: { allow: methods.join(', ') } });
  };

/** The last handler: turns whatever was thrown into problem details. What is our own fault is logged, and told in no detail. */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = problemOf(error);
    if (problem.status >= 500) log.error({ error: whatHappened(error), path: request.path }, 'a request failed');
    if (response.headersSent) next(error);
    else sendProblem(response, problem);
  };
}

/** How many seconds a sender should wait when we are the ones who are not ready. */
const retryAfterSeconds = 5;

function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof Failure && ['unavailable', 'throttled', 'timeout'].includes(error.code)) {
    const seconds = Math.ceil((error.retryAfterMs ?? retryAfterSeconds * 1_000) / 1_000);
    return new HttpProblem(503, 'not now: send it again', { headers: { 'retry-after': String(seconds) } });
  }
  const status = statusOf(error);
  if (status === 413) return new HttpProblem(413, 'the body is too large');
  if (status === 415) return new HttpProblem(415, 'the body must not be compressed');
  return status === 400 ? new HttpProblem(400, 'the request cannot be read') : new HttpProblem(500);
}

/** Express and its body parser put a status on what they throw. */
function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : undefined;
}

function whatHappened(error: unknown): Record<string, unknown> {
  if (error instanceof Failure) {
    return { code: error.code, message: error.message, cause: String(error.cause ?? ''), advice: error.advice };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack, cause } = error;
  return { message, stack, ...(cause === undefined ? {} : { cause: String(cause) }) };
}
