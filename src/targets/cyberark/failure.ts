import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { codeOfStatus, type HttpAnswer, retryAfter } from '../http-client.ts';

const errorSchema = z.object({ ErrorCode: z.string() });

/**
 * An error answer → a Failure in its class. The vendor's own message is left out: it names users
 * (`Authentication failure for User [schen]`), and the code alone is enough to look it up.
 */
export function failureOf(call: string, answer: HttpAnswer, advice?: string): Failure {
  const code = errorCode(answer);
  const retryAfterMs = retryAfter(answer.headers['retry-after']);
  return new Failure(
    codeOfStatus(answer.status),
    `CyberArk: ${call} answered ${answer.status}${code === undefined ? ' without an error code of its own' : ` ${code}`}`,
    {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(advice === undefined || answer.status !== 403 ? {} : { advice }),
    },
  );
}

/** The vendor's own error code (`ITATS004E`); absent when the answer came from something in between. */
export function errorCode(answer: HttpAnswer): string | undefined {
  try {
    return errorSchema.parse(answer.json()).ErrorCode;
  } catch {
    return undefined;
  }
}

/** True when CyberArk itself says that there is no such thing; a proxy's or IIS's bare 404 is not that. */
export const saysNotFound = (answer: HttpAnswer): boolean => answer.status === 404 && errorCode(answer) !== undefined;

/** A body as its schema has it; what differs is named by path, never by value. */
export function bodyOf<T extends z.ZodType>(call: string, answer: HttpAnswer, schema: T): z.infer<T> {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.join('.') || '(top)');
  throw new Failure('protocol', `CyberArk: ${call} answered another form than documented, at ${paths.join(', ')}`);
}
