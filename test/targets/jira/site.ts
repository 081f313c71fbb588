import express from 'express';
import { z } from 'zod';
import type { Fault } from '../../../src/sandbox/stand-in.ts';
import { definition } from '../../../src/targets/jira/index.ts';
import { jiraSite, sandboxCredentials } from '../../../src/targets/jira/sandbox.ts';
import type { CallContext, Target, TicketsAbility } from '../../../src/targets/target.ts';
import { sarahChen } from '../bench.ts';

/** Secrets as muster.yaml would name them. */
export const secrets: Record<string, string> = { 'env:JIRA_TOKEN': sandboxCredentials.token };
export const login = { email: sandboxCredentials.email, token: 'env:JIRA_TOKEN' };
export const kinds = {
  offboarding: { project: 'OFF', doneTransition: 'Done' },
  onboarding: { project: 'ON' },
};

/** A call as it came in. */
export interface Asked {
  request: string;
  body: unknown;
}

const heldSchema = z.looseObject({
  id: z.string(),
  number: z.string(),
  title: z.string(),
  comments: z.array(z.string()),
  subtasks: z.array(z.looseObject({ number: z.string(), title: z.string(), labels: z.array(z.string()) })),
});

/** A stand-in without the sandbox around it. */
export interface Door {
  connect(settings?: Record<string, unknown>): Target;
  tickets(settings?: Record<string, unknown>): TicketsAbility;
  /** Calls the API as somebody else would. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  held(): z.infer<typeof heldSchema>[];
  /** The titles of all sub-tasks, as they were made. */
  lines(): string[];
  fault: Fault | undefined;
  /** Set: what is answered to every call whose path it fits, whatever is asked. */
  answer: { path?: RegExp; status: number; headers?: Record<string, string>; body: string } | undefined;
  /** Set: the next call whose path fits is obeyed, and its answer lost. */
  lose: RegExp | undefined;
  called: { operation: string; worker?: string; subject?: string }[];
  asked: Asked[];
  /** Method and path of the changing calls. */
  changes(): string[];
  now: number;
  close(): Promise<void>;
}

export async function openDoor(indexLagMs = 1_000_000): Promise<Door> {
  const targets: Target[] = [];
  const tools = { called: (call: Door['called'][number]) => void door.called.push(call), fault: () => door.fault };
  const standIn = jiraSite(tools, { indexLagMs });
  standIn.seed([sarahChen('jira')]);
  const app = express();
  app.use(express.json(), (request, response, next) => {
    door.asked.push({ request: `${request.method} ${decodeURIComponent(request.originalUrl)}`, body: request.body });
    if (door.lose?.test(request.path)) {
      door.lose = undefined;
      response.end = () => response.destroy();
    }
    if (door.answer === undefined || door.answer.path?.test(request.path) === false) return next();
    response.status(door.answer.status).set({ 'content-type': 'application/json', ...door.answer.headers });
    response.send(door.answer.body);
  });
  if (standIn.router !== undefined) app.use(standIn.router);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stand-in listens nowhere');
  const url = `http://127.0.0.1:${address.port}`;
  const authorization = `Basic ${Buffer.from(`${sandboxCredentials.email}:${sandboxCredentials.token}`).toString('base64')}`;
  const connect: Door['connect'] = (settings = {}) => {
    const target = definition.connect(
      { baseUrl: url, login, kinds, ...settings },
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
      const answer = await fetch(`${url}/rest/api/3/${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    held: () => z.array(heldSchema).parse(JSON.parse(JSON.stringify(standIn.state()['tickets']))),
    lines: () => door.held().flatMap(({ subtasks }) => subtasks.map(({ title }) => title)),
    fault: undefined,
    answer: undefined,
    lose: undefined,
    called: [],
    asked: [],
    changes: () =>
      door.asked
        .map(({ request }) => request)
        .filter((request) => request.startsWith('POST') && !/search|bulkfetch/.test(request)),
    now: Date.parse('2025-11-15T14:30:00Z'),
    close: async () => {
      await Promise.all(targets.map((target) => target.close?.()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return door;
}

/** A context that notes what is announced. */
export const context = (announced: string[] = []): CallContext => ({
  signal: new AbortController().signal,
  beforeChange: async (operation) => void announced.push(operation),
  now: '2025-11-15T14:30:00.000Z',
  key: 'workday:transaction-1/jira',
});

/** The checklist that a leaver gets. */
export const offboarding = {
  correlationId: 'offboarding:GT-48291:2025-11-15',
  kind: 'offboarding',
  title: 'Offboarding of GT-48291',
  body: 'GT-48291 leaves on 2025-11-15.',
  checklist: ['Collect the laptop', 'Collect the badge', 'Forward the phone', 'Close the desk'],
};

/** The sub-tasks of `offboarding`. */
export const titles = ['1. Collect the laptop', '2. Collect the badge', '3. Forward the phone', '4. Close the desk'];
