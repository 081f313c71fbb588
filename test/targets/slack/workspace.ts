import express from 'express';
import type { Fault } from '../../../src/sandbox/stand-in.ts';
import { definition } from '../../../src/targets/slack/index.ts';
import { makeStandIn, sandboxChannels, sandboxCredentials } from '../../../src/targets/slack/sandbox.ts';
import type { CallContext, MessagesAbility, Target } from '../../../src/targets/target.ts';
import { sarahChen } from '../bench.ts';

/** Secrets as muster.yaml would name them. */
export const secrets: Record<string, string> = { 'env:SLACK_TOKEN': sandboxCredentials.token };

export const channels = sandboxChannels;

/** A stand-in without the sandbox around it. */
export interface Door {
  connect(settings?: Record<string, unknown>): Target;
  messages(settings?: Record<string, unknown>): MessagesAbility;
  /** What the stand-in itself holds. */
  held(): Record<string, unknown>[];
  fault: Fault | undefined;
  /** Set: what is answered to everything, whatever is asked. */
  answer: { status: number; headers?: Record<string, string>; body: string } | undefined;
  /** Set: the user that auth.test says we are. */
  me: string | undefined;
  /** Methods called, with what was sent. */
  requests: { method: string; body: Record<string, unknown> }[];
  close(): Promise<void>;
}

export async function openDoor(): Promise<Door> {
  const targets: Target[] = [];
  const standIn = makeStandIn({ called: () => {}, fault: () => door.fault });
  standIn.seed([sarahChen('slack')]);
  const app = express();
  app.use(express.json(), express.urlencoded({ extended: false }), (request, response, next) => {
    door.requests.push({ method: request.path.slice(1), body: request.body });
    if (door.me !== undefined && request.path === '/auth.test') {
      return void response.json({ ok: true, team: 'GlobalTech', user: 'other', user_id: door.me });
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
  const door: Door = {
    connect: (settings = {}) => {
      const target = definition.connect(
        { baseUrl: `http://127.0.0.1:${address.port}`, token: 'env:SLACK_TOKEN', channels, ...settings },
        { secret: async (reference) => secrets[reference] ?? '', clock: () => 0 },
      );
      targets.push(target);
      return target;
    },
    messages: (settings) => {
      const { messages } = door.connect(settings);
      if (messages === undefined) throw new Error('no messages');
      return messages;
    },
    held: () => JSON.parse(JSON.stringify(standIn.state()['messages'])),
    fault: undefined,
    answer: undefined,
    me: undefined,
    requests: [],
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
  key: 'workday:transaction-1/slack',
});
