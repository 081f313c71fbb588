import { DrizzleQueryError } from 'drizzle-orm';
import { Failure } from '../model/failure.ts';

/** Errors of Node's sockets and resolver that mean: the database is out of reach. */
const socketFaults = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);

/** What `pg` and PGlite say without a code when a connection is lost or none comes free. */
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (has encountered a connection error|was closed)|Cannot use a pool after calling end|PGlite is (closed|closing))/i;

/** A deadlock or a serialization fault: the same transaction, run again, may well succeed. */
export class Contention extends Failure {}

/** What a unique key that is broken means, in words. */
const takenKeys: Readonly<Record<string, string>> = {
  person_pkey: 'a person with this id exists already',
  identifier_pkey: 'one of these identifiers belongs to another person',
};

const reachAdvice =
  'Look whether PostgreSQL runs and takes connections (`muster doctor`); what waits for it goes on by itself.';

interface DatabaseError {
  code: string;
  message: string;
  constraint: string;
}

/**
 * Puts whatever the database or its driver throws into its class. What is no database's error comes back as it is.
 * The driver's own message is left out, because it quotes values, and those can be personal.
 */
export function databaseFailure(thrown: unknown): unknown {
  const error = innermost(thrown);
  if (error === undefined || thrown instanceof Failure) return thrown;
  const { code, message, constraint } = error;
  if (socketFaults.has(code) || lostConnection.test(message)) {
    return unavailable(code === '' ? message : code);
  }
  if (/^SASL|password/.test(message)) return credentials(undefined);
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code) || /does not support SSL/.test(message)) {
    return new Failure('misconfigured', `no trusted TLS connection to the database (${code || 'it offers no TLS'})`, {
      advice: 'Check sslmode in DATABASE_URL and the certificate authority in NODE_EXTRA_CA_CERTS.',
    });
  }
  if (!/^[0-9A-Z]{5}$/.test(code)) {
    // Drizzle's own message lists the parameters.
    return thrown instanceof DrizzleQueryError ? new Failure('refused', 'the database driver failed', {}) : thrown;
  }
  const cause = new Error(`SQLSTATE ${code}${constraint === '' ? '' : ` at ${constraint}`}`);
  if (/^(08|53|57P|58)/.test(code) || code === '25006' || code === '25P03') return unavailable(`SQLSTATE ${code}`);
  if (code === '57014' || code === '55P03') {
    return new Failure('unavailable', 'the database took too long over a statement and gave it up', {
      advice:
        'Look for a long transaction that holds a lock (pg_stat_activity), or for a database under too much load.',
      cause,
    });
  }
  if (code === '40001' || code === '40P01') {
    return new Contention('conflict', 'two transactions got in each other’s way, again and again', { cause });
  }
  if (code === '23505') {
    return new Failure('conflict', takenKeys[constraint] ?? `there is already a row like this (${constraint})`, {
      cause,
    });
  }
  if (code === '23503')
    return new Failure('not-found', `what this refers to does not exist (${constraint})`, { cause });
  if (code.startsWith('28')) return credentials(cause);
  if (code === '3D000' || code === '42501') {
    return new Failure('misconfigured', 'the database of DATABASE_URL does not exist or our role may not use it', {
      advice: 'Create the database, and let the role own it or grant it the schema "muster".',
      cause,
    });
  }
  if (code === '42P01' || code === '3F000' || code === '42703' || code === '42883') {
    return new Failure('misconfigured', 'the database lacks tables or columns of this version of Muster', {
      advice: 'Run `muster setup`, which brings the database up to this version.',
      cause,
    });
  }
  return new Failure('refused', `the database refused a statement (SQLSTATE ${code})`, { cause });
}

function unavailable(what: string): Failure {
  return new Failure('unavailable', `the database is out of reach (${what})`, {
    advice: reachAdvice,
    cause: new Error(what),
  });
}

function credentials(cause: Error | undefined): Failure {
  return new Failure('credentials', 'the database refuses our login', {
    advice: 'Check user and password in DATABASE_URL, and pg_hba.conf at the server.',
    cause,
  });
}

/** Drizzle wraps the driver's error, and that may wrap the socket's. The first one with a code says most. */
function innermost(thrown: unknown): DatabaseError | undefined {
  let found: DatabaseError | undefined;
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    const constraint = 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : '';
    found = { code, message: error.message, constraint };
    if (code !== '') return found;
  }
  return found;
}
