import express, { type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import type { Directory, HeldUser } from './sandbox-directory.ts';

/** Rows a page at most, whatever `count` says; tiny, so that whoever forgets the next page is found out. */
const pageSize = 2;

const mediaType = 'application/scim+json';

/** What the stand-in takes as a bearer token, and as the client that may ask for others. */
export interface Credentials {
  token: string;
  clientId: string;
  clientSecret: string;
}

/** What every route works on. */
export interface Place {
  directory(): Directory;
  /** Whether this vendor fault is in force. */
  vendor(name: string): boolean;
  /** Obeys a change, unless the fault says to lie about it. */
  change(operation: string, user: HeldUser | undefined, obey: () => void): void;
}

export const placeOf = (directory: () => Directory, tools: StandInTools): Place => ({
  directory,
  vendor: (name) => tools.fault()?.vendor === name,
  change: (operation, user, obey) => {
    if (tools.fault()?.lie === true) return;
    obey();
    const worker = user?.worker ?? user?.resource.externalId;
    tools.called({
      operation,
      ...(user === undefined ? {} : { subject: user.resource.userName }),
      ...(worker === undefined ? {} : { worker }),
    });
  },
});

/** A refusal by RFC 7644 3.12. */
export class Refusal extends Error {
  readonly status: number;
  readonly scimType: string | undefined;

  constructor(status: number, detail: string, scimType?: string) {
    super(detail);
    this.status = status;
    this.scimType = scimType;
  }
}

/** The resource, or 404. */
export function found<T>(item: T | undefined, id: string): T {
  if (item === undefined) throw new Refusal(404, `Resource ${id} not found`);
  return item;
}

export const scimJson = express.json({ type: mediaType });

/** Bodies of another media type are refused, as RFC 7644 3.1 lets a server. */
export function wantsScimJson(request: Request, _response: Response, next: NextFunction): void {
  const changes = ['POST', 'PATCH', 'PUT'].includes(request.method);
  if (changes && request.is(mediaType) === false) throw new Refusal(415, `Content-Type must be ${mediaType}`);
  next();
}

/** Answers a resource or list in SCIM's media type. */
export function answer(response: Response, status: number, body: unknown): void {
  response.status(status).type(mediaType).send(JSON.stringify(body));
}

/** A list in pages, by startIndex and count. */
export function answerPage(request: Request, response: Response, rows: unknown[], samePage: boolean): void {
  const from = samePage ? 1 : Math.max(1, Number(request.query['startIndex'] ?? 1));
  const Resources = rows.slice(from - 1, from - 1 + Math.min(pageSize, Number(request.query['count'] ?? pageSize)));
  answer(response, 200, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: rows.length,
    startIndex: from,
    itemsPerPage: Resources.length,
    // An empty list has none, as some servers do it.
    ...(Resources.length === 0 ? {} : { Resources }),
  });
}

/** The RFC's form of an error. */
export const errorOf = (status: number, detail: string, scimType?: string) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
  status: String(status),
  detail,
  ...(scimType === undefined ? {} : { scimType }),
});

export function answerRefusal(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (error instanceof Refusal) answer(response, error.status, errorOf(error.status, error.message, error.scimType));
  else if (error instanceof z.ZodError) {
    answer(response, 400, errorOf(400, z.prettifyError(error), 'invalidSyntax'));
  } else next(error);
}

/** The filter's attribute and value; of the whole language the one form that is asked for. */
export function filterOf(request: Request): { attribute: string; value: string } | undefined {
  const filter = request.query['filter'];
  if (filter === undefined) return undefined;
  const [, attribute, text] = /^([\w.]+) eq ("(?:[^"\\]|\\.)*")$/.exec(String(filter)) ?? [];
  const value = z.string().safeParse(text === undefined ? undefined : JSON.parse(text)).data;
  if (attribute === undefined || value === undefined) throw new Refusal(400, 'invalid filter', 'invalidFilter');
  return { attribute, value };
}
