import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';
import { codeOfStatus, type HttpAnswer, retryAfter } from '../http-client.ts';

const errorSchema = z.object({
  errorMessages: z.array(z.string()).default([]),
  errors: z.record(z.string(), z.unknown()).default({}),
});
/** Jira's form of an error, alone and inside a bulk answer. */
export type JiraError = z.infer<typeof errorSchema>;

/** Jira's own phrases. Whatever else an answer says stays out of messages: it may quote what was written. */
const phrases = [
  /^Issue does not exist or you do not have permission to see it/i,
  /^No project could be found with key/i,
  /^The value '[\w-]{1,80}' does not exist for the field '\w+'/i,
  /^Field '[\w-]+' cannot be set\. It is not on the appropriate screen, or unknown/i,
  /^Client must be authenticated to access this resource/i,
  /^You do not have permission to [\w ]+/i,
  /^It seems that you have tried to perform (a workflow operation|an operation)/i,
  /^Can't move \(\S+\)/i,
  /^Unbounded JQL queries are not allowed/i,
  /^Rate limit exceeded/i,
];

const rights =
  'Compare the permissions of Muster\'s account with the README of this target; "muster doctor" checks them.';

/** An answer that is not what was asked for → a Failure in its class; undefined when it is as it should be. */
export function failureIn(call: string, answer: HttpAnswer, now: number): Failure | undefined {
  const { status, headers } = answer;
  if (status < 300) return undefined;
  const retryAfterMs = retryAfter(headers['retry-after'], now) ?? untilReset(headers['x-ratelimit-reset'], status, now);
  const limit = headers['ratelimit-reason'];
  const told = [limit === undefined ? '' : `(${limit})`, wordsOf(errorIn(answer))].filter((word) => word !== '');
  return new Failure(codeOf(status, headers), `Jira: ${call} answered ${status}${tail(told)}`, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status === 400 || status === 403 || status === 404 ? { advice: rights } : {}),
  });
}

/** A login that failed is sometimes told as 403 or 404, with the reason in a header. */
function codeOf(status: number, headers: Record<string, string>): FailureCode {
  return /AUTHENTICAT\w+_(FAILED|DENIED)/.test(headers['x-seraph-loginreason'] ?? '')
    ? 'credentials'
    : codeOfStatus(status);
}

/** The fields that Jira objects to, by name, and those of its words that are its own. */
export function wordsOf({ errorMessages, errors }: JiraError): string {
  const words = [...errorMessages, ...Object.values(errors)].flatMap((message) =>
    typeof message === 'string' ? phrases.flatMap((phrase) => phrase.exec(message.trim())?.[0] ?? []) : [],
  );
  const fields = Object.keys(errors);
  const objects = fields.length === 0 ? [] : [`it objects to ${fields.join(', ')}`];
  return [...objects, ...new Set(words)].join('; ');
}

/** A body as its schema has it; what differs is named by path, never by value. */
export function bodyOf<T extends z.ZodType>(call: string, answer: HttpAnswer, schema: T): z.infer<T> {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.join('.') || '(top)');
  throw new Failure('protocol', `Jira: ${call} answered another form than documented, at ${paths.join(', ')}`);
}

function errorIn(answer: HttpAnswer): JiraError {
  try {
    return errorSchema.parse(answer.json());
  } catch {
    return { errorMessages: [], errors: {} };
  }
}

const tail = (words: string[]): string => (words.length === 0 ? '' : `: ${words.join(' ')}`);

/** A moment as ISO 8601 → milliseconds from now; Jira sends it beside a 429. */
function untilReset(value: string | undefined, status: number, now: number): number | undefined {
  const moment = status === 429 && value !== undefined ? Date.parse(value) : Number.NaN;
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now);
}
