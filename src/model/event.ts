/** Every event type that Muster understands, as CloudEvents types without their `muster.` prefix. */
export const eventTypes = [
  'hired',
  'start-date-changed',
  'hire-cancelled',
  'rehired',
  'converted',
  'transferred',
  'department-changed',
  'attributes-changed',
  'contract-end-changed',
  'terminated',
  'termination-rescinded',
  'leave-started',
  'leave-ended',
  'privilege-granted',
  'privilege-revoked',
  'session-risk',
  'risk-cleared',
  'access-requested',
  'access-decided',
  'provisioning-completed',
  'certification-signed-off',
  'policy-violated',
  'identity-deleted',
  'policy-changed',
  'drift-found',
  'undo-requested',
  'legal-hold-placed',
  'legal-hold-lifted',
] as const;

export type EventType = (typeof eventTypes)[number];

/** Why somebody leaves; `involuntary` and `forCause` are confidential until they are effective. */
export const endCategories = [
  'voluntary',
  'involuntary',
  'forCause',
  'retirement',
  'death',
  'contractEnd',
  'jobAbandonment',
] as const;
export type EndCategory = (typeof endCategories)[number];

/** What `terminated` carries. Dates are civil dates (`2025-11-15`) in the person's own zone; `effectiveAt` is an instant. */
export interface EndData {
  effectiveDate?: string;
  lastDayOfWork?: string;
  effectiveAt?: string;
  category?: EndCategory;
  immediate?: boolean;
  /** HR's reason in words. It never leaves the ledger: not into tickets, chat, summaries or metrics. */
  reason?: string;
}

/** What a source says of a person when it hires or changes them; all optional because sources send what they have. */
export interface WorkerData {
  firstName?: string;
  lastName?: string;
  email?: string;
  department?: string;
  jobTitle?: string;
  location?: string;
  managerId?: string;
  workerType?: string;
  startDate?: string;
  endDate?: string | null;
  wid?: string;
  priorWorkerIds?: string[];
  isRehire?: boolean;
  /** Made by the receiver of a date of birth, which goes no further. */
  birthDateHash?: string;
}

/** A normalised event. `data` is an object whose shape depends on `type`; every other field is the same for all. */
export interface IdentityEvent {
  /** `<source>:<id>`: the event's name everywhere in Muster, and the tail of its workflow's id. */
  key: string;
  /** The name in muster.yaml whose secret verified. */
  source: string;
  /** The source's own id, its hash where it cannot be part of a name, or a fingerprint with a counter. */
  id: string;
  type: EventType;
  /** The worker id at the source. */
  subject: string;
  /** The source's entry moment, an ISO instant; absent where the source does not say. */
  enteredAt?: string;
  /** When the receiver took it, an ISO instant. */
  receivedAt: string;
  effectiveDate?: string;
  effectiveAt?: string;
  sequence?: string;
  correction?: boolean;
  rescinded?: boolean;
  data: EndData & WorkerData & Record<string, unknown>;
  /** Its own source was asked and says otherwise, in words that may be shown: it waits for somebody to let it go on. */
  contradicted?: string;
  /** Who caused it where a person did: an operator's id. */
  by?: string;
  /** SHA-256 (hex) of the RFC 8785 form of what was sent, to tell a duplicate from another event under the same id. */
  payloadHash: string;
}

/** How an event ended, or where it is now. */
export const eventOutcomes = [
  'applied',
  'scheduled',
  'ignored',
  'failed',
  'duplicate',
  'held',
  'waiting',
  'dropped',
] as const;
export type EventOutcome = (typeof eventOutcomes)[number];

/** What `person` tells `identityEvent` when it has made up its mind. */
export interface Settlement {
  event: string;
  outcome: EventOutcome;
  /** In words, for `ignored` and `failed` always. */
  reason?: string;
}
