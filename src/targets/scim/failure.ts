import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';
import { codeOfStatus, type HttpAnswer, retryAfter } from '../http-client.ts';

/** RFC 7644 3.12; `status` is text by the RFC, a number at some servers, and not needed. */
const errorSchema = z.object({ scimType: z.string().nullish(), detail: z.string().nullish() });

/** A refusal by a SCIM server: the failure, and the RFC's word for it that callers may act on. */
export class ScimError extends Failure {
  readonly scimType: string | undefined;

  constructor(
    code: FailureCode,
    message: string,
    scimType: string | undefined,
    options: { retryAfterMs?: number; advice?: string },
  ) {
    super(code, message, options);
    this.scimType = scimType;
  }
}

/** What to do about a server that cannot do what RFC 7644 has. */
const advices: Readonly<Record<string, string>> = {
  invalidFilter: 'Take the attribute that cannot be searched out of "searchBy", or set "groups" to "walk" or "user".',
  invalidPath: 'Set "dialect.patch" to "pathless".',
  invalidSyntax: 'Look at "dialect" in the README of the target.',
  notImplemented: 'Set "update" to "put".',
};

/** An error answer → a Failure in its class. */
export function failureOf(what: string, answer: HttpAnswer): ScimError {
  const error = errorOf(answer);
  const scimType = error?.scimType ?? undefined;
  const missing = answer.status === 501 || answer.status === 405;
  const advice = advices[missing ? 'notImplemented' : (scimType ?? '')];
  const words = (error?.detail ?? answer.text).replace(/\s+/g, ' ').slice(0, 300) || '(empty)';
  const retryAfterMs = retryAfter(answer.headers['retry-after']);
  return new ScimError(
    missing ? 'misconfigured' : codeOfStatus(answer.status),
    `${what} answered ${answer.status}${scimType === undefined ? '' : ` ${scimType}`}: ${words}`,
    scimType,
    { ...(retryAfterMs === undefined ? {} : { retryAfterMs }), ...(advice === undefined ? {} : { advice }) },
  );
}

/** JSON as the RFC has it, or a `protocol` failure that names where it differs and never the value. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join('.') ?? '';
  throw new Failure('protocol', `${what} answered JSON of another form than RFC 7643 has${where && `, at ${where}`}`);
}

function errorOf(answer: HttpAnswer): z.infer<typeof errorSchema> | undefined {
  try {
    return errorSchema.safeParse(JSON.parse(answer.text)).data;
  } catch {
    return undefined;
  }
}
