import { createServer, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { SeedPerson } from '../../../src/sandbox/stand-in.ts';
import { definition } from '../../../src/targets/entra-id/index.ts';
import {
  makeStandIn,
  sandboxCredentials,
  sandboxLicences,
  sandboxMailboxLicences,
} from '../../../src/targets/entra-id/sandbox.ts';
import type { AccountSeen, NewAccount, PersonKeys, Target } from '../../../src/targets/target.ts';
import { type Bench, decoyOf, openBench, sarahChen } from '../bench.ts';
import type { TargetSuite } from '../target-suite.ts';

const { tenant, clientId, clientSecret } = sandboxCredentials;

/** Settings as muster.yaml would have them, against a stand-in. */
export const settings = (baseUrl: string) => ({
  tenant,
  clientId,
  credential: { type: 'secret', clientSecret: 'env:ENTRA_SECRET' },
  baseUrl,
  loginUrl: baseUrl,
  licences: [...sandboxLicences],
  mailboxLicences: [...sandboxMailboxLicences],
});

export const suite: TargetSuite = {
  name: 'entra-id',
  definition,
  makeStandIn,
  settings,
  secrets: { 'env:ENTRA_SECRET': clientSecret },
  unknownId: '00000000-1111-4222-8333-444444444444',
  cannot: { sessions: 'Graph cannot list sign-in sessions; disabling revokes them all' },
};

export const sarah: SeedPerson = sarahChen('entra-id');

export const hire: NewAccount = {
  person: 'GT-50001',
  workerId: 'GT-50001',
  login: 'lfischer',
  email: 'lena.fischer@globaltech.example',
  firstName: 'Lena',
  lastName: 'Fischer',
  enabled: true,
  attributes: {},
};

/** The stand-in's tenant for the tests of one file, and the words that they share. */
export function tenantOfTests() {
  let opened: Bench;
  const bench = () => opened;
  beforeAll(async () => {
    opened = await openBench(suite, [decoyOf(sarah), sarah]);
  });
  afterAll(() => opened?.close());
  afterEach(() => opened.reset());
  const keys: PersonKeys = {
    person: sarah.workerId,
    workerIds: [sarah.workerId],
    email: sarah.email,
    knownAccounts: [],
  };
  const find = (target: Target, other: Partial<PersonKeys> = {}) =>
    abilities(target).accounts.find({ ...keys, ...other }, bench().context());
  return {
    bench,
    find,
    one: async (target: Target, kind: AccountSeen['kind'] = 'primary'): Promise<AccountSeen> => {
      const found = (await find(target)).find((account) => account.kind === kind);
      if (found === undefined) throw new Error('not found');
      return found;
    },
    /** A target with other settings than the suite's. */
    connect: (other: Record<string, unknown>) =>
      definition.connect(
        { ...settings(`http://127.0.0.1:${bench().relay.port}/entra-id`), ...other },
        { secret: async () => clientSecret, clock: () => Date.now() },
      ),
  };
}

/** What the target can do; all of it is there. */
export function abilities(target: Target) {
  const { accounts, entitlements, sessions } = target;
  if (accounts?.create === undefined || entitlements === undefined || sessions === undefined)
    throw new Error('missing');
  return { accounts, create: accounts.create, entitlements, sessions };
}

/** A request that a server of our own took, its body as it came. */
export interface Taken {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A server that answers as it is told and keeps what it was sent. */
export async function listening(answer: (taken: Taken, base: string) => { status?: number; json?: unknown }) {
  const taken: Taken[] = [];
  let base = '';
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const one = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(parts).toString(),
    };
    taken.push(one);
    const { status = 200, json } = answer(one, base);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(json === undefined ? '' : JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  base = `http://127.0.0.1:${address.port}`;
  return {
    base,
    taken,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A context that allows everything. */
export const allowing = () => ({
  signal: new AbortController().signal,
  beforeChange: async () => {},
  now: '2025-11-15T14:30:00.000Z',
  key: 'event/entra-id',
});
