import { afterAll, afterEach, beforeAll } from 'vitest';
import type { SeedPerson } from '../../../src/sandbox/stand-in.ts';
import { definition } from '../../../src/targets/scim/index.ts';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/scim/sandbox.ts';
import type { AccountSeen, NewAccount, PersonKeys, Target } from '../../../src/targets/target.ts';
import { type Bench, decoyOf, openBench, sarahChen } from '../bench.ts';
import type { TargetSuite } from '../target-suite.ts';

const { token, clientId, clientSecret } = sandboxCredentials;

/** Settings as muster.yaml would have them, against a stand-in. */
export const settings = (baseUrl: string) => ({
  baseUrl: `${baseUrl}/v2`,
  title: 'Onboarding portal',
  login: { type: 'bearer', token: 'env:PORTAL_TOKEN' },
});

export const secrets = { 'env:PORTAL_TOKEN': token, 'env:PORTAL_SECRET': clientSecret };

/** The login by client credentials instead. */
export const oauth = (baseUrl: string) => ({
  type: 'oauth',
  tokenUrl: `${baseUrl}/oauth/token`,
  clientId,
  clientSecret: 'env:PORTAL_SECRET',
});

export const suite: TargetSuite = {
  name: 'scim',
  definition,
  makeStandIn,
  settings,
  secrets,
  unknownId: 'no-such-user',
  listed: { workerId: ['primary'] },
};

export const sarah: SeedPerson = sarahChen('scim');

export const keys: PersonKeys = {
  person: sarah.workerId,
  workerIds: [sarah.workerId],
  email: sarah.email,
  knownAccounts: [],
};

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

/** The stand-in's portal for the tests of one file, and the words that they share. */
export function portalOfTests() {
  let opened: Bench;
  const bench = () => opened;
  let connected: Target[] = [];
  beforeAll(async () => {
    opened = await openBench(suite, [decoyOf(sarah), sarah]);
  });
  afterAll(() => opened?.close());
  afterEach(async () => {
    await opened.reset();
    await Promise.all(connected.map((target) => target.close?.()));
    connected = [];
  });
  return {
    bench,
    base: () => `http://127.0.0.1:${opened.relay.port}/scim`,
    /** A target with other settings than the suite's. */
    connect: (other: Record<string, unknown> = {}) => {
      const given: Record<string, string> = secrets;
      const target = definition.connect(
        { ...settings(`http://127.0.0.1:${opened.relay.port}/scim`), ...other },
        { secret: async (name) => given[name] ?? '', clock: () => Date.now() },
      );
      connected.push(target);
      return target;
    },
    find: (target: Target, other: Partial<PersonKeys> = {}) =>
      abilities(target).accounts.find({ ...keys, ...other }, opened.context()),
    one: async (target: Target, kind: AccountSeen['kind'] = 'primary') =>
      only((await abilities(target).accounts.find(keys, opened.context())).filter((account) => account.kind === kind)),
  };
}

/** The one that there is. */
export function only<T>(items: T[]): T {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`${items.length} where one was expected`);
  return item;
}

/** What the target can do; all of it is there. */
export function abilities(target: Target) {
  const { accounts, entitlements } = target;
  if (accounts?.create === undefined || entitlements === undefined) throw new Error('missing');
  return { accounts, create: accounts.create, entitlements };
}
