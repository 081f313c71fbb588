import { Client } from 'ldapts';
import { type Certificates, makeCertificates } from '../../../src/sandbox/certificates.ts';
import type { Fault, SeedPerson, StandIn } from '../../../src/sandbox/stand-in.ts';
import { definition } from '../../../src/targets/active-directory/index.ts';
import { makeStandIn, sandboxCredentials, sandboxSettings } from '../../../src/targets/active-directory/sandbox.ts';
import type { AccountSeen, CallContext, PersonKeys, Target } from '../../../src/targets/target.ts';

/** Settings for the stand-in, as muster.yaml has them. */
export const standInSettings = (baseUrl: string, made: { ca: string }) => ({
  ...sandboxSettings,
  url: baseUrl.replace(/^https:/, 'ldaps:'),
  password: 'env:AD_PASSWORD',
  ...(made.ca === '' ? {} : { ca: made.ca }),
});

/** What `env:AD_PASSWORD` stands for. */
export const secrets = { 'env:AD_PASSWORD': sandboxCredentials.password };

export const base = sandboxSettings.baseDn;

/** A target that has what Active Directory has. */
export type Connected = Target & Required<Pick<Target, 'accounts' | 'entitlements' | 'sessions' | 'close'>>;

export interface Domain {
  url: string;
  certificates: Certificates;
  standIn: StandIn;
  /** The changing calls that were obeyed: `disable account schen`. */
  calls: string[];
  fault: Fault | undefined;
  /** A target with these settings instead of the usual, without those that are undefined; all are closed with the domain. */
  connect(
    settings?: Record<string, unknown>,
    dependencies?: { secret?(reference: string): Promise<string>; clock?(): number },
  ): Connected;
  /** A client logged on as the service account, for what other administrators do. */
  administrator(): Promise<Client>;
  seed(people: SeedPerson[]): void;
  close(): Promise<void>;
}

/** Starts the stand-in by itself on a free port. */
export async function openDomain(people: SeedPerson[]): Promise<Domain> {
  const certificates = await makeCertificates();
  const closing: (() => Promise<void>)[] = [];
  const calls: string[] = [];
  const standIn = makeStandIn({
    called: ({ operation, subject }) => calls.push(`${operation} ${subject}`),
    fault: () => domain.fault,
    faultUsed: () => {
      const count = domain.fault?.count;
      if (count === undefined) return;
      domain.fault = count > 1 ? { ...domain.fault, count: count - 1 } : undefined;
    },
  });
  const listening = await standIn.listen?.({ host: '127.0.0.1', port: 0, tls: certificates });
  if (listening === undefined) throw new Error('the stand-in does not listen');
  const url = `ldaps://127.0.0.1:${listening.port}`;
  const domain: Domain = {
    url,
    certificates,
    standIn,
    calls,
    fault: undefined,
    connect: (settings = {}, dependencies = {}) => {
      const all = Object.entries({ ...standInSettings(url, certificates), ...settings });
      const target = definition.connect(Object.fromEntries(all.filter(([, value]) => value !== undefined)), {
        secret: async () => sandboxCredentials.password,
        clock: () => Date.now(),
        ...dependencies,
      }) as Connected;
      closing.push(() => target.close());
      return target;
    },
    administrator: async () => {
      const client = new Client({ url, tlsOptions: { ca: certificates.ca } });
      await client.bind(sandboxCredentials.bindDn, sandboxCredentials.password);
      closing.push(() => client.unbind());
      return client;
    },
    seed: (again) => {
      domain.fault = undefined;
      standIn.seed(again);
      calls.length = 0;
    },
    close: async () => {
      for (const close of closing) await close();
      await listening.close();
    },
  };
  standIn.seed(people);
  return domain;
}

export const context = (given: Partial<CallContext> = {}): CallContext => ({
  signal: new AbortController().signal,
  beforeChange: async () => {},
  now: '2025-11-15T14:30:00.000Z',
  key: 'workday:transaction-1/active-directory',
  ...given,
});

export const keysOf = (person: SeedPerson, knownAccounts: string[] = []): PersonKeys => ({
  person: person.workerId,
  workerIds: [person.workerId],
  email: person.email,
  knownAccounts,
});

/** The one account of this login among those found. */
export async function accountNamed(target: Connected, person: SeedPerson, login: string): Promise<AccountSeen> {
  const found = await target.accounts.find(keysOf(person), context());
  const account = found.find(({ name }) => name === login);
  if (account === undefined) throw new Error(`${login} was not found`);
  return account;
}
