import type { Request, RequestHandler } from 'express';
import type { Config, OperatorConfig, Role } from '../config.ts';
import { HttpProblem } from '../http/problem.ts';
import { note } from '../http/request-log.ts';
import { bearerToken, sameSecret } from '../http/same-secret.ts';
import { Failure } from '../model/failure.ts';

/** Somebody who may ask the API. */
export interface Operator {
  id: string;
  roles: ReadonlySet<Role>;
}

const signedIn = new WeakMap<Request, Operator>();

/** Who asks. Only behind `signIn`. */
export function operatorOf(request: Request): Operator {
  const operator = signedIn.get(request);
  if (operator === undefined) throw new HttpProblem(401);
  return operator;
}

/** Lets in whoever has an operator's own token; one answer for every cause. */
export function signIn(
  { operators }: Pick<Config, 'operators'>,
  secret: (reference: string) => Promise<string>,
): RequestHandler {
  return async (request, response, next) => {
    const operator = await findOperator(operators, bearerToken(request.headers.authorization), secret);
    if (operator === undefined) {
      throw new HttpProblem(401, undefined, { headers: { 'www-authenticate': 'Bearer realm="muster"' } });
    }
    signedIn.set(request, operator);
    note(response, { operator: operator.id });
    next();
  };
}

/** Compares with every operator's token, found or not, so that the time does not tell whose it nearly was. */
async function findOperator(
  operators: readonly OperatorConfig[],
  token: string | undefined,
  secret: (reference: string) => Promise<string>,
): Promise<Operator | undefined> {
  if (token === undefined) return undefined;
  let found: Operator | undefined;
  let unreadable: unknown;
  for (const { id, token: reference, roles } of operators) {
    try {
      if (sameSecret(token, await secret(reference))) found = { id, roles: new Set(roles) };
    } catch (error) {
      unreadable = error;
    }
  }
  if (found === undefined && unreadable !== undefined) {
    throw new Failure('unavailable', "an operator's token cannot be read", {
      cause: unreadable,
      advice: 'Mend what `operators` in muster.yaml refers to.',
    });
  }
  return found;
}

/** Throws 403 unless the operator has one of the roles. */
export function demand(operator: Operator, roles: readonly Role[]): void {
  if (roles.some((role) => operator.roles.has(role))) return;
  throw new HttpProblem(403, `this takes the role ${roles.join(' or ')}`);
}
