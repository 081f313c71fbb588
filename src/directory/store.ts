import type { Approval, Delegation } from '../model/approval.ts';
import type { EventOutcome, EventType, IdentityEvent } from '../model/event.ts';
import type { Evidence } from '../model/evidence.ts';
import type { OpenException } from '../model/exception.ts';
import type { Grant, LegalHold } from '../model/grant.ts';
import type { Hold, Reservation } from '../model/hold.ts';
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
  /** Who sees to it: its alert is not repeated any more. */
  takenBy?: string;
  takenAt?: string;
  /** Until when a step is skipped, or is to be once a second person agrees with `skipAskedBy`. */
  until?: string;
  skipAskedBy?: string;
}

/** What became of a wish to skip a step. `agreed`: somebody else wished the same, until the same moment; both names and reasons. */
export type SkipAsked = { is: 'asked' } | { is: 'agreed'; by: string; reason: string } | { is: 'resolved' };

/** A place that an alert goes to or went to. */
export interface AlertRow {
  exception: string;
  /** `incident:servicenow`, `channel:slack:#identity-security`, `mail:smtp:group:security`. */
  route: string;
  target: string;
  /** What the place calls it: a ticket's number. */
  reference?: string;
  /** When it was sent last; of one not sent yet (`times` 0), when it should have been. */
  sentAt: string;
  times: number;
  closedAt?: string;
}

/** A place with what it is told of. */
export interface AlertOf {
  alert: AlertRow;
  exception: ExceptionRow;
}

/** How a target has been answering. Nobody ever asked: all zero and absent. */
export interface TargetHealth {
  target: string;
  /** In a row, over all people: throttled, unavailable and timed out. */
  failures: number;
  /** Of the first of them. */
  since?: string;
  code?: string;
  message?: string;
  /** Until then it is left alone; while a call looks whether it is back, until that call must have ended. */
  restUntil?: string;
  lastGoodAt?: string;
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
  /**
   * Whose these are: accounts of a target that the directory knows, and worker ids and addresses whatever their source.
   * Addresses come back in lower case.
   */
  holders(keys: {
    target: string;
    accounts: readonly string[];
    workerIds: readonly string[];
    emails: readonly string[];
  }): Promise<{
    accounts: { id: string; owner: string }[];
    identifiers: { type: Identifier['type']; value: string; person: string }[];
  }>;
  /** Their records, by id; who is not there is left out. */
  peopleOf(ids: readonly string[]): Promise<Person[]>;
  /** Is there anything of somebody's that must be looked at when they leave? `names`: all that records call them by. */
  owns(who: { person: string; names: readonly string[]; now: string }): Promise<Owns>;
  /** Those whose manager goes by one of these ids, and who are here or to come. */
  reportsOf(managerIds: readonly string[]): Promise<Person[]>;
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
  /** All that are in force, or those placed `by` one of these, and of whom; the oldest first. */
  legalHolds(by?: readonly string[]): Promise<(LegalHold & { person: string })[]>;
  /** False where it is somebody else's; `freeBefore`: one that was released by then is nobody's any more. The person's other names of the kind become aliases. */
  reserveName(name: {
    person: string;
    kind: ReservedName['kind'];
    value: string;
    at: string;
    freeBefore?: string;
  }): Promise<boolean>;
  /** Which of these names (in lower case) are others' already: reserved, an address in anybody's record, or an account's name. */
  takenNames(person: string, values: string[], freeBefore: string | undefined): Promise<Set<string>>;
  /** Begins the quarantine of all names of somebody who left; one that has begun goes on. */
  releaseNames(person: string, at: string): Promise<void>;
  /** Ends it: its holder is back. */
  keepNames(person: string): Promise<void>;
  namesOf(person: string): Promise<ReservedName[]>;
  putPending(person: string, change: PendingChange): Promise<void>;
  removePending(person: string, id: string): Promise<void>;
  people(
    filter: { state?: PersonState; department?: string; managerId?: string; location?: string; target?: string },
    page: PageRequest,
  ): Promise<Page<Person>>;
  /** People with something pending at or before `until`, for whoever revives lost workflows. */
  due(until: string, limit: number): Promise<string[]>;
  /** Starts that are to come, the next first; `before`: an ISO instant; `location`: of the person. */
  starts(
    filter: { before?: string; location?: string },
    page: PageRequest,
  ): Promise<Page<{ person: string; id: string; dueAt: string }>>;
  /** Ids of people with anything pending or with an open exception of their own workflow's, in order, after this one. */
  inFlight(after: string | undefined, limit: number): Promise<string[]>;
  /** Ids of people who wait for a target: by an open exception, by a pending change that is due, or leaving with an account open there. */
  waitingForTarget(target: string, limit: number, now: string): Promise<string[]>;
  countActive(): Promise<number>;
  /** What a changing call needs to know, in one cheap query. */
  guard(person: string): Promise<Guard | undefined>;
  /** Stops in force: `all`, `source:<name>`, `target:<name>`. */
  putStop(scope: string, by: string, reason: string, at: string): Promise<void>;
  /** Lifts it, and remembers for a minute that it did, so that what waited goes on in the order of its priority. False: there was none. */
  removeStop(scope: string): Promise<boolean>;
  stops(): Promise<Stop[]>;
  /** Milliseconds since the scope's stop was lifted, by the database's clock; absent when that was more than a minute ago. */
  liftedFor(scopes: string[]): Promise<number | undefined>;

  // Safeguards.
  /**
   * People that were let through for this kind of change within the last 60 minutes and 24 hours, and whether this person is
   * one of them. Those whom operators released do not count: somebody answers for them. `at` is the moment it counts from,
   * the later of `now` and the database's clock, so that work which had to wait for the database counts when it is done.
   */
  countReserved(kind: Reservation['kind'], person: string, now: string): Promise<ReservedCounts>;
  /** Those who are active now, and those who were until an end that was reserved since `since`. */
  countActiveSince(since: string): Promise<number>;
  reservation(person: string, event: string, kind: Reservation['kind']): Promise<Reservation | undefined>;
  /** Insert-if-absent. */
  addReservations(reservations: Reservation[]): Promise<void>;
  /** Of a hold, the earliest first; with a limit for whoever wants to know only whether any is left. */
  reservationsOf(filter: { hold: string; state?: Reservation['state'] }, limit?: number): Promise<Reservation[]>;
  /** Every reservation that somebody had to decide about for this person, the earliest first. */
  heldFor(person: string): Promise<Reservation[]>;
  /** Takes those of these events out of the hold that are still held; gives them as they are then. */
  decideReservations(
    hold: string,
    events: string[],
    decision: { state: 'taken' | 'rejected'; by: string; reason: string; at: string },
  ): Promise<Reservation[]>;
  /** People whose timeline still waits for a hold that was decided about by then: they were not told, or it was lost. */
  untold(decidedBefore: string, limit: number): Promise<{ person: string; hold: string }[]>;
  hold(id: string): Promise<Hold | undefined>;
  /** The open hold that changes of this kind above their limit join. */
  openHold(kind: Reservation['kind']): Promise<Hold | undefined>;
  /** The latest opened first. */
  holds(filter: HoldFilter, page: PageRequest): Promise<Page<Hold>>;
  /** Inserts or replaces. */
  putHold(hold: Hold): Promise<void>;
  /** Ends due after `from` and at or before `until` that nobody has released ahead, in the order in which they are due. */
  endsAhead(from: string, until: string): Promise<EndAhead[]>;

  // How targets answer.
  targetHealth(target: string): Promise<TargetHealth | undefined>;
  targetsHealth(): Promise<TargetHealth[]>;
  /** The target answered: it is well. Its row is made where there is none. */
  noteTargetGood(target: string, at: string): Promise<void>;
  /**
   * The target did not. From the fifth such answer in a row on it rests. What began before a rest and fails during it
   * changes nothing; a `probe` that fails makes the next rest longer.
   */
  noteTargetFailure(
    target: string,
    failure: { code: string; message: string; at: string; probe: boolean },
  ): Promise<void>;
  /** True for one caller once a target's rest is over: it may call, the others rest on until `until`. */
  claimProbe(target: string, now: string, until: string): Promise<boolean>;

  // Changed policies on their way to everybody.
  propagation(id: string, options?: { lock?: boolean }): Promise<Propagation | undefined>;
  /** The latest begun first. */
  propagations(limit: number): Promise<Propagation[]>;
  /** Inserts or replaces. */
  putPropagation(propagation: Propagation): Promise<void>;

  // Events.
  /** Inserts if absent; otherwise says what is there, locked FOR UPDATE. */
  admit(
    arrival: Omit<Arrival, 'outcome' | 'reason' | 'settledAt'>,
  ): Promise<{ inserted: true } | { inserted: false; existing: Arrival }>;
  takeOver(key: string, firstRunId: string): Promise<void>;
  /** Sets what is known now; `settledAt` only when it is final. */
  updateArrival(
    key: string,
    change: Partial<Pick<Arrival, 'event' | 'person' | 'outcome' | 'reason' | 'settledAt'>>,
  ): Promise<void>;
  /** An event that was held goes on: nothing is known of its outcome again, unless that is final. */
  reopenArrival(key: string): Promise<void>;
  /** Does any event of these types wait for a stop of its source? */
  isParked(source: string, types: EventType[]): Promise<boolean>;
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
  /** Of an open one; false where there is none. `isNews`: nobody has seen to what it says now, so it is told again. */
  reviseException(
    id: string,
    change: Partial<Pick<OpenException, 'event' | 'reason' | 'about' | 'owner' | 'dueAt'>>,
    isNews: boolean,
  ): Promise<boolean>;
  /** Open ones that `from` owned are `to`'s; those that somebody by one of `names` has taken are nobody's. Gives them as they are then. */
  handOnExceptions(handed: { from: string; names: readonly string[]; to: string }): Promise<ExceptionRow[]>;
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
  /** Somebody sees to it, whoever did before. False when it is not open. */
  takeException(id: string, by: string, at: string): Promise<boolean>;
  /** Two people skip a step until the same moment: the first wish is kept, another person's equal one agrees with it. */
  askSkip(id: string, ask: { by: string; until: string; reason: string }): Promise<SkipAsked>;
  /** Opens what was skipped until now again, as `<id>#2`, and gives those. */
  reopenSkipped(now: string, dueAt: string): Promise<ExceptionRow[]>;
  markAlerted(id: string, alert: string, at: string): Promise<void>;
  markAlertClosed(id: string, at: string): Promise<void>;
  /** Insert-if-absent, as not sent yet. */
  planAlerts(rows: Pick<AlertRow, 'exception' | 'route' | 'target' | 'sentAt'>[]): Promise<void>;
  /** Open exceptions' places that were not told yet, and messages sent before `repeatBefore` of what nobody has taken. */
  alertsToSend(repeatBefore: string, page: PageRequest): Promise<Page<AlertOf>>;
  /** Resolved exceptions' places that were not told so yet. */
  alertsToClose(page: PageRequest): Promise<Page<AlertOf>>;
  alerts(exception: string): Promise<AlertRow[]>;
  markSent(exception: string, route: string, at: string, reference?: string): Promise<void>;
  markClosed(exception: string, route: string, at: string): Promise<void>;

  // Approvals.
  /** Insert-if-absent by its id; false where there is one. */
  openApproval(approval: Approval): Promise<boolean>;
  updateApproval(
    id: string,
    change: Partial<
      Pick<Approval, 'state' | 'dueAt' | 'step' | 'approvers' | 'data' | 'decidedAt' | 'decidedBy' | 'comment'>
    >,
  ): Promise<void>;
  /** `lock` takes the row FOR UPDATE: whoever has it decides. */
  approval(id: string, options?: { lock?: boolean }): Promise<Approval | undefined>;
  /** By the time they are due. `approver`: a person's id, an operator's id with or without `operator:`. */
  approvals(
    filter: { open?: boolean; person?: string; approver?: string; hash?: string },
    page: PageRequest,
  ): Promise<Page<Approval>>;
  /** By approver and `from`; a later one replaces. */
  putDelegation(delegation: Delegation): Promise<void>;
  /** False where there is none. */
  removeDelegation(approver: string, from: string): Promise<boolean>;
  /** `at`: those in force then; `after`: those that are not over by then. Sorted by approver and `from`. */
  delegations(filter: { approver?: string; at?: string; after?: string }): Promise<Delegation[]>;

  // Evidence.
  /** Insert-if-absent under (workflow id, step, kind). */
  addEvidence(evidence: Evidence[]): Promise<void>;
  evidence(
    filter: { person?: string; event?: string; workflowId?: string; newestFirst?: true },
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
  | 'holders'
  | 'peopleOf'
  | 'reportsOf'
  | 'people'
  | 'due'
  | 'starts'
  | 'legalHolds'
  | 'inFlight'
  | 'waitingForTarget'
  | 'countActive'
  | 'guard'
  | 'stops'
  | 'liftedFor'
  | 'reservation'
  | 'reservationsOf'
  | 'heldFor'
  | 'untold'
  | 'hold'
  | 'openHold'
  | 'holds'
  | 'endsAhead'
  | 'targetHealth'
  | 'targetsHealth'
  | 'namesOf'
  | 'propagations'
  | 'arrival'
  | 'arrivals'
  | 'waitingFor'
  | 'personEvent'
  | 'exception'
  | 'exceptions'
  | 'approvals'
  | 'delegations'
  | 'alertsToSend'
  | 'alertsToClose'
  | 'alerts'
  | 'evidence'
  | 'before'
> & {
  person(id: string): Promise<Person | undefined>;
  approval(id: string): Promise<Approval | undefined>;
};

/** A changed policy on its way to everybody, and how far it has come. */
export interface Propagation {
  id: string;
  /** The policy's hash. */
  policy: string;
  /** The hash of the one before. */
  before?: string;
  state: 'running' | 'stopped' | 'finished';
  by: string;
  startedAt: string;
  endedAt?: string;
  /** The last person looked at. */
  cursor?: string;
  looked: number;
  changed: number;
  data: Record<string, unknown>;
}

/** What there is of somebody's: people who report to them, open exceptions that they own or have taken, delegations by and to them, legal holds that they placed; and whether they were ever asked about it. */
export type Owns = Record<'reports' | 'exceptions' | 'delegations' | 'legalHolds' | 'asked', boolean>;

/** A login or an address of a person. */
export interface ReservedName {
  kind: 'login' | 'email';
  /** In lower case. */
  value: string;
  /** In use; the others are aliases. */
  current: boolean;
  at: string;
  /** When its holder left. */
  releasedAt?: string;
}

/** What every changing call asks before it is made. */
export interface Guard {
  epoch: number;
  state: PersonState;
  /** Stops in force, by scope. */
  stops: string[];
  /** Scopes whose stop was lifted within the last minute, with the milliseconds since. */
  lifted?: Record<string, number>;
}

/** How many people a safeguard has let through, this person perhaps among them. */
export interface ReservedCounts {
  /** ISO instant. */
  at: string;
  hour: { people: number; includes: boolean };
  day: { people: number; includes: boolean };
}

export interface HoldFilter {
  state?: Hold['state'];
  kind?: Hold['kind'];
}

/** An end that is on somebody's timeline. */
export interface EndAhead {
  person: string;
  event: string;
  dueAt: string;
  confidential: boolean;
}

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
