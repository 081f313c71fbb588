import express from 'express';
import type { Fault } from '../../../src/sandbox/stand-in.ts';
import { definition } from '../../../src/targets/servicenow/index.ts';
import { makeStandIn, sandboxCredentials, sandboxOrders } from '../../../src/targets/servicenow/sandbox.ts';
import type { CallContext, Target, TicketsAbility } from '../../../src/targets/target.ts';
import { sarahChen } from '../bench.ts';

/** Secrets as muster.yaml would name them. */
export const secrets: Record<string, string> = {
  'env:SERVICENOW_SECRET': sandboxCredentials.clientSecret,
  'env:SERVICENOW_PASSWORD': sandboxCredentials.password,
};

export const oauthLogin = {
  type: 'oauth',
  clientId: sandboxCredentials.clientId,
  clientSecret: 'env:SERVICENOW_SECRET',
};
export const basicLogin = {
  type: 'basic',
  username: sandboxCredentials.username,
  password: 'env:SERVICENOW_PASSWORD',
};

/** One kind of ticket that is an order. */
export const orders = { hardware: { ...sandboxOrders.hardware, variables: { cost_center: 'IT' } } };

/** A stand-in without the sandbox around it. */
export interface Door {
  connect(settings?: Record<string, unknown>): Target;
  tickets(settings?: Record<string, unknown>): TicketsAbility;
  /** Calls the Table API as somebody else would. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; headers: Headers; body: unknown }>;
  held(): Record<string, string>[];
  /** Its tokens are forgotten, as by a restart. */
  restart(): void;
  fault: Fault | undefined;
  /** Set: what is answered to everything, whatever is asked. */
  answer: { status: number; headers?: Record<string, string>; body: string } | undefined;
  /** Set: the next call whose path fits is obeyed, and its answer lost. */
  lose: RegExp | undefined;
  called: { operation: string; worker?: string; subject?: string }[];
  requests: string[];
  now: number;
  close(): Promise<void>;
}

export async function openDoor(): Promise<Door> {
  const targets: Target[] = [];
  const standIn = makeStandIn({ called: (call) => void door.called.push(call), fault: () => door.fault });
  standIn.seed([sarahChen('servicenow')]);
  const app = express();
  app.use((request, response, next) => {
    door.requests.push(`${request.method} ${decodeURIComponent(request.originalUrl)}`);
    if (door.lose?.test(request.path)) {
      door.lose = undefined;
      response.end = () => response.destroy();
    }
    if (door.answer === undefined) return next();
    response.status(door.answer.status).set({ 'content-type': 'application/json', ...door.answer.headers });
    response.send(door.answer.body);
  });
  if (standIn.router !== undefined) app.use(standIn.router);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stand-in listens nowhere');
  const url = `http://127.0.0.1:${address.port}`;
  const authorization = `Basic ${Buffer.from(`${sandboxCredentials.username}:${sandboxCredentials.password}`).toString('base64')}`;
  const connect: Door['connect'] = (settings = {}) => {
    const target = definition.connect(
      { baseUrl: url, login: oauthLogin, ...settings },
      { secret: async (reference) => secrets[reference] ?? '', clock: () => door.now },
    );
    targets.push(target);
    return target;
  };
  const door: Door = {
    connect,
    tickets: (settings) => {
      const { tickets } = connect(settings);
      if (tickets === undefined) throw new Error('no tickets');
      return tickets;
    },
    api: async (method, path, body) => {
      const answer = await fetch(`${url}/api/now/table/${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, headers: answer.headers, body: await answer.json() };
    },
    held: () => JSON.parse(JSON.stringify(standIn.state()['tickets'])),
    restart: () => standIn.restore(standIn.dump()),
    fault: undefined,
    answer: undefined,
    lose: undefined,
    called: [],
    requests: [],
    now: Date.parse('2025-11-15T14:30:00Z'),
    close: async () => {
      await Promise.all(targets.map((target) => target.close?.()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return door;
}

export const context = (): CallContext => ({
  signal: new AbortController().signal,
  beforeChange: async () => {},
  now: '2025-11-15T14:30:00.000Z',
  key: 'workday:transaction-1/servicenow',
});

/** The ticket that a leaver gets. */
export const offboarding = {
  correlationId: 'offboarding:GT-48291:2025-11-15',
  kind: 'offboarding',
  title: 'Offboarding of GT-48291',
  body: 'Collect the laptop and the badge.',
};

/** The laptop that a new colleague gets. */
export const hardware = {
  correlationId: 'order:GT-48291:laptop',
  kind: 'hardware',
  title: 'Laptop for GT-48291',
  body: 'GT-48291 starts on 2025-12-01.',
  fields: { model: 'Standard', start_date: '2025-12-01' },
};
