import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';
import { codeOfStatus, retryAfter } from '../http-client.ts';

/** IAM's error codes, without the SDK's suffix `Exception`, where the HTTP status alone would say something else. */
const codes: Readonly<Record<string, FailureCode>> = {
  // https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
  Throttling: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequests: 'throttled',
  AccessDenied: 'refused',
  NotAuthorized: 'refused',
  LimitExceeded: 'refused',
  DeleteConflict: 'refused',
  InvalidClientTokenId: 'credentials',
  UnrecognizedClient: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  IncompleteSignature: 'credentials',
  MissingAuthenticationToken: 'credentials',
  ExpiredToken: 'credentials',
  RequestExpired: 'credentials',
  AuthFailure: 'credentials',
  CredentialsProviderError: 'credentials',
  EntityTemporarilyUnmodifiable: 'conflict',
  ConcurrentModification: 'conflict',
  EntityAlreadyExists: 'conflict',
  ServiceFailure: 'unavailable',
  ServiceUnavailable: 'unavailable',
  InternalFailure: 'unavailable',
};

const advice: Readonly<Record<string, string>> = {
  AccessDenied: "Compare the policy of Muster's own user with the one in the README of this target.",
  LimitExceeded: 'A quota of the AWS account is full; make room there.',
  SignatureDoesNotMatch: "Check the secret access key, and this machine's clock.",
  RequestExpired: "Check this machine's clock.",
  CredentialsProviderError: 'Set accessKeyId and secretAccessKey, or give the process a role.',
};

const sdkError = z.object({
  name: z.string(),
  message: z.string(),
  code: z.unknown().optional(),
  $metadata: z.object({ httpStatusCode: z.number().exactOptional() }).exactOptional(),
  $response: z.object({ headers: z.record(z.string(), z.string()) }).exactOptional(),
});

/**
 * What the SDK threw, without what hangs on it: the response leads to the request, whose headers hold the signature and
 * the session token, and a cause may end up in logs and histories.
 */
export class IamError extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** Whatever the SDK throws → a Failure in its class. `what` names the call: `AWS IAM: PutUserPolicy`. */
export function toFailure(what: string, error: unknown, signal: AbortSignal): Failure {
  if (error instanceof Failure) return error;
  const parsed = sdkError.safeParse(error).data ?? { name: 'Error', message: 'unknown' };
  const name = parsed.name.replace(/Exception$/, '');
  // SignatureDoesNotMatch goes on with what should have been signed, the session token included.
  const message = excerpt(parsed.message.replace(/The Canonical String.*/s, ''));
  const cause = new IamError(name, message);
  if (signal.aborted) return timeout(what, cause);
  const status = parsed.$metadata?.httpStatusCode;
  if (status === undefined && codes[name] === undefined) return networkFailure(what, name, parsed.code, cause);

  const retryAfterMs = retryAfter(parsed.$response?.headers['retry-after']);
  const advised = advice[name];
  return new Failure(
    codes[name] ?? codeOfAnswer(status ?? 0),
    `${what} answered ${[status, name].filter((part) => part !== undefined).join(' ')}: ${message}`,
    {
      cause,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(advised === undefined ? {} : { advice: advised }),
    },
  );
}

/** True when IAM itself says that there is no such thing; a bare 404 of something in between is not that. */
export function saysNoSuchEntity(failure: unknown): boolean {
  return failure instanceof Failure && failure.cause instanceof IamError && failure.cause.name === 'NoSuchEntity';
}

/** A 2xx that ends up here could not be read, whatever else the SDK makes of it. */
function codeOfAnswer(status: number): FailureCode {
  return status < 300 ? 'protocol' : codeOfStatus(status);
}

function networkFailure(what: string, name: string, code: unknown, cause: unknown): Failure {
  const word = typeof code === 'string' ? code : '';
  if (word.startsWith('ERR_TLS') || word.includes('CERT') || word.includes('SELF_SIGNED')) {
    return new Failure('misconfigured', `${what}: its certificate is not trusted (${word})`, {
      cause,
      advice: 'Give the process the authority that signed it in NODE_EXTRA_CA_CERTS.',
    });
  }
  // The SDK calls a cut connection a TimeoutError too, so the code is looked at first.
  const slow = word === 'ETIMEDOUT' || (word === '' && (name === 'TimeoutError' || name === 'AbortError'));
  if (slow) return timeout(what, cause);
  return new Failure('unavailable', `${what} could not be reached (${word || name})`, { cause });
}

function timeout(what: string, cause: unknown): Failure {
  return new Failure('timeout', `${what} gave no answer in time; whether it took effect is unknown`, { cause });
}

const excerpt = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 300) || '(empty)';
