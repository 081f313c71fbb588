import type { EndCategory } from './event.ts';
import type { FactSource, Grant, LegalHold } from './grant.ts';

/** Where a person stands. `MusterState` holds exactly these words. */
export const personStates = [
  'PreHire',
  'Active',
  'OnLeave',
  'Suspended',
  'Terminating',
  'Terminated',
  'Cancelled',
] as const;
export type PersonState = (typeof personStates)[number];

export const accountKinds = ['primary', 'admin', 'test', 'shared', 'service', 'breakGlass'] as const;
export type AccountKind = (typeof accountKinds)[number];

/** Accounts that belong to one human being and end with them; the others change owner instead. */
export const personalKinds: ReadonlySet<AccountKind> = new Set(['primary', 'admin', 'test']);

/** Accounts that an automatic change may never touch. */
export type Protection = 'breakGlass' | 'service' | 'lastAdministrator';

/** A name for the person at one system: `{ source: 'workday', type: 'workerId', value: 'GT-48291' }`. Unique with its source and type. */
export interface Identifier {
  source: string;
  /** `birthDate`: the keyed hash of it, for recognising somebody again alone; its source is the person's own id, for many share one. */
  type: 'workerId' | 'wid' | 'email' | 'employeeNumber' | 'id' | 'birthDate';
  value: string;
}

/** One employment. Dates are civil dates in the zone of `location`. Access is due while any engagement is active. */
export interface Engagement {
  id: string;
  source: string;
  workerId: string;
  wid?: string;
  workerType: string;
  startDate: string;
  endDate?: string;
  lastDayOfWork?: string;
  managerId?: string;
  location?: string;
  primary: boolean;
  /** How it ended, for who would hire them again. It is in no answer of the API. */
  end?: { event: string; category?: EndCategory; enteredAt?: string; eligibleForRehire?: boolean };
}

/** An account as the directory knows it. `id` is the target's own stable id (objectGUID, 005…, login), not a name that changes. */
export interface Account {
  target: string;
  id: string;
  /** The login or display name at the target, for people to read. */
  name: string;
  kind: AccountKind;
  owner: string;
  origin: 'created' | 'adopted' | 'found';
  status: 'enabled' | 'disabled' | 'absent';
  /** Set where another system provisions this account; Muster never writes it. */
  managedBy?: string;
  entitlements: string[];
  /** When the target itself was last read, an ISO instant. */
  seenAt?: string;
}

/**
 * - `end`, `start`, `leave`: the person's state changes.
 * - `change`: facts that hold from then on.
 * - `access`: their access is planned anew, now or then, and made so.
 * - `grace`: something kept for a while, or granted for a time, is over: planned anew.
 * - `reminder`: somebody is told.
 * - `approval`: a question's next reminder, escalation or end.
 * - `order`: an order to people is looked after.
 * - `answer`: a source that asked is told what was decided.
 * - `later`: a step of the days after, by `data.action`.
 */
export const pendingKinds = [
  'end',
  'start',
  'leave',
  'change',
  'access',
  'grace',
  'reminder',
  'approval',
  'order',
  'answer',
  'later',
] as const;
export type PendingKind = (typeof pendingKinds)[number];

/** Something that will happen to a person on a date; the sorted list of these is the person's timeline. */
export interface PendingChange {
  id: string;
  kind: PendingKind;
  /** ISO instant at which it is due. */
  dueAt: string;
  /** The civil date and zone it came from, where it came from one. */
  date?: string;
  zone?: string;
  event: string;
  /** Nothing about it may show before its time. */
  confidential: boolean;
  data: Record<string, unknown>;
}

/** Attributes that policy's conditions may name, as `person.department` and so on. */
export interface PersonAttributes {
  firstName?: string;
  lastName?: string;
  email?: string;
  department?: string;
  jobTitle?: string;
  location?: string;
  managerId?: string;
  workerType?: string;
  [name: string]: string | boolean | number | string[] | undefined;
}

/** The person's record. The directory is its only home; a workflow reads it when it starts and after each write. */
export interface Person {
  id: string;
  name: string;
  state: PersonState;
  /** Raised by every termination; a changing call made under an older epoch is refused. */
  epoch: number;
  privileged: boolean;
  protection?: Protection;
  attributes: PersonAttributes;
  identifiers: Identifier[];
  engagements: Engagement[];
  accounts: Account[];
  pending: PendingChange[];
  /** Access beside what rules give. */
  grants: Grant[];
  facts: Record<string, FactSource>;
  /** Those in force. Security and administrators alone see them. */
  legalHolds: LegalHold[];
}
