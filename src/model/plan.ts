import type { AskedItem } from './approval.ts';

/**
 * - `close`: every account of the person there, against every way in, with sessions and entitlements.
 * - `create`, `enable`, `disable`, `update`, `remove`: their own account there; `disable` leaves its entitlements.
 * - `grant`, `revoke`: one entitlement.
 * - `handOver`: the mailbox goes to the manager.
 * - `credential`: the first credential is made and handed over.
 * - `restore`: what an event took is given back, as it was recorded.
 * - `ticket`, `message`: somebody is told.
 */
export type ChangeAction =
  | 'close'
  | 'create'
  | 'enable'
  | 'disable'
  | 'update'
  | 'remove'
  | 'grant'
  | 'revoke'
  | 'handOver'
  | 'credential'
  | 'restore'
  | 'ticket'
  | 'message';

/** One line of a plan: what will be done to whom at which target, and why. */
export interface Change {
  /** Stable within its plan: `close:salesforce`, `ticket:servicenow:offboarding`. */
  id: string;
  target: string;
  action: ChangeAction;
  /** In words, as the Web UI and the demo show it: `disable GT-48291 in Salesforce`. */
  summary: string;
  /** The rule of the policy it comes from, and its condition in words. */
  because: string;
  /** Ids of changes that must be confirmed before this one begins; unrelated changes run side by side. */
  after: string[];
  /** For `ticket` and `message`: the rendered template. */
  content?: {
    kind: string;
    title: string;
    body: string;
    correlationId: string;
    checklist?: string[];
    /** Where a message goes: a channel of its target, or people by what they are to the person. */
    channel?: string;
    to?: string;
    /** Or people by their ids: persons, and `operator:<id>`. */
    people?: string[];
    actions?: { id: string; label: string; value: string; style?: 'primary' | 'danger' }[];
  };
  /** For `grant` and `revoke`: the entitlement's id at the target. */
  entitlement?: string;
  /** For `restore`: which event took it, and what of it comes back. */
  restores?: { event: string; accounts: { account: string; enable: boolean; entitlements: string[] }[] };
  /** For `create`: made for later, and closed until then. */
  disabled?: boolean;
  /** For `disable`: their accounts of this kind alone; absent: all that are theirs. */
  accounts?: 'admin';
}

/** Desired access minus known access, as changes with a hash that an approval can name. It has no side effects. */
export interface Plan {
  person: string;
  event: string;
  /** SHA-256 of the policy file's canonical form, `sha256:…`. */
  policy: string;
  /** SHA-256 over the RFC 8785 form of person, event, policy and all changes, `sha256:…`. */
  hash: string;
  changes: Change[];
  /** What targets in mode `propose` would have to change; nothing is done before a person agrees to it. */
  proposed: Change[];
  /** What would be done at targets in mode `observe`, if they were enforced. */
  observed: Change[];
}

/** A plan for somebody who stays: what must be asked first, and what is kept for a while. */
export interface AccessPlan extends Plan {
  /** What is given only when people agree; the plan is made again then. */
  asks: Ask[];
  /** Old access that stays until its grace is over, by target and entitlement (empty: the account). */
  kept: { target: string; entitlement: string; because: string }[];
  /** Changes that separation of duties stops, with both rules in words. */
  stopped: { change: Change; reason: string }[];
}

/** A question that a plan raises: one for each approval rule. */
export interface Ask {
  /** The approval's name in policy.yaml. */
  rule: string;
  /** Over its items' hashes. */
  hash: string;
  items: AskedItem[];
  /** A line for each item, as people read it. */
  summary: string[];
}
