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

export interface ApprovalData {
  /** The name of the approval in policy.yaml. */
  rule: string;
  /** What is asked, one line each, as people read it. */
  summary: string[];
  /** What it would give or change. */
  items: { target: string; entitlement: string; until?: string; because: string }[];
  /** Who caused it (an operator's or a person's id): they never decide. */
  requestedBy?: string;
  /** What was said at the steps before the present one. */
  said: { step: number; by: string; decision: 'approve'; at: string; comment?: string }[];
  /** True once the fallback group is asked, after which there is nobody left. */
  fallback: boolean;
  remindAt?: string;
  reminders: number;
}

/** Update `decide` of a person's workflow. */
export interface DecideMessage {
  approval: string;
  decision: 'approve' | 'refuse';
  comment?: string;
  by?: string;
  proof?: { nonce: string; mac: string };
}
