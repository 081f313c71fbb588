/** One of the two that are measured: takes a termination, says when it was acknowledged and when the last target confirmed. */
export interface Contender {
  name: string;
  terminate(person: string): Promise<Termination>;
  /** Stops its workers; the server and the store stay for the other. */
  stop(): Promise<void>;
}

export interface Termination {
  /** Milliseconds from the call to its acknowledgement. */
  acknowledged: number;
  /** Milliseconds from the call to the last target's confirmation. */
  confirmed: Promise<number>;
  /** The workflows it consists of. */
  workflowIds: string[];
}
