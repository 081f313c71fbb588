/** A piece of evidence as a station of the line hands it in; the ledger seals it into the chain within a second. */
export interface Evidence {
  /** The workflow that did it, `event:workday:…` or `person:GT-48291`; with `step` and `kind` its unique key. */
  workflowId: string;
  /** Stable over retries and resets: never an attempt or run id. */
  step: string;
  /** What happened, in the past tense: `event-accepted`, `account-disabled`. */
  kind: string;
  person?: string;
  event?: string;
  target?: string;
  /** The moment it is about: workflow time, an ISO instant. `recordedAt` is the ledger's own. */
  at: string;
  /** Ids, codes, counts and hashes. No names, no addresses, no reasons in words: those are personal. */
  data: Record<string, unknown>;
}
