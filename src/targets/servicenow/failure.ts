import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';
import { codeOfStatus, type HttpAnswer, retryAfter } from '../http-client.ts';

const errorSchema = z.object({
  error: z.object({ message: z.string().nullish(), detail: z.string().nullish() }),
});

/** The platform's own phrases. Whatever else an answer says stays out of messages: a business rule's words may name people. */
const phrases = [
  /^User Not Authenticated/i,
  /^Required to provide Auth information/i,
  /^No Record found/i,
  /^Record doesn't exist or ACL restricts the record retrieval/i,
  /^Invalid table \w+/i,
  /^Insufficient rights to [\w ]+/i,
  /^Operation Failed/i,
  /^ACL Exception [\w ]+/i,
  /^Failed API level ACL Validation/i,
  /^Operation against file '\w+' was aborted by Business Rule '[^']{1,80}'/i,
  /^Data Policy Exception/i,
  /^Transaction cancell?ed: [\w ]+/i,
  /^Rate limit exceeded/i,
  /^Requested URI does not represent any resource/i,
];

const rights = 'Compare the roles of Muster\'s user with the README of this target; "muster doctor" checks each table.';

/** An answer that is not what was asked for → a Failure in its class; undefined when it is JSON without an error. */
export function failureIn(call: string, answer: HttpAnswer, now: number): Failure | undefined {
  const error = errorIn(answer);
  if (answer.status >= 300) return refusal(call, answer, error ?? '', now);
  // With status 200: a transaction that was cancelled while its answer was being written, or a script's own error.
  if (error !== undefined) {
    const code: FailureCode = /cancell?ed/i.test(error) ? 'unavailable' : 'refused';
    return new Failure(code, `ServiceNow: ${call} answered ${answer.status} with an error inside${told(error)}`);
  }
  return (answer.headers['content-type'] ?? '').includes('json') ? undefined : page(call, answer);
}

function refusal(call: string, answer: HttpAnswer, error: string, now: number): Failure {
  const { status, headers } = answer;
  const retryAfterMs = retryAfter(headers['retry-after'], now) ?? untilReset(headers['x-ratelimit-reset'], now);
  return new Failure(codeOfStatus(status), `ServiceNow: ${call} answered ${status}${told(error)}`, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status === 403 || status === 404 ? { advice: rights } : {}),
  });
}

/** A page where JSON was due: what a hibernating developer instance answers, with status 200. */
function page(call: string, answer: HttpAnswer): Failure {
  if (/hibernat/i.test(answer.text)) {
    return new Failure('unavailable', `ServiceNow: ${call} was answered by the page of a hibernating instance`, {
      advice: 'Sign in at developer.servicenow.com to wake it.',
    });
  }
  return new Failure('protocol', `ServiceNow: ${call} answered ${answer.status} with a page instead of JSON`, {
    advice: 'Look whether "baseUrl" is the instance itself, and not a sign-on page or proxy in front of it.',
  });
}

/** A body as its schema has it; what differs is named by path, never by value. */
export function bodyOf<T extends z.ZodType>(call: string, answer: HttpAnswer, schema: T): z.infer<T> {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.join('.') || '(top)');
  throw new Failure('protocol', `ServiceNow: ${call} answered another form than documented, at ${paths.join(', ')}`);
}

/** Message and detail of the vendor's error; undefined when there is none. */
function errorIn(answer: HttpAnswer): string | undefined {
  try {
    const { message, detail } = errorSchema.parse(answer.json()).error;
    return [message, detail].filter((part) => typeof part === 'string' && part !== '').join('\n');
  } catch {
    return undefined;
  }
}

function told(error: string): string {
  const known = error.split('\n').flatMap((line) => phrases.map((phrase) => phrase.exec(line.trim())?.[0]));
  const words = known.filter((phrase) => phrase !== undefined);
  return words.length === 0 ? '' : `: ${words.join('; ')}`;
}

/** Unix seconds → milliseconds from now. The limit is counted by the hour. */
function untilReset(value: string | undefined, now: number): number | undefined {
  if (value === undefined || !/^\d+$/.test(value)) return undefined;
  return Math.max(0, Number(value) * 1000 - now);
}
