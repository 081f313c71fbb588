import express from 'express';
import type { Fault, SeedPerson } from '../../../src/sandbox/stand-in.ts';
import { CyberArkClient } from '../../../src/targets/cyberark/client.ts';
import { definition } from '../../../src/targets/cyberark/index.ts';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/cyberark/sandbox.ts';
import { type Vault, vaultSchema } from '../../../src/targets/cyberark/sandbox-vault.ts';
import { settingsSchema } from '../../../src/targets/cyberark/settings.ts';
import type { CallContext, Target } from '../../../src/targets/target.ts';
import { sarahChen } from '../bench.ts';

export const sarah = sarahChen('cyberark');

/** Secrets as muster.yaml would name them. */
export const secrets: Record<string, string> = {
  'env:CYBERARK_PASSWORD': sandboxCredentials.password,
  'env:CYBERARK_SECRET': sandboxCredentials.clientSecret,
};

export const vaultLogin = { type: 'vault', username: sandboxCredentials.username, password: 'env:CYBERARK_PASSWORD' };

/** A stand-in without the sandbox around it, whose state a test may write. */
export interface Door {
  url: string;
  connect(settings?: Record<string, unknown>): Target;
  /** The client alone, below the abilities. */
  client(): CyberArkClient;
  /** Changes what the vault holds; its tokens are forgotten, as by a restart. */
  edit(change: (vault: Vault) => void): void;
  vault(): Vault;
  fault: Fault | undefined;
  /** Changing calls that were obeyed. */
  obeyed: string[];
  /** `GET /PasswordVault/API/Users/?search=…` of every request that came in. */
  requests: string[];
  /** Asked before anything is answered; a request waits for what it gives back. */
  gate: ((request: string) => Promise<void> | undefined) | undefined;
  /** Requests that answer 500. */
  broken: ((request: string) => boolean) | undefined;
  /** The clock of connected targets, in milliseconds. */
  now: number;
  close(): Promise<void>;
}

export async function openDoor(people: SeedPerson[] = [sarah]): Promise<Door> {
  const targets: { close?(): Promise<void> }[] = [];
  const door: Omit<Door, 'url' | 'connect' | 'client' | 'close'> = {
    edit: (change) => {
      const vault = vaultSchema.parse(standIn.dump());
      change(vault);
      standIn.restore(vault);
    },
    vault: () => vaultSchema.parse(standIn.dump()),
    fault: undefined,
    obeyed: [],
    requests: [],
    gate: undefined,
    broken: undefined,
    now: Date.parse('2025-11-15T14:30:00Z'),
  };
  const standIn = makeStandIn({
    called: ({ operation, subject }) => void door.obeyed.push(`${operation} ${subject}`),
    fault: () => door.fault,
  });
  standIn.seed(people);
  const app = express();
  app.use(async (request, response, next) => {
    const what = `${request.method} ${decodeURIComponent(request.originalUrl)}`;
    door.requests.push(what);
    await door.gate?.(what);
    if (door.broken?.(what) !== true) return next();
    response.status(500).json({ ErrorCode: 'CAWS00001E', ErrorMessage: 'broken' });
  });
  if (standIn.router !== undefined) app.use(standIn.router);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stand-in listens nowhere');
  const url = `http://127.0.0.1:${address.port}`;
  const dependencies = { secret: async (reference: string) => secrets[reference] ?? '', clock: () => door.now };
  const basics = { baseUrl: `${url}/PasswordVault`, login: vaultLogin };
  return Object.assign(door, {
    url,
    client: () => {
      const client = new CyberArkClient(settingsSchema.parse(basics), dependencies);
      targets.push(client);
      return client;
    },
    connect: (settings: Record<string, unknown> = {}) => {
      const target = definition.connect({ ...basics, ...settings }, dependencies);
      targets.push(target);
      return target;
    },
    close: async () => {
      await Promise.all(targets.map((target) => target.close?.()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export const context = (signal: AbortSignal = new AbortController().signal): CallContext => ({
  signal,
  beforeChange: async () => {},
  now: '2025-11-15T14:30:00.000Z',
  key: 'workday:transaction-1/cyberark',
});

/** What a target is asked with for Sarah Chen. */
export const keys = { person: sarah.workerId, workerIds: [sarah.workerId], email: sarah.email, knownAccounts: [] };
