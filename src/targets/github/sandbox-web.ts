import type { NextFunction, Request, Response } from 'express';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { type Org, sameLogin } from './sandbox-org.ts';

/** Rows a page; tiny, so that whoever forgets the next page is found out. */
const pageSize = 2;

/** What the stand-in takes as the app, its installation and its organisation. */
export interface Credentials {
  appId: string;
  installationId: string;
  org: string;
}

/** What every route works on. */
export interface Place {
  org(): Org;
  /** Whether this vendor fault is in force. */
  vendor(name: string): boolean;
  /** Obeys a change, unless the fault says to lie about it. */
  change(operation: string, login: string, obey: () => void): void;
}

/** A refusal with GitHub's words. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function placeOf(org: () => Org, tools: StandInTools): Place {
  return {
    org,
    vendor: (name) => tools.fault()?.vendor === name,
    change: (operation, login, obey) => {
      if (tools.fault()?.lie === true) return;
      const user = org().users.find((one) => sameLogin(one.login, login));
      obey();
      tools.called({ operation, subject: login, ...(user?.worker === undefined ? {} : { worker: user.worker }) });
    },
  };
}

/** The item, or 404. */
export function found<T>(item: T | undefined): T {
  if (item === undefined) throw new Refusal(404, 'Not Found');
  return item;
}

export const userOf = (org: Org, login: string) => found(org.users.find((one) => sameLogin(one.login, login)));

/** A user as GitHub shows one. */
export const shown = ({ id, login }: { id: number; login: string }) => ({ id, login });

/** How a login belongs to the organisation. */
export function standingOf(org: Org, login: string) {
  const member = org.members.find((one) => sameLogin(one.login, login));
  return { member, either: member ?? org.invitations.find((one) => sameLogin(one.login, login)) };
}

/** A list in pages, with the Link header that leads to the next. */
export function answerPage(request: Request, response: Response, rows: unknown[]): void {
  const at = Number(request.query['page'] ?? 1);
  if (at * pageSize < rows.length) {
    const next = new URL(request.originalUrl, 'https://api.github.com');
    next.searchParams.set('page', String(at + 1));
    response.setHeader('link', `<${next}>; rel="next", <https://api.github.com/last>; rel="last"`);
  }
  response.json(rows.slice((at - 1) * pageSize, at * pageSize));
}

export function answerRefusal(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (error instanceof Refusal) response.status(error.status).json({ message: error.message });
  else if (error instanceof z.ZodError) response.status(422).json({ message: z.prettifyError(error) });
  else next(error);
}

export const bearer = (request: Request): string => request.headers.authorization?.replace(/^Bearer /, '') ?? '';

/** The claims are checked as GitHub checks them; the signature is not, because the stand-in holds no public key of the app. */
export function faultOfJwt(jwt: string, { appId }: Credentials): string | undefined {
  try {
    const { iss, iat = 0, exp = 0 } = decodeJwt(jwt);
    const now = Date.now() / 1000;
    if (decodeProtectedHeader(jwt).alg !== 'RS256') return "'alg' must be RS256";
    if (iss !== appId) return "'Issuer' claim ('iss') must be the app's id";
    if (iat > now)
      return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    if (exp < now) return "'Expiration time' claim ('exp') has expired";
    if (exp > now + 600) return "'Expiration time' claim ('exp') is too far in the future";
    return undefined;
  } catch {
    return 'A JSON web token could not be decoded';
  }
}
