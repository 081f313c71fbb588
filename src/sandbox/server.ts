import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '../model/failure.ts';
import { application } from './application.ts';
import { makeCertificates } from './certificates.ts';
import { Faults } from './faults.ts';
import type { CallTaken, MakeStandIn, SeedPerson, StandIn } from './stand-in.ts';
import { StateFile } from './state-file.ts';

export interface SandboxOptions {
  /** By target name, which is also the path: `salesforce` answers under `/salesforce`. */
  standIns: Record<string, MakeStandIn>;
  /** Each stand-in is seeded with those whose `targets` name it. */
  people: SeedPerson[];
  host: string;
  /** 0 takes a free one. */
  port: number;
  ldapsPort: number;
  /** Default 0. */
  smtpPort?: number;
  /** For the stand-ins that listen by themselves. Absent: made at start, and `ca` of the result is their authority. */
  tls?: { key: string; cert: string };
  /** Where the state is kept over a restart. Absent: in memory alone. */
  stateFile?: string;
}

export interface Sandbox {
  url: string;
  port: number;
  ldapsUrl?: string;
  ldapsPort?: number;
  smtpUrl?: string;
  smtpPort?: number;
  /** PEM of the authority, where the sandbox made its own certificate. */
  ca?: string;
  close(): Promise<void>;
}

/** Starts all stand-ins in this process: HTTP ones under `/<target name>`, those for LDAPS and SMTP on ports of their own. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const faults = new Faults();
  const calls: CallTaken[] = [];
  const standIns = new Map<string, StandIn>();
  const seed = (name: string, standIn: StandIn) =>
    standIn.seed(
      options.people.filter((person) => person.targets.includes(name)),
      options.people,
    );
  const file =
    options.stateFile === undefined
      ? undefined
      : new StateFile(options.stateFile, () => ({
          targets: Object.fromEntries([...standIns].map(([name, standIn]) => [name, standIn.dump()])),
          calls,
        }));
  const saved = file?.read();
  calls.push(...(saved?.calls ?? []));
  for (const [name, make] of Object.entries(options.standIns)) {
    const standIn = make({
      called: (call) => {
        calls.push({ target: name, at: new Date().toISOString(), ...call });
        file?.changed();
      },
      fault: () => faults.inForce(name),
      faultUsed: () => void faults.take(name),
    });
    standIns.set(name, standIn);
    const kept = saved?.targets[name];
    if (kept === undefined) seed(name, standIn);
    else standIn.restore(kept);
  }
  const reset = () => {
    faults.clear();
    calls.length = 0;
    for (const [name, standIn] of standIns) seed(name, standIn);
    file?.changed();
  };

  const http = await listen(createServer(application(standIns, faults, calls, reset)), options.host, options.port);
  const port = portOf(http);
  try {
    const listening = await listenByThemselves(standIns, options);
    return {
      url: `http://${options.host}:${port}`,
      port,
      ...listening.result,
      close: async () => {
        const closed = new Promise<void>((resolve) => http.close(() => resolve()));
        http.closeAllConnections();
        await Promise.all([closed, listening.close?.()]);
        file?.flush();
      },
    };
  } catch (error) {
    http.close();
    throw error;
  }
}

type Addresses = Pick<Sandbox, 'ldapsUrl' | 'ldapsPort' | 'smtpUrl' | 'smtpPort' | 'ca'>;

async function listenByThemselves(
  standIns: ReadonlyMap<string, StandIn>,
  options: SandboxOptions,
): Promise<{ result: Addresses; close?(): Promise<void> }> {
  const listeners = [...standIns.values()].filter((standIn) => standIn.listen !== undefined);
  if (listeners.length === 0) return { result: {} };
  const made = options.tls === undefined ? await makeCertificates() : undefined;
  const tls = options.tls ?? made;
  if (tls === undefined) return { result: {} };
  const result: Addresses = made === undefined ? {} : { ca: made.ca };
  const ends: (() => Promise<void>)[] = [];
  const close = async () => void (await Promise.all(ends.map((end) => end())));
  try {
    for (const standIn of listeners) ends.push(await listenForOne(standIn, options, tls, result));
  } catch (error) {
    await close();
    throw error;
  }
  return { result, close };
}

/** Enters the address into `result` and gives the way to close it. */
async function listenForOne(
  standIn: StandIn,
  options: SandboxOptions,
  { key, cert }: { key: string; cert: string },
  result: Addresses,
): Promise<() => Promise<void>> {
  const protocol = standIn.speaks ?? 'ldaps';
  if (standIn.listen === undefined || result[`${protocol}Port`] !== undefined) {
    const name = protocol.toUpperCase();
    throw new Failure('misconfigured', `the sandbox has one ${name} port, so one ${name} stand-in`);
  }
  const wanted = protocol === 'ldaps' ? options.ldapsPort : (options.smtpPort ?? 0);
  const { port, close } = await standIn.listen({ host: options.host, port: wanted, tls: { key, cert } });
  result[`${protocol}Url`] = `${protocol}://${options.host}:${port}`;
  result[`${protocol}Port`] = port;
  return close;
}

function listen(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new Failure(
          'misconfigured',
          taken ? `the sandbox's port ${port} is taken` : `the sandbox cannot listen on ${port}`,
          {
            cause: error,
            advice: 'Set MUSTER_SANDBOX_PORT to a free one.',
          },
        ),
      );
    });
    server.listen(port, host, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string')
    throw new Failure('misconfigured', 'the sandbox listens nowhere');
  return address.port;
}
