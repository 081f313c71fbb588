/** What the scheduled checks and their activities say to each other. Plain JSON: it becomes history. */

/** Schedules, by the ids that people script against. */
export const schedules = {
  deliveryCheck: 'delivery-check',
  reconcile: 'reconcile',
  propagatePolicy: 'propagate-policy',
} as const;

/** The source of events that Muster itself brings in. */
export const ownSource = 'muster';

/** `delivery-check-2026-11-22T07:27:17Z` → `20261122T072717Z`: one run of a schedule, as it stands in ids. */
export const runName = (workflowId: string): string =>
  workflowId.replace(/^(delivery-check|reconcile)-/, '').replace(/[^\w.]/g, '');

export const adoptWorkflowId = (target: string): string => `adopt:${target}`;

/** One window of one source that is due to be checked. From `from` to just before `to`, ISO instants. */
export interface DeliveryWindow {
  source: string;
  from: string;
  to: string;
}

/** What one delivery check came to. */
export interface DeliveryCheck {
  windows: (DeliveryWindow & {
    /** How many were missing; absent where nothing of the list could be read. */
    missing?: number;
    /** Not all of the source's list could be read. */
    unread: boolean;
  })[];
}

/** Which run asks, and when: workflow time, an ISO instant. */
export interface CheckRun {
  workflowId: string;
  /** As `runName` makes it. */
  run: string;
  now: string;
}

/** Activities of the delivery check, on the queue `muster`. */
export interface DeliveryActivities {
  /** Windows that ended since the last run, one for each source that policy has checked. */
  dueDeliveryChecks(request: { now: string }): Promise<DeliveryWindow[]>;
  /** Holds the source's own list against the ledger and the directory. Says why not all of the list could be read. */
  checkDelivery(request: CheckRun & { window: DeliveryWindow }): Promise<{ missing: number; unread?: string }>;
  /** The source's list could not be read: that is no silence, and somebody must see to it. */
  reportUnread(request: CheckRun & { window: DeliveryWindow; message: string }): Promise<void>;
  /** Sources from which nothing came for their usual time, and those that are back. */
  checkSilence(request: CheckRun): Promise<void>;
}

export const findings = ['live-leaver', 'unplanned', 'orphan', 'vanished'] as const;
/**
 * - `live-leaver`: an open account of somebody who has left.
 * - `unplanned`: an entitlement, or an account, that neither policy nor a grant gives.
 * - `orphan`: an open account that belongs to nobody.
 * - `vanished`: an entitlement, or an account, that is due, was there, and is gone.
 */
export type Finding = (typeof findings)[number];

/** One difference between a target and what should be. */
export interface Drift {
  target: string;
  /** The target's own id. */
  account: string;
  /** Absent: it is about the account itself. */
  entitlement?: string;
  finding: Finding;
  person?: string;
}

/** Data of the event `drift-found`. */
export interface DriftData extends Record<string, unknown> {
  findings: Omit<Drift, 'person'>[];
}

/** What is done about a difference. */
export type DriftAction = 'repair' | 'ask' | 'report';

/** What reading one target in full came to. */
export interface Reconciled {
  target: string;
  accounts: number;
  found: Record<Finding, number>;
  /** Events that were started. */
  repairs: number;
}

/** Result of a reconciliation. */
export interface Reconciliation {
  targets: Reconciled[];
  /** Targets that could not be read. */
  unread: string[];
}

/** What taking over a target's accounts came to, or would. */
export interface Adoption {
  target: string;
  dryRun: boolean;
  accounts: number;
  /** Accounts that belong to one person. */
  matched: number;
  /** Accounts that were recorded, or whose record changed. */
  recorded: number;
  /** Entitlements recorded as adopted. */
  grants: number;
  ambiguous: AdoptionList<{ account: string; people: string[] }>;
  orphans: AdoptionList<{ account: string; kind: string; status: string }>;
  privileged: AdoptionList<{ account: string; kind: string; person?: string }>;
}

/** The first of them, and how many there are. */
export interface AdoptionList<T> {
  count: number;
  items: T[];
}

/** Input of `adopt`. */
export interface AdoptInput {
  target: string;
  dryRun: boolean;
  by: string;
}

/** Activities that read a whole target, on that target's queue. */
export interface FullReadActivities {
  reconcileTarget(request: CheckRun & { target: string }): Promise<Reconciled>;
  adoptAccounts(request: CheckRun & AdoptInput): Promise<Adoption>;
}

/** Activities of the reconciliation on the queue `muster`. */
export interface ReconcileActivities {
  /** Targets that can be listed. */
  targetsToReconcile(): Promise<string[]>;
  /** A target could not be read: its drift is unknown, and somebody must see to it. */
  targetUnread(request: CheckRun & { target: string; message: string }): Promise<void>;
}
