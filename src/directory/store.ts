import type { EventOutcome, IdentityEvent } from '../model/event.ts';
import type { Evidence } from '../model/evidence.ts';
import type { OpenException } from '../model/exception.ts';
import type { Grant, LegalHold } from '../model/grant.ts';
import type { Account, Engagement, Identifier, PendingChange, Person, PersonState } from '../model/person.ts';

/** The directory and the ledger in one database: what must be true together is written in one transaction. */
export interface Store {
  /**
   * Runs `work` in one transaction (READ COMMITTED), rolled back when it throws. Connection faults come out as Failure
   * `unavailable`. After a deadlock it is run again, so it keeps nothing outside; and it never begins another one inside.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Reads without a transaction, each for itself: one round trip where a transaction takes three. */
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  /** One statement, all or nothing, for what an activity writes at a target's step: cheaper than a transaction by half. */
  write(pieces: Together): Promise<void>;
  /** Seals up to `limit` unsealed rows of evidence in order; says how many. Only one sealer works at a time, whoever calls. */
  seal(limit?: number): Promise<number>;
  /** Checks the whole chain from the first row. */
  verify(): Promise<ChainVerdict>;
  /** A trivial read, for readiness. Throws Failure `unavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** What is written together. Before states and evidence are insert-if-absent; of an account that is known, owner and origin stay. */
export interface Together {
  before?: { event: string; target: string; account: string; state: unknown; at: string }[];
  accounts?: Account[];
  evidence: Evidence[];
}

export type ChainVerdict =
  | { intact: true; rows: number; head: string | undefined; unsealed: number }
  | { intact: false; rows: number; at: number; fault: string };

export interface NewPerson {
  id: string;
  name: string;
  state: PersonState;
  privileged: boolean;
  protection?: NonNullable<Person['protection']>;
  attributes: Person['attributes'];
  identifiers: Identifier[];
  engagements: Engagement[];
}

/** An event as it arrived; the row outlives Temporal's retention. */
export interface Arrival {
  /** `<source>:<id>`. */
  key: string;
  event: IdentityEvent;
  workflowId: string;
  /** The first run of the chain of runs that owns it. */
  firstRunId: string;
  person?: string;
  outcome?: EventOutcome;
  reason?: string;
  /** ISO instants. `settledAt` is absent while it is open; `outcome` may be `scheduled`, `held` or `waiting` then. */
  receivedAt: string;
  settledAt?: string;
}

export interface ExceptionRow extends OpenException {
  alertedAt?: string;
  /** The incident or message that went out: `servicenow INC0012345`. */
  alert?: string;
  resolvedAt?: string;
  resolution?: { action: string; by: string; reason: string };
  /** When the alert was closed at its target, after the exception was resolved. */
  alertClosedAt?: string;
}

export interface EvidenceRow extends Evidence {
  /** The order of insertion (gaps may occur); a lower one may become visible after a higher one. */
  seq: number;
  recordedAt: string;
  /** Place in the chain, 1, 2, 3, … without gaps; absent until sealed. */
  position?: number;
  /** SHA-256 hex over the previous hash and the RFC 8785 form of this row; absent until sealed. */
  hash?: string;
}

export interface Page<T> {
  items: T[];
  /** Opaque; absent on the last page. */
  next?: string;
}

export interface PageRequest {
  /** Default 50, at most 500. */
  limit?: number;
  cursor?: string;
}

export interface Transaction {
  /** Waits for the lock `name` (pg_advisory_xact_lock over its hash) and holds it until the transaction ends. */
  lock(name: string): Promise<void>;

  // People.
  /** The whole record in one round trip; `lock` takes the row FOR UPDATE. */
  person(id: string, options?: { lock?: boolean }): Promise<Person | undefined>;
  /** By Muster's id or any identifier's value. */
  personByAlias(alias: string): Promise<Person[]>;
  /** Ids of the people who hold this identifier, without or with its source. */
  peopleWith(identifier: { type: Identifier['type']; value: string; source?: string }): Promise<string[]>;
  createPerson(person: NewPerson): Promise<void>;
  updatePerson(
    id: string,
    change: Partial<Pick<Person, 'name' | 'state' | 'epoch' | 'privileged' | 'attributes' | 'facts'>>,
  ): Promise<void>;
  addIdentifier(person: string, identifier: Identifier): Promise<void>;
  putEngagement(person: string, engagement: Engagement): Promise<void>;
  /** By target and id; a later one replaces. */
  putAccount(account: Account): Promise<void>;
  /** Access beside the rules'; by target, entitlement and origin, a later one replaces. */
  putGrant(person: string, grant: Grant): Promise<void>;
  removeGrant(person: string, grant: Pick<Grant, 'target' | 'entitlement' | 'origin'>): Promise<void>;
  /** Insert-if-absent by its id. */
  placeLegalHold(person: string, hold: Omit<LegalHold, 'liftAskedBy'>): Promise<void>;
  /** The first of two asks, the second lifts; says which it was, or `same` where the same person asked twice. */
  liftLegalHold(id: string, by: string, at: string): Promise<'asked' | 'lifted' | 'same' | 'none'>;
  putPending(person: string, change: PendingChange): Promise<void>;
  removePending(person: string, id: string): Promise<void>;
  people(
    filter: { state?: PersonState; department?: string; managerId?: string; location?: string; target?: string },
    page: PageRequest,
  ): Promise<Page<Person>>;
  /** People with something pending at or before `until`, for whoever revives lost workflows. */
  due(until: string, limit: number): Promise<string[]>;
  countActive(): Promise<number>;
  /** What a changing call needs to know, in one cheap query. */
  guard(person: string): Promise<{ epoch: number; state: PersonState; stops: string[] } | undefined>;
  /** Stops in force: `all`, `source:<name>`, `target:<name>`. */
  putStop(scope: string, by: string, reason: string, at: string): Promise<void>;
  removeStop(scope: string): Promise<void>;
  stops(): Promise<Stop[]>;

  // Events.
  /** Inserts if absent; otherwise says what is there, locked FOR UPDATE. */
  admit(
    arrival: Omit<Arrival, 'outcome' | 'reason' | 'settledAt'>,
  ): Promise<{ inserted: true } | { inserted: false; existing: Arrival }>;
  takeOver(key: string, firstRunId: string): Promise<void>;
  /** Sets what is known now; `settledAt` only when it is final. */
  updateArrival(
    key: string,
    change: Partial<Pick<Arrival, 'person' | 'outcome' | 'reason' | 'settledAt'>>,
  ): Promise<void>;
  arrival(key: string): Promise<Arrival | undefined>;
  arrivals(
    filter: { source?: string; outcome?: EventOutcome; person?: string; type?: string; unsettledBefore?: string },
    page: PageRequest,
  ): Promise<Page<Arrival>>;
  /** An event that found nobody; one row for each event. */
  addWaiting(waiting: Waiting): Promise<void>;
  waitingFor(source: string, subject: string): Promise<Waiting[]>;
  removeWaiting(event: string): Promise<void>;
  /** Deduplication across runs: what this person made of this event. */
  personEvent(person: string, event: string): Promise<{ outcome: EventOutcome; reason?: string } | undefined>;
  /** Inserts or replaces the outcome. */
  putPersonEvent(
    person: string,
    event: string,
    outcome: EventOutcome,
    reason: string | undefined,
    at: string,
  ): Promise<void>;

  // Exceptions.
  /** False when it is already there, open or resolved. */
  openException(exception: OpenException): Promise<boolean>;
  resolveException(
    id: string,
    resolution: { action: string; by: string; reason: string },
    at: string,
  ): Promise<boolean>;
  exception(id: string): Promise<ExceptionRow | undefined>;
  exceptions(
    filter: {
      open?: boolean;
      person?: string;
      target?: string;
      kind?: string;
      unalerted?: boolean;
      /** Those whose alert went to a target and is not closed there. */
      alertUnclosed?: true;
    },
    page: PageRequest,
  ): Promise<Page<ExceptionRow>>;
  markAlerted(id: string, alert: string, at: string): Promise<void>;
  markAlertClosed(id: string, at: string): Promise<void>;

  // Evidence.
  /** Insert-if-absent under (workflow id, step, kind). */
  addEvidence(evidence: Evidence[]): Promise<void>;
  evidence(
    filter: { person?: string; event?: string; workflowId?: string },
    page: PageRequest,
  ): Promise<Page<EvidenceRow>>;
  /** What was there before a destructive change: inserts if absent, gives back what is committed. */
  keepBefore(before: { event: string; target: string; account: string; state: unknown; at: string }): Promise<unknown>;
  before(event: string): Promise<{ target: string; account: string; state: unknown }[]>;
}

/** What `read` offers: everything that changes nothing and locks nothing. */
export type Reader = Pick<
  Transaction,
  | 'personByAlias'
  | 'peopleWith'
  | 'people'
  | 'due'
  | 'countActive'
  | 'guard'
  | 'stops'
  | 'arrival'
  | 'arrivals'
  | 'waitingFor'
  | 'personEvent'
  | 'exception'
  | 'exceptions'
  | 'evidence'
  | 'before'
> & { person(id: string): Promise<Person | undefined> };

/** A stop in force. */
export interface Stop {
  /** `all`, `source:<name>`, `target:<name>`. */
  scope: string;
  by: string;
  reason: string;
  at: string;
}

export interface Waiting {
  event: string;
  source: string;
  subject: string;
  type: string;
  workflowId: string;
  since: string;
}
