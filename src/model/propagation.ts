/** A changed policy on its way to everybody: what its workflow and its activities say to each other. Plain JSON. */
/** One workflow for one policy: whoever asks for it twice finds the first. */
export const propagationWorkflowId = (policy: string): string => `propagate-policy:${policy}`;

/** How many people are looked at together; no more than those are on their way at once. */
export const propagationBatch = 100;

/** Input of `propagatePolicy`. */
export interface PropagationInput {
  /** The policy's hash; absent: a run of the schedule, which looks whether there is anything to do. */
  policy?: string;
  by?: string;
  /** People in a batch. */
  size?: number;
  /** Over a continue-as-new: which of the policy's propagations it is. */
  id?: string;
}

/** How far it is. */
export interface PropagationProgress {
  /** `1a2b3c4d`, and `1a2b3c4d.2` for the second time of the same policy. */
  id: string;
  policy: string;
  /** The policy that was propagated before. */
  before?: string;
  state: 'running' | 'stopped' | 'finished';
  by: string;
  startedAt: string;
  endedAt?: string;
  /** People looked at, and of how many (about) when it began. */
  looked: number;
  people: number;
  /** People for whom an event was started, or is about to be. */
  changed: number;
  /** People of this batch whose events are not settled yet. */
  inFlight: number;
  /** People whose events wait for somebody: held by a safeguard, or for an approval. */
  held: number;
  /** Why it stands still, where it does. */
  reason?: string;
  /** The workers run another policy. */
  otherPolicy?: true;
}

/** What a run of the schedule came to. */
export interface PropagationLook {
  policy: string;
  /** `noted`: nothing was propagated before, so this policy is what later ones are compared with. */
  did: 'nothing' | 'noted' | 'started';
}

/** Activities of the propagation, on the queue `muster`. */
export interface PropagationActivities {
  /** Starts the propagation of a policy that is not the last one that was. */
  lookForChange(request: { now: string }): Promise<PropagationLook>;
  /** Begins, or goes on with one that was stopped. Safe to repeat within a run. */
  beginPropagation(request: { policy: string; by: string; now: string; run: string }): Promise<PropagationProgress>;
  /** One step: looks what has become of this batch or, where it is done, goes on to the next. Safe to repeat. */
  propagate(request: { id: string; size: number; now: string }): Promise<PropagationProgress>;
  /** The workers run another policy for good. */
  giveUpPropagation(request: { id: string; now: string }): Promise<PropagationProgress>;
}
