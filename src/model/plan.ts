/** One line of a plan: what will be done to whom at which target, and why. */
export interface Change {
  /** Stable within its plan: `close:salesforce`, `ticket:servicenow:offboarding`. */
  id: string;
  target: string;
  action: 'close' | 'create' | 'enable' | 'grant' | 'revoke' | 'remove' | 'ticket' | 'message';
  /** In words, as the Web UI and the demo show it: `disable GT-48291 in Salesforce`. */
  summary: string;
  /** The rule of the policy it comes from, and its condition in words. */
  because: string;
  /** Ids of changes that must be confirmed before this one begins; unrelated changes run side by side. */
  after: string[];
  /** For `ticket` and `message`: the rendered template. */
  content?: { kind: string; title: string; body: string; correlationId: string };
  /** For `grant` and `revoke`: the entitlement's id at the target. */
  entitlement?: string;
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
