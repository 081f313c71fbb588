import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Sandbox } from '../../src/sandbox/server.ts';
import type { CallTaken, Fault } from '../../src/sandbox/stand-in.ts';

/** A request that reached a stand-in over HTTP, obeyed or not. */
export interface RequestTaken {
  target: string;
  /** Epoch milliseconds. */
  at: number;
  /** Absent while it is not answered. */
  answered?: { at: number; status: number };
  /** The caller went away without an answer. */
  abandoned: boolean;
}

/** What GET /state shows of each target. */
export interface Held {
  accounts: {
    id: string;
    name: string;
    worker?: string;
    enabled: boolean;
    entitlements: unknown[];
    sessions: unknown[];
  }[];
  tickets?: Record<string, string>[];
}

/** The sandbox as tests see it: its own view, its faults, and every request that came. */
export interface SandboxUnderTest {
  state(): Promise<Record<string, Held>>;
  /** Changing calls that were obeyed, in order. */
  calls(worker?: string): Promise<CallTaken[]>;
  misbehave(target: string, fault: Fault): Promise<void>;
  behave(): Promise<void>;
  /** Requests of one target since the start or the last `forget`. */
  requests(target: string): RequestTaken[];
  forget(): void;
  close(): Promise<void>;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** Looks at a sandbox that runs in this process. */
export function sandboxUnderTest(sandbox: Sandbox): SandboxUnderTest {
  const requests: RequestTaken[] = [];
  const listen = (message: unknown) => {
    const { request, response } = message as Exchange;
    if (request.socket.localPort === sandbox.port) requests.push(requestTaken(request, response));
  };
  subscribe('http.server.request.start', listen);
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await fetch(new URL(path, sandbox.url), init);
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${path}: ${await answer.text()}`);
    return answer;
  };
  return {
    state: async () => (await ask('/state')).json() as Promise<Record<string, Held>>,
    calls: async (worker) =>
      (await ask(worker === undefined ? '/calls' : `/calls?worker=${worker}`)).json() as Promise<CallTaken[]>,
    misbehave: async (target, fault) => {
      await ask(`/faults/${target}`, { method: 'PUT', body: JSON.stringify(fault) });
    },
    behave: async () => {
      await ask('/faults', { method: 'DELETE' });
    },
    requests: (target) => requests.filter((request) => request.target === target),
    forget: () => {
      requests.length = 0;
    },
    close: async () => {
      unsubscribe('http.server.request.start', listen);
      await sandbox.close();
    },
  };
}

function requestTaken(request: IncomingMessage, response: ServerResponse): RequestTaken {
  const taken: RequestTaken = { target: request.url?.split('/')[1] ?? '', at: Date.now(), abandoned: false };
  response.once('finish', () => {
    taken.answered = { at: Date.now(), status: response.statusCode };
  });
  response.once('close', () => {
    taken.abandoned = taken.answered === undefined;
  });
  return taken;
}
