/** A question to people: may this be done? Its id is `<person>/<hash's first 12>/<n>`. */
export interface Approval {
  id: string;
  /** Whom it concerns; they never decide. */
  person: string;
  event: string;
  /** Hash of exactly what is asked: who, what, why, under which policy. Another plan is another question. */
  hash: string;
  /**
   * - `void`: the person, the target or the policy changed, so that the question is another one now.
   * - `expired`: nobody answered, and nobody is left to ask: that is a no.
   */
  state: 'open' | 'approved' | 'refused' | 'void' | 'expired';
  openedAt: string;
  dueAt: string;
  /** Which of the steps is asked, from 0. */
  step: number;
  /** Who may decide now: person ids, and `operator:<id>` for members of groups. */
  approvers: string[];
  data: ApprovalData;
  decidedAt?: string;
  decidedBy?: string;
  comment?: string;
}

/** One thing that is asked for. */
export interface AskedItem {
  target: string;
  entitlement: string;
  because: string;
  /** Over the person as they are, the item, and who must agree: another one is another question. */
  hash: string;
  /** Asked for by somebody, and not given by a rule: agreed to, it becomes a grant. */
  requested?: { until?: string; privileged: boolean };
  /** Agreed to or not, a source that asked is told; or what an event took is given back. Absent: a plan is made. */
  leadsTo?: 'answer' | 'restoration';
}

export interface ApprovalData {
  /** The name of the approval in policy.yaml. */
  rule: string;
  /** What is asked, one line each, as people read it. */
  summary: string[];
  /** What it would give or change. */
  items: AskedItem[];
  /** Who caused it (an operator's or a person's id): they never decide. */
  requestedBy?: string;
  /** What was said at the steps before the present one. */
  said: { step: number; by: string; decision: 'approve'; at: string; comment?: string }[];
  /** True once the fallback group is asked, after which there is nobody left. */
  fallback: boolean;
  remindAt?: string;
  reminders: number;
  /** What people were told last and at which moment, so that a change whose answer was lost tells the same again. */
  told?: Told & { at: string };
}

/** Whom to tell what about an approval: person ids, `operator:<id>`, `group:<name>` where the group has an address. */
export interface Told {
  to: string[];
  kind: 'asked' | 'reminder' | 'decided';
}

/** Who decides for whom, from one ISO instant until before another. */
export interface Delegation {
  /** Person ids. */
  approver: string;
  delegate: string;
  from: string;
  until: string;
  /** Who said so: an operator's id. */
  by: string;
}

/** Update `decide` of a person's workflow. */
export interface DecideMessage {
  approval: string;
  decision: 'approve' | 'refuse';
  comment?: string;
  by?: string;
  proof?: { nonce: string; mac: string };
}
