import { ResultCodeError } from 'ldapts';
import { Failure, type FailureCode, type FailureOptions } from '../../model/failure.ts';

/** LDAP result codes (RFC 4511 appendix A) by what is to be done about them; any other is `protocol`. */
const codeOfResult: Readonly<Record<number, FailureCode>> = {
  1: 'unavailable',
  3: 'unavailable',
  4: 'ambiguous',
  8: 'misconfigured',
  10: 'misconfigured',
  11: 'throttled',
  13: 'misconfigured',
  16: 'conflict',
  17: 'misconfigured',
  18: 'misconfigured',
  19: 'refused',
  20: 'conflict',
  21: 'misconfigured',
  32: 'not-found',
  34: 'misconfigured',
  48: 'credentials',
  49: 'credentials',
  50: 'refused',
  51: 'throttled',
  52: 'unavailable',
  53: 'refused',
  64: 'refused',
  65: 'refused',
  66: 'refused',
  67: 'refused',
  68: 'conflict',
  80: 'unavailable',
};

/** Why a logon was refused, by the sub-code after `data` in error 49. */
const logonRefusals: Readonly<Record<string, string>> = {
  '525': 'there is no such account',
  '52e': 'the password is wrong',
  '530': 'it may not log on at this hour',
  '531': 'it may not log on from here',
  '532': 'its password has expired',
  '533': 'it is disabled',
  '701': 'it has expired',
  '773': 'it must change its password first',
  '775': 'it is locked',
};

const advice: Readonly<Record<number, string>> = {
  8: 'Connect by ldaps://.',
  10: 'Set "baseDn" to the domain that this domain controller holds.',
  19: "The domain's password or attribute rules forbid it.",
  49: 'Look at the service account that "bindDn" names, and at "password".',
  50: 'Delegate the right to the service account; the README of this target lists all that it needs.',
};

/** A directory's answer other than success. It keeps the result code, by which "already so" is told from a fault. */
export class Refusal extends Failure {
  readonly result: number;
  /** `52e` and the like, where the directory gave one. */
  readonly detail: string | undefined;

  constructor(code: FailureCode, message: string, result: number, detail: string | undefined, options: FailureOptions) {
    super(code, message, options);
    this.result = result;
    this.detail = detail;
  }
}

/**
 * Whatever ldapts throws → a Failure. The directory's own text names people ("Entry CN=… already exists"), so only
 * its codes are kept, and not the error as a cause.
 */
export function failureOf(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ResultCodeError) return refusal(what, error);
  const name = error instanceof Error ? error.name : '';
  if (name === 'MessageParserError' || name === 'InvalidAsn1Error' || error instanceof TypeError) {
    return new Failure('protocol', `${what} was answered by something that is not LDAP`, { cause: error });
  }
  return connectionFailure(what, error);
}

/** A connection that could not be made, or was cut. */
export function connectionFailure(what: string, error: unknown): Failure {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (/^ERR_(TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return new Failure('misconfigured', `${what}: the domain controller's certificate is not trusted (${code})`, {
      cause: error,
      advice: 'Set "ca" to the authority that signed it, and name the host in "url" as the certificate does.',
    });
  }
  return new Failure('unavailable', `${what}: the connection was cut or not made (${code || 'closed'})`, {
    cause: error,
  });
}

/** No answer in time, or the caller gave up waiting. */
export const noAnswer = (what: string): Failure =>
  new Failure('timeout', `${what} gave no answer in time; whether it took effect is unknown`);

function refusal(what: string, error: ResultCodeError): Refusal {
  const detail = /\bdata ([0-9a-f]+)\b/i.exec(error.message)?.[1]?.toLowerCase();
  const why = [
    error.code === 49 && detail !== undefined ? logonRefusals[detail] : undefined,
    /\b[0-9A-F]{8}\b/.exec(error.message)?.[0],
    /\(([A-Z_]{4,})\)/.exec(error.message)?.[1],
    error.code === 49 && detail !== undefined ? `data ${detail}` : undefined,
  ].filter((part) => part !== undefined);
  const said = why.length === 0 ? '' : `: ${why.join(', ')}`;
  const hint = advice[error.code];
  const message = `${what} answered ${error.code} (${error.name.replace(/Error$/, '')})${said}`;
  return new Refusal(
    codeOfResult[error.code] ?? 'protocol',
    message,
    error.code,
    detail,
    hint === undefined ? {} : { advice: hint },
  );
}
