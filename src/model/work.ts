import type { IdentityEvent, Settlement } from './event.ts';
import type { ExceptionKind } from './exception.ts';
import type { FailureCode } from './failure.ts';
import type { PendingChange, PersonState } from './person.ts';
import type { AccessPlan, Change, Plan } from './plan.ts';

/** What workflows and activities say to each other. Plain JSON: it becomes history. */

/** The first thing that happens to an event: is it new, and whose is it? `event` has the key it goes by from now on, where that is another. */
export type Admission =
  | { kind: 'duplicate'; outcome: string }
  /** An operator has stopped its source: it is kept, and asks again. */
  | { kind: 'stopped'; event?: IdentityEvent }
  | { kind: 'admitted'; match: Match; event?: IdentityEvent };

/** Who an event is about. `nobody` has left a waiting row, which the creator of that person finds. */
export type Match =
  /** `reading`: its own source can be asked about the worker, `before` the person learns of it or `after`. */
  | { kind: 'person'; person: string; priority: number; reading?: Reading }
  | { kind: 'nobody' }
  | { kind: 'several'; people: string[] };

/** When the source is asked about the worker of an event that does not say when it was entered. */
export type Reading = 'before' | 'after';

/** Durations in milliseconds; policy has the real ones, tests have short ones. */
export interface PersonTiming {
  /** All targets are read once more this long after the last of them confirmed. */
  readAgainMs: number;
  /** Between tries of a step that was refused, or whose credentials were. */
  slowRetryMs: number;
  /** The longest that reading one target before a plan may take. */
  seeMs: number;
  /** First and longest pause between tries of a step whose target is throttled or unavailable. */
  retryInitialMs: number;
  retryMaximumMs: number;
  /** The longest sleep: the timeline is looked at afresh at least this often. */
  hopMs: number;
  /** The longest a single call activity may take. */
  callMs: number;
  /** A person's run with a longer history starts afresh; absent: where Temporal suggests it. */
  historyEvents?: number;
}

/** An exception as its person's workflow needs it. */
export interface ExceptionView {
  id: string;
  kind: ExceptionKind;
  target?: string;
  event?: string;
}

/** The person as a run of `person` sees them: refreshed by every activity that changes them. */
export interface PersonView {
  person: string;
  state: PersonState;
  epoch: number;
  timeline: PendingChange[];
  exceptions: ExceptionView[];
  timing: PersonTiming;
}

/** What was decided about an event. `settlement` is what its `identityEvent` is told; absent while an end is under way. */
export interface Decision {
  view: PersonView;
  settlement?: Settlement;
  /** Set when an end takes effect now. */
  end?: BegunEnd;
}

/** An end that has begun: `Terminating` is committed, the epoch raised, the plan made. */
export interface BegunEnd {
  /** The event that ends it. */
  event: string;
  /** The pending change it came from; removed when it is done. */
  pending: string;
  epoch: number;
  plan: Plan;
  priority: number;
  /** ISO instants. */
  effectiveAt: string;
  deadlineAt: string;
  /** Half of the deadline: what is missing then is said. Absent in ends that began under a version without it. */
  warnAt?: string;
  /** Titles of targets by name, for people. */
  titles: Record<string, string>;
  /** Who looks after an exception of it. */
  owner: string;
  /** Ids of people about whom somebody else is asked now, in the leaver's place. */
  handedOn?: string[];
  /** Keys of events that this end has overtaken: they are told. */
  overtaken?: string[];
}

/** What a person's access needs now: every row of the timeline that asks for it is answered by one plan. */
export interface AccessDecision {
  view: PersonView;
  /** Targets that must be read first, and the priority for that; then it is asked again. */
  see?: { targets: string[]; titles: Record<string, string>; priority: number; event: string };
  /** What must be carried out. Absent: nothing, and all is settled. */
  access?: BegunAccess;
}

/** Access that is being brought in line: the plan is made, and what it needs is committed. */
export interface BegunAccess {
  /** The event that the newest of the rows came from. */
  event: string;
  /** Ids of the pending rows that this plan answers. */
  pending: string[];
  epoch: number;
  plan: AccessPlan;
  priority: number;
  /** ISO instants. It is planned for `at`; after `stopAt` nothing is given any more unless somebody says so. */
  at: string;
  deadlineAt: string;
  stopAt: string;
  /** Targets that did not answer in time before it was planned; they are looked at again. */
  unseen?: string[];
  titles: Record<string, string>;
  owner: string;
  /** For the Web UI: `joiner`, `mover`, `leaver`. */
  process: string;
}

/** The part of a begun process that carrying a step out needs. */
export type Begun = Pick<BegunEnd, 'event' | 'epoch' | 'priority' | 'titles' | 'owner'>;

/** Changes at one target that are made one after the other by one activity. */
export interface Step {
  id: string;
  target: string;
  summary: string;
  changes: Change[];
}

/** Input of a target's activity that makes several changes. */
export interface StepWork {
  person: string;
  event: string;
  epoch: number;
  step: Step;
  now: string;
  workflowId: string;
}

/** What a target shows of a person. */
export type Sight = { status: 'seen'; accounts: number } | { status: 'blocked'; code: FailureCode; message: string };

/** Input of a target's activity. */
export interface ChangeWork {
  person: string;
  event: string;
  epoch: number;
  change: Change;
  /** Workflow time, an ISO instant. */
  now: string;
  workflowId: string;
}

/** One account that was closed, as evidence and the page show it. */
export interface ClosedAccount {
  account: string;
  kind: string;
  outcome: 'changed' | 'already';
  entitlements: number;
  sessions: number;
}

/** What became of one try at a change. Throttled, unavailable and the like are thrown, and Temporal tries again. */
export type ChangeResult =
  | {
      status: 'confirmed';
      /** ISO instant at which the target was read back. */
      at: string;
      accounts: ClosedAccount[];
      /** Shared, service and break-glass accounts of the person: not closed, somebody must take them over. */
      handover?: { account: string; kind: string }[];
      /** `INC0012345`, where the change opened a ticket. */
      ticket?: string;
      /** Until when something lives on that cannot be ended. */
      residualUntil?: string;
    }
  | { status: 'blocked'; code: FailureCode; message: string; advice?: string }
  | { status: 'superseded'; message: string };

/** What reading back a while later found. */
export type Confirmation =
  | { status: 'closed' }
  | { status: 'open'; accounts: string[] }
  | { status: 'unread'; message: string };

export interface ExceptionRequest {
  /** Unique in its workflow: `event/target/kind`. */
  step: string;
  kind: ExceptionKind;
  event?: string;
  person?: string;
  target?: string;
  reason: string;
}

export interface EventRequest {
  event: IdentityEvent;
  now: string;
  workflowId: string;
  firstRunId: string;
  /** A person said whose it is; it is looked up by this id instead of the event's subject. */
  attachTo?: string;
}

export type { IdentityEvent, Settlement };
