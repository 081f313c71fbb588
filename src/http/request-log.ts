import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

const notes = new WeakMap<Response, Record<string, unknown>>();

/** Adds to the line that will be logged for this request: ids and codes, never a body or anything personal. */
export function note(response: Response, fields: Record<string, unknown>): void {
  notes.set(response, { ...notes.get(response), ...fields });
}

/** A request that has been answered; status 499 where the sender went away first. */
export interface Done {
  method: string;
  path: string;
  status: number;
  /** Milliseconds. */
  ms: number;
}

/** One line for each request, when its answer is out or the sender has gone. */
export function requestLog(log: Logger, done: (request: Done) => void): RequestHandler {
  return (request, response, next) => {
    const begun = performance.now();
    const { method } = request;
    const path = withoutNames(request.path);
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : 499;
      const line: Done = { method, path, status, ms: Math.round((performance.now() - begun) * 10) / 10 };
      done(line);
      log.info({ ...line, ...notes.get(response) }, 'request');
    });
    next();
  };
}

/** A person may be asked for by their e-mail address, which is nothing for a log. */
const withoutNames = (path: string): string => path.slice(0, 200).replace(/^(\/api\/people\/).*/s, '$1{id}');
