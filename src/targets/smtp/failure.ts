import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';

/** What nodemailer says of a failure. Its message and the server's words stay out: they name addresses. */
const errorSchema = z.object({
  /** `EAUTH`, `EENVELOPE`, `ETIMEDOUT`, … */
  code: z.string().optional().catch(undefined),
  /** The system's own, `ECONNREFUSED` or `CERT_HAS_EXPIRED`, say. */
  originalCode: z.string().optional().catch(undefined),
  /** The reply code. */
  responseCode: z.number().optional().catch(undefined),
  response: z.string().optional().catch(undefined),
  /** What was being said: `RCPT TO`, `AUTH PLAIN`. */
  command: z.string().optional().catch(undefined),
});
type MailError = z.infer<typeof errorSchema>;

interface Reading {
  code: FailureCode;
  /** Beside the reply. */
  told?: string;
  advice?: string;
}

/** A failure to send or to log on → a Failure in its class. */
export function failureOf(call: string, error: unknown, aborted: boolean): Failure {
  if (error instanceof Failure) return error;
  const mail = errorSchema.safeParse(error).data ?? {};
  const { code, told, advice } = aborted || mail.code === 'EABORT' ? noAnswer : readingOf(mail);
  const words = told ?? (reply(mail) === '' ? `failed (${mail.originalCode ?? mail.code ?? 'unknown'})` : '');
  const said = reply(mail) === '' ? words : `was answered ${reply(mail)}${words === '' ? '' : ` ${words}`}`;
  return new Failure(code, `E-mail: ${call} ${said}`, {
    // A refusal's own words may name people, and causes are logged.
    ...(network.has(mail.code ?? '') && mail.response === undefined ? { cause: error } : {}),
    ...(advice === undefined ? {} : { advice }),
  });
}

const network = new Set(['ECONNECTION', 'ESOCKET', 'EDNS', 'ETIMEDOUT', 'ETLS']);

const noAnswer: Reading = { code: 'timeout', told: 'had no answer in time; whether it took effect is unknown' };

function readingOf(mail: MailError): Reading {
  const { code = '', originalCode = '', responseCode = 0 } = mail;
  if (code === 'ETIMEDOUT') return noAnswer;
  if (/CERT|SELF_SIGNED|ISSUER|SIGNATURE|ERR_TLS/.test(originalCode)) {
    return {
      code: 'misconfigured',
      told: `does not trust the server's certificate (${originalCode})`,
      advice: 'Set "ca" to the authority that signed it, and "host" to a name that it has.',
    };
  }
  if (code === 'ETLS' && responseCode >= 500) {
    return {
      code: 'misconfigured',
      told: 'to STARTTLS, and without TLS nothing is sent',
      advice: 'Set "tls" to "implicit" with port 465, or have the server offer STARTTLS.',
    };
  }
  if (responseCode >= 500) return permanent(mail, responseCode);
  if (responseCode >= 400) return { code: isThrottling(mail) ? 'throttled' : 'unavailable' };
  if (code === 'EAUTH' || code === 'ENOAUTH') return wrongLogin;
  if (code === 'ECONFIG' || code === 'EENVELOPE' || code === 'EMESSAGE') return { code: 'misconfigured' };
  return { code: 'unavailable' };
}

const wrongLogin: Reading = {
  code: 'credentials',
  advice: 'Look at "login": an application\'s own password may be needed.',
};

/** 5xx: the server understood and will not. RFC 5321 4.2.2, RFC 3463. */
function permanent(mail: MailError, responseCode: number): Reading {
  const status = enhanced(mail);
  if (mail.code === 'EAUTH' || responseCode === 530 || responseCode === 535) return wrongLogin;
  if (isThrottling(mail)) return { code: 'throttled' };
  if (status.startsWith('5.1.1') || status.startsWith('5.1.2') || status.startsWith('5.1.3') || status === '5.1.10') {
    return { code: 'not-found', advice: 'The server knows no such address: compare the directory, or the list.' };
  }
  return {
    code: 'refused',
    advice: 'The server will not take this mail: look at its log, and at what it lets us send.',
  };
}

/** Mail flood, too many connections or messages: X.7.28, X.4.5, 4.3.2, and 432. */
function isThrottling(mail: MailError): boolean {
  return mail.responseCode === 432 || /^([45]\.7\.28|[45]\.4\.5|4\.3\.2)$/.test(enhanced(mail));
}

const enhanced = ({ response = '' }: MailError): string =>
  /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] ?? '';

function reply(mail: MailError): string {
  if (mail.responseCode === undefined) return '';
  return `${mail.responseCode} ${enhanced(mail)}`.trim();
}
