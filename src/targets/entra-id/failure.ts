import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';
import { codeOfStatus, type HttpAnswer, retryAfter } from '../http-client.ts';

/** As people write it, in every message. */
export const title = 'Microsoft Entra ID';

const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string().default(''),
    innerError: z.object({ 'request-id': z.string() }).partial().nullish().catch(undefined),
  }),
});

/** A refusal in Graph's own words: the failure, with the code and the words that callers may act on. */
export class GraphError extends Failure {
  readonly graphCode: string;
  readonly words: string;

  constructor(
    code: FailureCode,
    message: string,
    said: { graphCode: string; words: string },
    options: { retryAfterMs?: number; advice?: string },
  ) {
    super(code, message, options);
    this.graphCode = said.graphCode;
    this.words = said.words;
  }
}

/** An error answer → a Failure in its class, with both ids by which Microsoft's support finds the request. */
export function failureOf(
  call: { name: string; permission: string },
  answer: HttpAnswer,
  clientRequestId: string,
): GraphError {
  const error = errorOf(answer);
  const graphCode = error?.code ?? 'without a code';
  const words = (error?.message ?? answer.text).replace(/\s+/g, ' ').slice(0, 300) || '(empty)';
  const requestId = answer.headers['request-id'] ?? error?.innerError?.['request-id'] ?? 'none';
  const retryAfterMs = retryAfter(answer.headers['retry-after']);
  const denied = graphCode === 'Authorization_RequestDenied';
  return new GraphError(
    codeOfStatus(answer.status),
    `${title}: ${call.name} answered ${answer.status} ${graphCode}: ${words} (request-id ${requestId}, client-request-id ${clientRequestId})`,
    { graphCode, words },
    {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(denied ? { advice: adviceFor(call.permission) } : {}),
    },
  );
}

/** Graph says the same for a permission that is missing and for a user who outranks the app. */
const adviceFor = (permission: string): string =>
  `Grant the app the application permission ${permission} with admin consent. Where it has that, the user or group holds a directory role: give the app's service principal one that may act on it (see the README of the target).`;

/** True when Graph itself says that there is no such object; a proxy's bare 404 is not that. */
export const saysGone = (error: unknown): boolean =>
  error instanceof GraphError && error.code === 'not-found' && error.graphCode.endsWith('ResourceNotFound');

/** True when the object comes from Active Directory, which alone may change it. */
export const saysOnPremises = (error: unknown): boolean =>
  error instanceof GraphError && error.code === 'refused' && /on-premises mastered/i.test(error.words);

/** JSON as documented, or a `protocol` failure that names where it differs and never the value. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join('.') ?? '';
  throw new Failure(
    'protocol',
    `${title}: ${name} answered JSON of another form than documented${where && `, at ${where}`}`,
  );
}

function errorOf(answer: HttpAnswer): z.infer<typeof errorSchema>['error'] | undefined {
  try {
    return errorSchema.safeParse(JSON.parse(answer.text)).data?.error;
  } catch {
    return undefined;
  }
}
