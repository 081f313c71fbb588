import { describe, test } from 'vitest';
import type { FailureCode } from '../../src/model/failure.ts';
import type { AccountKind } from '../../src/model/person.ts';
import type { MakeStandIn, SeedPerson } from '../../src/sandbox/stand-in.ts';
import type {
  AccountAttributes,
  AccountSeen,
  AccountsAbility,
  CallContext,
  NewAccount,
  PersonKeys,
  Target,
  TargetDefinition,
} from '../../src/targets/target.ts';
import { type Bench, sarahChen } from './bench.ts';

/** What a target under test is, and what its vendor cannot do, each with the reason that the skipped test shows. */
export interface TargetSuite {
  /** The target's name in the sandbox: `salesforce`. */
  name: string;
  definition: TargetDefinition;
  makeStandIn: MakeStandIn;
  /** Settings as muster.yaml would have them. `baseUrl` is `http://…/<name>`, or `ldaps://…` or `smtp://…` for a stand-in that listens by itself. */
  settings(baseUrl: string, made: { ca: string }): unknown;
  /** Secrets by reference: `{ 'env:SALESFORCE_KEY': '-----BEGIN…' }`. */
  secrets?: Record<string, string>;
  /** Whom the accounts belong to. Default: Sarah Chen, privileged, so that admin accounts and sessions are there. */
  person?: SeedPerson;
  /** Stable ids that the directory knows already, for a target that cannot look a person up by worker id. */
  knownAccounts?: string[];
  /** An id as the target makes them, of an account that is not there. Needed with accounts. */
  unknownId?: string;
  /** Needed with tickets: the kinds that the settings know. */
  ticketKinds?: string[];
  /**
   * Messages: the vendor has no idempotency key and shows nothing of what was sent, so that a repeat is a second message. The
   * claim is then that every call says `changed` and sends one, and the target's own tests and README say what can double.
   */
  messagesMayRepeat?: boolean;
  newAccount?: Partial<NewAccount>;
  /** What `list` says of accounts of which kind. Default: the worker id of all, and that admin ones are privileged. */
  listed?: { workerId?: AccountKind[]; privileged?: AccountKind[] };
  /** What `update` is given beside the usual attributes. */
  attributes?: AccountAttributes;
  /** What `read` says of a new account that was made enabled. Default `enabled`. */
  newStatus?: AccountSeen['status'];
  /** Where this vendor's word for a status is another class than the usual one. */
  codes?: Partial<Record<Status, FailureCode>>;
  /** What the vendor cannot do, and why: skipped aloud. */
  cannot?: Partial<Record<Claim, string>>;
}

/** The statuses that every target is made to meet. */
export type Status = 401 | 403 | 409 | 429 | 500 | 503;
/** What a vendor may be unable to do. */
export type Claim = Status | 'retry-after' | 'undo' | 'lie' | 'hang' | 'cut' | 'sessions' | 'pages';

/** What all claims of the suite share. */
export interface SuiteTools {
  suite: TargetSuite;
  person: SeedPerson;
  keys: PersonKeys;
  /** A target that is connected to nothing: what it can do decides which claims there are. */
  probe: Target;
  /** There from the first test on. */
  readonly bench: Bench;
  accountsOf(target: Target): AccountsAbility;
  find(target: Target): Promise<AccountSeen[]>;
  /** Closes all, and says which changing calls it took. */
  closeAll(target: Target, accounts: AccountSeen[], context?: CallContext): Promise<string[]>;
  /** A test; where this vendor cannot meet the claim it is skipped with the reason. */
  claim(what: Claim, title: string, body: () => Promise<void>): void;
  /** The claims about an ability; where the target has none of it they are skipped aloud. */
  ability(has: unknown, name: string, body: () => void): void;
}

/** The tools for one target. */
export function suiteTools(suite: TargetSuite, bench: () => Bench): SuiteTools {
  const person = suite.person ?? sarahChen(suite.name);
  const keys = {
    person: person.workerId,
    workerIds: [person.workerId],
    email: person.email,
    knownAccounts: suite.knownAccounts ?? [],
  };
  const probe = suite.definition.connect(suite.settings('https://127.0.0.1:1', { ca: '' }), {
    secret: async () => '',
    clock: () => 0,
  });
  const accountsOf = (target: Target) => {
    if (target.accounts === undefined) throw new Error('this target has no accounts');
    return target.accounts;
  };
  return {
    suite,
    person,
    keys,
    probe,
    get bench() {
      return bench();
    },
    accountsOf,
    find: (target) => accountsOf(target).find(keys, bench().context()),
    closeAll: async (target, accounts, context = bench().context()) => {
      for (const account of accounts) await accountsOf(target).disable(account, context);
      return bench().operations();
    },
    claim: (what, title, body) => {
      const reason = suite.cannot?.[what];
      if (reason === undefined) test(title, body);
      else test(title, ({ skip }) => skip(`${suite.definition.title} cannot: ${reason}`));
    },
    ability: (has, name, body) => {
      if (has !== undefined) describe(name, body);
      else test(name, ({ skip }) => skip(`${suite.definition.title} has no ${name}`));
    },
  };
}
