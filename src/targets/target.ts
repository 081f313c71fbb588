import type { z } from 'zod';
import type { AccountKind } from '../model/person.ts';

/** What a target may know a person by. `workerIds` first: it is the only one that never changes. */
export interface PersonKeys {
  /** The person's id in Muster. */
  person: string;
  workerIds: string[];
  email?: string;
  /** Stable ids of accounts at this target that the directory knows already. */
  knownAccounts: string[];
}

/** An account as the target itself shows it now. */
export interface AccountSeen {
  /** The target's own stable id: objectGUID, `005…`, login. */
  id: string;
  /** The login, for people to read. */
  name: string;
  kind: AccountKind;
  /** `absent`: it was there (the directory knows it) and is gone. */
  status: 'enabled' | 'disabled' | 'absent';
  /** Ids of the entitlements it holds and Muster may take away: group DNs, permission set ids, team slugs. */
  entitlements: string[];
  /** Anything else `enable` and `undo` need to bring it back as it was. JSON, no secrets. */
  before: Record<string, unknown>;
}

/** A live session, key or token that outlives a disabled account until it is ended. */
export interface SessionSeen {
  id: string;
  /** `psm`, `web`, `ssoCredential`, `outsideCollaborator`, `roleSession`, … */
  kind: string;
}

/** `changed`: this call did it. `already`: it was so; that is success and not an error. */
export type Outcome = 'changed' | 'already';

/** What is true of every call: who asks, how it is aborted, and the check that must pass before anything is changed. */
export interface CallContext {
  /** Aborts the call; passed to every request. */
  signal: AbortSignal;
  /**
   * Called immediately before each changing call. Throws `superseded` when the person's epoch moved on, `stopped` when an
   * operator's stop is in force. `operation` is a verb and a noun (`deactivate user`) and ends up in the evidence.
   */
  beforeChange(operation: string): Promise<void>;
  /** Workflow time, an ISO instant. The target uses it where a date is written, never the wall clock. */
  now: string;
  /** Stable over retries and resets: `<event>/<target>`. Becomes correlation ids and idempotency keys. */
  key: string;
}

/** Reading and switching accounts. Every function may run twice with the same arguments. */
export interface AccountsAbility {
  /** All accounts of the person that the target has, live: by its own key for the worker id, and the known ids. Never the first hit alone. */
  find(keys: PersonKeys, context: CallContext): Promise<AccountSeen[]>;
  /** The account now; undefined when the target has none with this id. */
  read(id: string, context: CallContext): Promise<AccountSeen | undefined>;
  /** Closes it against every way in (password, keys, console), in the vendor's best order. Entitlements and sessions are separate. */
  disable(account: AccountSeen, context: CallContext): Promise<Outcome>;
  /** Opens it again. `account.before` is what `read` gave before it was closed. */
  enable(account: AccountSeen, context: CallContext): Promise<Outcome>;
  /** Makes one, disabled unless `enabled`; finds the one that a lost answer already made. */
  create?(account: NewAccount, context: CallContext): Promise<{ account: AccountSeen; outcome: Outcome }>;
  /** Every account the target holds, page by page, for adoption and reconciliation. Reads only. */
  list?(context: CallContext): AsyncIterable<ListedAccount[]>;
  /** Writes attributes of the account that differ; those it does not know are left out. Never status, login or entitlements. */
  update?(account: AccountSeen, attributes: AccountAttributes, context: CallContext): Promise<Outcome>;
  /** Deletes it for good, so that `read` gives undefined or `absent`. Gone already is `already`. */
  remove?(account: AccountSeen, context: CallContext): Promise<Outcome>;
}

/** An account as a full read shows it, with what it correlates by. */
export interface ListedAccount extends AccountSeen {
  /** The worker id the target itself keeps (employeeID, externalId), where it keeps one. */
  workerId?: string;
  email?: string;
  /** Has rights that administer the target itself. */
  privileged: boolean;
}

/** Attributes that targets may keep of a person, by Muster's names; `null` empties one. Dates are civil dates. */
export interface AccountAttributes {
  firstName?: string;
  lastName?: string;
  department?: string | null;
  jobTitle?: string | null;
  location?: string | null;
  /** The manager's worker id, and their address where Muster knows it. */
  managerId?: string | null;
  managerEmail?: string | null;
  startDate?: string;
  email?: string;
}

/** What a new account is made of. Names and addresses come from the directory's reservation, never from the target. */
export interface NewAccount {
  person: string;
  workerId: string;
  login: string;
  email: string;
  firstName: string;
  lastName: string;
  enabled: boolean;
  attributes: Record<string, string>;
  /** What is given next; only a target that can give it with the account alone, as an invitation does, reads it. */
  entitlements?: string[];
}

export interface EntitlementsAbility {
  grant(account: AccountSeen, entitlement: string, context: CallContext): Promise<Outcome>;
  revoke(account: AccountSeen, entitlement: string, context: CallContext): Promise<Outcome>;
}

export interface SessionsAbility {
  /** The account's live sessions, all pages. */
  list(account: AccountSeen, context: CallContext): Promise<SessionSeen[]>;
  end(account: AccountSeen, session: SessionSeen, context: CallContext): Promise<Outcome>;
  /** Until when something lives on that cannot be ended (a Kerberos ticket): milliseconds after the account was closed. */
  residualMs?: number;
}

/** The first credential of a new account: it exists in this call and at its reader, and nowhere else. */
export interface CredentialsAbility {
  /**
   * Makes a one-time credential, replacing an earlier one of ours. `validFrom` is an ISO instant. A repeat makes a new one:
   * the caller hands over whichever it got last.
   */
  issue(
    account: AccountSeen,
    request: { validFrom: string; lifetimeMinutes: number },
    context: CallContext,
  ): Promise<{
    /** `temporaryPass`, `oneTimePassword`, `link`. */
    kind: string;
    secret: string;
    /** ISO instant. */
    expiresAt: string;
  }>;
}

/** A mailbox that outlives its owner for a while. */
export interface MailboxAbility {
  /** Hands the mailbox to somebody (an address), before the licence that pays for it goes. */
  handOver(account: AccountSeen, to: { email: string }, context: CallContext): Promise<Outcome>;
  /** Entitlements (licences) that the mailbox needs: they are kept at the end and go with a later step. */
  neededBy(account: AccountSeen): string[];
}

export interface TicketRequest {
  /** Looked for before anything is made; a second call with the same one finds the first's ticket. */
  correlationId: string;
  /** The target's own table or project: `incident`, `offboarding`. */
  kind: string;
  title: string;
  body: string;
  urgency?: 'high' | 'medium' | 'low';
  /** Points to work through one by one: sub-tasks where the target has them, lines of the body elsewhere. */
  checklist?: string[];
  /** Fields of an order or a form, by the target's own names. */
  fields?: Record<string, string>;
}

export interface Ticket {
  /** The target's stable id. */
  id: string;
  /** What people call it: `INC0012345`. */
  number: string;
  state: 'open' | 'closed';
  /** How a closed one ended, where the target says: an order that was not fulfilled is `failed`. */
  result?: 'done' | 'failed';
}

export interface TicketsAbility {
  open(request: TicketRequest, context: CallContext): Promise<{ ticket: Ticket; outcome: Outcome }>;
  find(correlationId: string, kind: string, context: CallContext): Promise<Ticket | undefined>;
  close(ticket: Ticket, kind: string, note: string, context: CallContext): Promise<Outcome>;
}

export interface MessageRequest {
  /** Makes a repeat recognisable: a message id, a thread key, a client id. */
  correlationId: string;
  /** A channel as the target names it (`#identity-security`), or a person by their address. */
  to: { channel: string } | { email: string };
  /** One line: the subject, the bold first line. */
  title: string;
  /** Plain text, several lines. */
  text: string;
  /** Offered below the text: buttons where the target has them, links elsewhere. `value` is an opaque id, never the decision's data. */
  actions?: { id: string; label: string; value: string; style?: 'primary' | 'danger'; url?: string }[];
}

export interface MessagesAbility {
  send(message: MessageRequest, context: CallContext): Promise<Outcome>;
}

/** A connected target: what it can do is which abilities it has, never declared twice. */
export interface Target {
  /** What people call this very system, where its kind has many: `Onboarding portal`. */
  title?: string;
  /** Logs on and makes one harmless read. Throws a Failure that says which right or setting is missing. */
  check(context: CallContext): Promise<string>;
  accounts?: AccountsAbility;
  entitlements?: EntitlementsAbility;
  sessions?: SessionsAbility;
  credentials?: CredentialsAbility;
  mailbox?: MailboxAbility;
  tickets?: TicketsAbility;
  messages?: MessagesAbility;
  /** Closes sockets and pools. */
  close?(): Promise<void>;
}

/** How a target gets its secrets: settings hold references (`env:NAME`, `file:path`), resolved at each use so that a rotation needs no restart. */
export interface TargetDependencies {
  secret(reference: string): Promise<string>;
  /** Wall clock for token expiry only, in milliseconds. */
  clock(): number;
}

/** What a folder under `src/targets` exports as `definition`. */
export interface TargetDefinition<Settings = unknown> {
  /** As written in muster.yaml under `kind`. */
  kind: string;
  /** As people write it: `Active Directory`. */
  title: string;
  settings: z.ZodType<Settings>;
  connect(settings: Settings, dependencies: TargetDependencies): Target;
}

/** Keeps the settings' type inside the folder: outside, a definition takes what its own schema has parsed. */
export function defineTarget<Settings>(definition: TargetDefinition<Settings>): TargetDefinition {
  return {
    kind: definition.kind,
    title: definition.title,
    settings: definition.settings,
    connect: (settings, dependencies) => definition.connect(definition.settings.parse(settings), dependencies),
  };
}
