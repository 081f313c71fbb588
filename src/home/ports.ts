import { Failure } from '../model/failure.ts';
import { freePort } from '../temporal-server.ts';

/** The ports of the embedded stack; 0 takes a free one. */
export interface Ports {
  receiver: number;
  operator: number;
  sandbox: number;
  ldaps: number;
  smtp: number;
  temporal: number;
  ui: number;
}

/** MUSTER_PORT 8080, MUSTER_OPERATOR_PORT 8081, MUSTER_SANDBOX_PORT 8090, and the fixed ones; MUSTER_PORT=0 frees them all. */
export function portsOf(env: NodeJS.ProcessEnv): Ports {
  const receiver = portOf(env, 'MUSTER_PORT', 8080);
  const free = receiver === 0;
  return {
    receiver,
    operator: portOf(env, 'MUSTER_OPERATOR_PORT', free ? 0 : 8081),
    sandbox: portOf(env, 'MUSTER_SANDBOX_PORT', free ? 0 : 8090),
    ldaps: free ? 0 : 8636,
    smtp: free ? 0 : 8587,
    temporal: free ? 0 : 7233,
    ui: free ? 0 : 8233,
  };
}

/** Looks at all of them before anything is started, so that every taken one is named at once. Throws `unavailable`. */
export async function checkPorts(ports: Partial<Ports>): Promise<void> {
  const names: Record<string, string> = {
    receiver: 'the receiver (MUSTER_PORT)',
    operator: 'the operator API (MUSTER_OPERATOR_PORT)',
    sandbox: 'the sandbox (MUSTER_SANDBOX_PORT)',
    ldaps: "the sandbox's Active Directory",
    smtp: "the sandbox's mail server",
    temporal: 'Temporal',
    ui: "Temporal's Web UI",
  };
  const wanted = Object.entries(ports).filter(([, port]) => port !== 0);
  const looks = await Promise.allSettled(wanted.map(([name, port]) => freePort(port, names[name] ?? name)));
  const taken = looks.flatMap((look) => (look.status === 'rejected' ? [wordsOf(look.reason)] : []));
  if (taken.length === 0) return;
  throw new Failure('unavailable', taken.join('\n'), {
    advice: 'Stop what listens there, or set MUSTER_PORT=0 to take free ports for everything.',
  });
}

/** Where the receiver and the operator API listen: MUSTER_HOST, the loopback unless told otherwise. */
export function hostOf(env: NodeJS.ProcessEnv): string {
  return env['MUSTER_HOST'] || '127.0.0.1';
}

/** A port from the environment. Throws `misconfigured` for anything that is none. */
export function portOf(env: NodeJS.ProcessEnv, name: string, usual: number): number {
  const text = env[name];
  if (text === undefined || text === '') return usual;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new Failure('misconfigured', `${name} is "${text}", which is no port`);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
