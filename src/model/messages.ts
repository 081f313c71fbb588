import type { IdentityEvent, Settlement } from './event.ts';

/** The workflows' and Muster's own activities' queue. */
export const musterQueue = 'muster';

/** Each target's own queue, so that a stuck one delays no other. */
export const targetQueue = (target: string): string => `muster-${target}`;

/** Names of sources that are inside Muster: no source in muster.yaml may be called so. `signal` is a hand nobody vouches for. */
export const internalSources = ['muster', 'operator', 'signal'] as const;

export const eventKey = (source: string, id: string): string => `${source}:${id}`;
/** The workflow of an event, whichever of its occurrences the key names. */
export const eventWorkflowId = (key: string): string => `event:${key.replace(/~.*$/s, '')}`;
export const personWorkflowId = (person: string): string => `person:${person}`;
/** What a hold's exception and evidence are filed under; no workflow has this id. */
export const holdWorkflowId = (hold: string): string => `hold:${hold}`;
/** The hold that something is filed under; undefined where it is a workflow's. */
export const holdOf = (workflowId: string): string | undefined =>
  workflowId.startsWith(holdWorkflowId('')) ? workflowId.slice(holdWorkflowId('').length) : undefined;
export const refusalWorkflowId = (key: string, hash: string): string => `refusal:${key}:${hash}`;

/**
 * The key of an event without an own id that is equal to one of long ago, which Temporal has forgotten: its workflow has the
 * id that the first one had, and the run tells the two apart. `~` occurs in no id.
 */
export const laterKey = (key: string, firstRunId: string): string => `${key}~${firstRunId.slice(0, 8)}`;
/** What `laterKey` added, empty for a first occurrence: whatever is named by a workflow's id alone needs it as well. */
export const occurrenceOf = (key: string): string => /~.*$/s.exec(key)?.[0] ?? '';

/** Workflow types, as the Web UI shows them. */
export const workflowTypes = {
  identityEvent: 'identityEvent',
  person: 'person',
  refusal: 'refusal',
  deliveryCheck: 'deliveryCheck',
  reconcile: 'reconcile',
  adopt: 'adopt',
  propagatePolicy: 'propagatePolicy',
} as const;

/** Temporal's priority keys; 1 overtakes everything. */
export const priorities = { security: 1, termination: 2, change: 3, hire: 4, bulk: 5 } as const;

/** Search attributes that Muster needs, by name and Temporal type. `muster setup` registers them, `muster doctor` checks. */
export const searchAttributes = {
  MusterPerson: 'KEYWORD',
  MusterState: 'KEYWORD',
  MusterProcess: 'KEYWORD',
  MusterEvent: 'KEYWORD',
  MusterSource: 'KEYWORD',
  MusterOutcome: 'KEYWORD',
  MusterWaitingFor: 'KEYWORD_LIST',
  MusterTargets: 'KEYWORD_LIST',
  MusterDue: 'DATETIME',
} as const;

/** The update by which an event reaches its person; its update id is the event's key. Answered at once. */
export const deliverUpdate = 'deliver';
/** The signal by which the outcome comes back to `identityEvent`. */
export const settledSignal = 'settled';
/** The signal that wakes an `identityEvent` whose person was created in between. */
export const personCreatedSignal = 'personCreated';
/** The update by which somebody decides what becomes of an exception. */
export const resolveUpdate = 'resolve';
/** The signal that tells a person that somebody has decided about a hold. It may come more than once. */
export const releasedSignal = 'released';
/** The update by which somebody releases or rejects what a safeguard holds of one person. */
export const releaseUpdate = 'release';
export const statusQuery = 'status';
/** The update by which an approver decides. */
export const decideUpdate = 'decide';
/** Signals of a person's workflow that anybody at the Web UI or the command line can send, with what they take. */
export const personSignals = {
  changeStartDate: '{"startDate": "2026-02-02", "reason": "…"}: the start moves',
  cancelHire: '{"reason": "…"}: the hire is off',
  changeEndDate: '{"endDate": "2026-03-31", "reason": "…"}: the contract ends on another day; null: it has no end',
  event: 'a CloudEvent (type, data): it takes the same way as any other',
} as const;

/** What a `released` signal carries. */
export interface ReleasedMessage {
  hold: string;
}

/** Input of `identityEvent`. */
export interface EventInput {
  event: IdentityEvent;
  /** Durations in milliseconds, so that tests need not wait. */
  timing?: EventTiming;
}

export interface EventTiming {
  /** Between looks for a person nobody knows yet. Default 30 s. */
  lookAgainMs: number;
  /** Looks after the first. Default 3. */
  looks: number;
  /** Without an answer from the person, deliver again: first after this, then every `redeliverMs`. Defaults 60 s and 5 min. */
  firstRedeliverMs: number;
  redeliverMs: number;
}

/** Input of `person`. Everything else is in the directory. */
export interface PersonInput {
  person: string;
  /** Carried over a continue-as-new: events taken and not yet processed. */
  box?: IdentityEvent[];
}

/** What a `settled` signal carries. */
export type SettledMessage = Settlement;

/** Operators' update `resolve`. `proof` is made by the API; without it only `retry` is obeyed. */
export interface ResolveMessage {
  exception?: string;
  action: 'retry' | 'skip' | 'done' | 'attach' | 'drop' | 'release';
  reason?: string;
  until?: string;
  /** For `attach`: the person the event belongs to. */
  person?: string;
  by?: string;
  proof?: { nonce: string; mac: string };
}

/** What a resolution's proof names: a person's workflow has many exceptions, an event's and a refused event's but that event. */
export function itemOf({ id, event, workflowId }: { id: string; event?: string; workflowId: string }): string {
  if (workflowId.startsWith('event:')) return event ?? id;
  return /^refusal:(.*):[^:]*$/s.exec(workflowId)?.[1] ?? id;
}
