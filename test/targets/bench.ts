import { z } from 'zod';
import { Failure } from '../../src/model/failure.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import type { Fault, SeedPerson } from '../../src/sandbox/stand-in.ts';
import type { CallContext, Target } from '../../src/targets/target.ts';
import { type Relay, startRelay } from './relay.ts';
import type { TargetSuite } from './suite-tools.ts';

/** GlobalTech's leaver as a stand-in is seeded with her; privileged, so that an admin account and sessions are there. */
export function sarahChen(target: string): SeedPerson {
  return {
    workerId: 'GT-48291',
    firstName: 'Sarah',
    lastName: 'Chen',
    email: 'sarah.chen@globaltech.example',
    login: 'schen',
    department: 'Engineering',
    jobTitle: 'Platform Engineer',
    location: 'New York',
    workerType: 'employee',
    managerId: 'GT-10007',
    privileged: true,
    targets: [target],
  };
}

/** Somebody whose keys contain those of the person: found by any lookup that means "contains" or takes a prefix. */
export function decoyOf(person: SeedPerson): SeedPerson {
  return {
    ...person,
    workerId: `${person.workerId}0`,
    login: `${person.login}2`,
    email: person.email.replace('@', '2@'),
    lastName: `${person.lastName}g`,
  };
}

const accountHeld = z.looseObject({
  id: z.string(),
  name: z.string(),
  worker: z.string().nullish(),
  enabled: z.boolean(),
});
export type AccountHeld = z.infer<typeof accountHeld>;

/** The tools of one suite: a sandbox with one stand-in, a relay in front of it, and targets connected through that. */
export interface Bench {
  relay: Relay;
  /** A new target, closed by `reset`. */
  connect(): Target;
  /** A context that notes what beforeChange is asked; `asked` counts from 1 within this context. */
  context(options?: {
    signal?: AbortSignal;
    beforeChange?(operation: string, asked: number): Promise<void>;
  }): CallContext;
  /** A context in which an operator's stop is in force. */
  refusing(): CallContext;
  /** What beforeChange was asked and allowed since the last reset. */
  announced(): string[];
  /** The changing calls that the sandbox obeyed since the last reset, in order. */
  operations(): Promise<string[]>;
  /** What the stand-in itself holds. */
  accounts(worker?: string): Promise<AccountHeld[]>;
  /** All that the sandbox shows to whoever looks: state and calls, as text. */
  shown(): Promise<string>;
  /** The messages that the stand-in itself holds, oldest first. */
  messages(): Promise<Record<string, unknown>[]>;
  fault(fault: Fault | undefined): Promise<void>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the sandbox and the relay for one suite. */
export async function openBench(suite: TargetSuite, people: SeedPerson[]): Promise<Bench> {
  const sandbox = await startSandbox({
    standIns: { [suite.name]: suite.makeStandIn },
    people,
    host: '127.0.0.1',
    port: 0,
    ldapsPort: 0,
  });
  const relay = await startRelay(sandbox.ldapsPort ?? sandbox.smtpPort ?? sandbox.port);
  const own = sandbox.ldapsUrl ?? sandbox.smtpUrl;
  const baseUrl =
    own === undefined
      ? `http://127.0.0.1:${relay.port}/${suite.name}`
      : `${new URL(own).protocol}//127.0.0.1:${relay.port}`;
  let connected: Target[] = [];
  let announced: string[] = [];
  const ask = async (path: string, method = 'GET', body?: unknown) => {
    const answer = await fetch(`${sandbox.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}: ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  };
  const context: Bench['context'] = (options = {}) => {
    let asked = 0;
    return {
      signal: options.signal ?? new AbortController().signal,
      beforeChange: async (operation) => {
        asked += 1;
        await options.beforeChange?.(operation, asked);
        announced.push(operation);
      },
      now: '2025-11-15T14:30:00.000Z',
      key: `workday:transaction-1/${suite.name}`,
    };
  };
  const closeTargets = async () => {
    const open = connected;
    connected = [];
    await Promise.all(open.map((target) => target.close?.()));
  };
  return {
    relay,
    connect: () => {
      const target = suite.definition.connect(suite.settings(baseUrl, { ca: sandbox.ca ?? '' }), {
        secret: async (reference) => {
          const value = suite.secrets?.[reference];
          if (value === undefined) throw new Failure('misconfigured', `no secret ${reference}`);
          return value;
        },
        clock: () => Date.now(),
      });
      connected.push(target);
      return target;
    },
    context,
    refusing: () =>
      context({
        beforeChange: async () => {
          throw new Failure('stopped', 'an operator’s stop is in force');
        },
      }),
    announced: () => announced,
    operations: async () =>
      z
        .array(z.object({ operation: z.string(), subject: z.string().optional() }))
        .parse(await ask('/calls'))
        .map((call) => `${call.operation} ${call.subject ?? ''}`.trim()),
    accounts: async (worker) =>
      byId(
        z
          .record(z.string(), z.looseObject({ accounts: z.array(accountHeld).default([]) }))
          .parse(await ask('/state'))
          [suite.name]?.accounts.filter((account) => worker === undefined || account.worker === worker) ?? [],
      ),
    shown: async () => JSON.stringify([await ask('/state'), await ask('/calls')]),
    messages: async () =>
      z
        .record(z.string(), z.looseObject({ messages: z.array(z.record(z.string(), z.unknown())).default([]) }))
        .parse(await ask('/state'))[suite.name]?.messages ?? [],
    fault: async (fault) => {
      if (fault === undefined) await ask('/faults', 'DELETE');
      else await ask(`/faults/${suite.name}`, 'PUT', fault);
    },
    reset: async () => {
      relay.mend();
      announced = [];
      await ask('/reset', 'POST');
      await closeTargets();
    },
    close: async () => {
      await closeTargets();
      await relay.close();
      await sandbox.close();
    },
  };
}

/** In the order of their ids, so that lists can be compared. */
export const byId = <T extends { id: string }>(items: T[]): T[] =>
  [...items].sort((one, other) => one.id.localeCompare(other.id));
