import express from 'express';
import { startSandbox } from '../../../src/sandbox/server.ts';
import type { Fault, MakeStandIn, SeedPerson, StandIn } from '../../../src/sandbox/stand-in.ts';
import { definition } from '../../../src/targets/aws-iam/index.ts';
import { makeStandIn } from '../../../src/targets/aws-iam/sandbox.ts';
import type { SandboxUser, World } from '../../../src/targets/aws-iam/sandbox-world.ts';
import type { AccountSeen, CallContext, Target } from '../../../src/targets/target.ts';
import { sandboxSettings, secrets } from './settings.ts';

/** A call as it reached the stand-in: `Action`, `UserName`, … */
export type Asked = Record<string, string>;

/** A sandbox with AWS IAM alone, whose world a test looks into and changes, and a log of every call. */
export interface SandboxAccount {
  /** A target with the sandbox's settings, and these instead. */
  connect(settings?: Record<string, unknown>, clock?: () => number): Required<Pick<Target, Used>> & Target;
  /** Called with every call before the stand-in is. */
  onAsk: ((asked: Asked) => void) | undefined;
  /** Every call since the last look, reading ones too. */
  asked(): Asked[];
  /** The actions of `asked` that change something. */
  changes(): string[];
  world(): World;
  user(name: string): SandboxUser;
  fault(fault: Fault): Promise<void>;
  close(): Promise<void>;
}
type Used = 'accounts' | 'entitlements' | 'sessions';

/** Starts it, with these people's users. */
export async function openAccount(people: SeedPerson[]): Promise<SandboxAccount> {
  let log: Asked[] = [];
  let inner: StandIn | undefined;
  const logging: MakeStandIn = (tools) => {
    const standIn = makeStandIn(tools);
    inner = standIn;
    const router = express.Router();
    router.use(express.urlencoded({ extended: false }), (request, _response, next) => {
      log.push(request.body as Asked);
      account.onAsk?.(request.body as Asked);
      next();
    });
    if (standIn.router !== undefined) router.use(standIn.router);
    return { ...standIn, router };
  };
  const sandbox = await startSandbox({
    standIns: { 'aws-iam': logging },
    people,
    host: '127.0.0.1',
    port: 0,
    ldapsPort: 0,
  });
  const world = () => inner?.dump() as World;
  const asked = () => {
    const taken = log;
    log = [];
    return taken;
  };
  const targets: Target[] = [];
  const account: SandboxAccount = {
    onAsk: undefined,
    world,
    asked,
    changes: () => asked().flatMap(({ Action = '' }) => (/^(Get|List)/.test(Action) ? [] : [Action])),
    user: (name) => {
      const user = world().users.find(({ userName }) => userName === name);
      if (user === undefined) throw new Error(`the sandbox has no user ${name}`);
      return user;
    },
    connect: (settings = {}, clock = () => Date.now()) => {
      const target = definition.connect(
        { ...sandboxSettings(`${sandbox.url}/aws-iam`), ...settings },
        { secret: async (reference) => secrets[reference] ?? '', clock },
      );
      targets.push(target);
      return target as ReturnType<SandboxAccount['connect']>;
    },
    fault: async (fault) => {
      await fetch(`${sandbox.url}/faults/aws-iam`, { method: 'PUT', body: JSON.stringify(fault) });
    },
    close: async () => {
      await Promise.all(targets.map((target) => target.close?.()));
      await sandbox.close();
    },
  };
  return account;
}

/** What is true of a call in these tests. */
export const context = (over: Partial<CallContext> = {}): CallContext => ({
  signal: new AbortController().signal,
  beforeChange: async () => {},
  now: '2025-11-15T14:30:00.000Z',
  key: 'workday:transaction-1/close:aws-iam',
  ...over,
});

/** The one account of these, or a failure of the test. */
export function only(accounts: AccountSeen[]): AccountSeen {
  const [account] = accounts;
  if (account === undefined || accounts.length !== 1) throw new Error(`expected one account, got ${accounts.length}`);
  return account;
}
