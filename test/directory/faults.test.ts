import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { databaseFailure } from '../../src/directory/faults.ts';
import { Failure } from '../../src/model/failure.ts';

const thrown = (message: string, properties: object = {}) => Object.assign(new Error(message), properties);
const sqlState = (code: string, constraint?: string) =>
  new DrizzleQueryError(
    'insert …',
    ['Sarah'],
    thrown('Key (name)=(Sarah)', { code, ...(constraint && { constraint }) }),
  );

const faults: [string, unknown, string][] = [
  ['a refused connection', thrown('connect', { code: 'ECONNREFUSED' }), 'unavailable'],
  ['a name that does not resolve', thrown('getaddrinfo', { code: 'ENOTFOUND' }), 'unavailable'],
  ['a connection cut in a statement', sqlState('ECONNRESET'), 'unavailable'],
  ['an ended connection', thrown('Connection terminated unexpectedly'), 'unavailable'],
  ['a pool without a free connection', thrown('timeout exceeded when trying to connect'), 'unavailable'],
  ['a network that swallows the answer', thrown('Query read timeout'), 'unavailable'],
  ['a server told to stop', sqlState('57P01'), 'unavailable'],
  ['a server that crashed', sqlState('57P02'), 'unavailable'],
  ['a server that is starting up', sqlState('57P03'), 'unavailable'],
  ['a broken connection', sqlState('08006'), 'unavailable'],
  ['too many connections', sqlState('53300'), 'unavailable'],
  ['a full disk', sqlState('53100'), 'unavailable'],
  ['a standby that only reads', sqlState('25006'), 'unavailable'],
  ['a transaction left open too long', sqlState('25P03'), 'unavailable'],
  ['a statement that took too long', sqlState('57014'), 'unavailable'],
  ['a deadlock', sqlState('40P01'), 'conflict'],
  ['a serialization fault', sqlState('40001'), 'conflict'],
  ['a taken key', sqlState('23505', 'person_pkey'), 'conflict'],
  ['a key that nothing is known of', sqlState('23505', 'other'), 'conflict'],
  ['a reference to nobody', sqlState('23503', 'account_owner_person_id_fk'), 'not-found'],
  ['a wrong password', thrown('no', { code: '28P01' }), 'credentials'],
  ['a missing password', thrown('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), 'credentials'],
  ['no such database', thrown('no', { code: '3D000' }), 'misconfigured'],
  ['missing rights', sqlState('42501'), 'misconfigured'],
  ['missing tables', sqlState('42P01'), 'misconfigured'],
  ['an unknown certificate', thrown('self-signed', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'misconfigured'],
  ['a server without TLS', thrown('The server does not support SSL connections'), 'misconfigured'],
  ['a date that is none', sqlState('22008'), 'refused'],
  ['an error of the driver', new DrizzleQueryError('insert …', ['Sarah'], thrown('Sarah')), 'refused'],
];

test.each(faults)('%s is a failure in its class, and names nobody', (_, error, code) => {
  const failure = databaseFailure(error);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ code });
  const told = failure instanceof Failure ? `${failure.message} ${failure.advice} ${failure.cause}` : '';
  expect(told).not.toContain('Sarah');
});

test('what is no fault of the database stays what it is', () => {
  const failure = new Failure('throttled', 'slow down');
  const bug = new TypeError('x is not a function');
  expect([databaseFailure(failure), databaseFailure(bug), databaseFailure('text')]).toEqual([failure, bug, 'text']);
});

test('a database out of reach comes with advice', () => {
  expect(databaseFailure(thrown('connect', { code: 'ECONNREFUSED' }))).toMatchObject({
    message: 'the database is out of reach (ECONNREFUSED)',
    advice: expect.stringContaining('muster doctor'),
  });
});
