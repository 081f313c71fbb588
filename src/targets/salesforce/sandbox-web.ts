import type { NextFunction, Request, Response } from 'express';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { SoqlError } from './sandbox-soql.ts';

/** What the stand-in takes as its connected app and integration user. */
export interface Credentials {
  clientId: string;
  username: string;
}

/** A refusal in Salesforce's form: a list of one. */
export class Refusal extends Error {
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

/** The record, or 404. */
export function found<T>(item: T | undefined): T {
  if (item === undefined) {
    throw new Refusal(404, 'NOT_FOUND', 'Provided external ID field does not exist or is not accessible');
  }
  return item;
}

export function answerRefusal(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (error instanceof Refusal) answer(response, error.status, error.errorCode, error.message);
  else if (error instanceof SoqlError) answer(response, 400, error.errorCode, error.message);
  else if (error instanceof z.ZodError) answer(response, 400, 'JSON_PARSER_ERROR', z.prettifyError(error));
  else next(error);
}

function answer(response: Response, status: number, errorCode: string, message: string): void {
  response.status(status).json([{ errorCode, message }]);
}

/** The claims are checked as Salesforce checks them; the signature is not, because this connected app holds no certificate. */
export function faultOfAssertion(body: unknown, credentials: Credentials): string | undefined {
  const form = z
    .object({ grant_type: z.literal('urn:ietf:params:oauth:grant-type:jwt-bearer'), assertion: z.string() })
    .safeParse(body);
  if (!form.success) return 'unsupported grant type';
  try {
    const { iss, sub, aud, exp = 0 } = decodeJwt(form.data.assertion);
    const now = Date.now() / 1000;
    if (decodeProtectedHeader(form.data.assertion).alg !== 'RS256') return 'invalid assertion: alg';
    if (iss !== credentials.clientId) return 'invalid client credentials';
    if (sub !== credentials.username) return "user hasn't approved this consumer";
    if (typeof aud !== 'string') return 'audience is invalid';
    if (exp < now - 30 || exp > now + 210) return 'expired authorization code';
    return undefined;
  } catch {
    return 'invalid assertion';
  }
}
