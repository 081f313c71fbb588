/** Access that somebody has beside what the policy's rules give. */
export interface Grant {
  target: string;
  /** The entitlement's id at the target; empty for the account itself. */
  entitlement: string;
  /**
   * - `requested`: asked for and agreed to, or granted by an event.
   * - `adopted`: it was there when Muster came; it stays until it is certified away or a move removes it.
   * - `grace`: old access that a move leaves for a while.
   * - `exception`: against separation of duties, with an owner and an end.
   */
  origin: 'requested' | 'adopted' | 'grace' | 'exception';
  /** ISO instant; absent: until something else ends it. */
  until?: string;
  event: string;
  /** In words, for plans and evidence. */
  because: string;
  privileged: boolean;
  /** The approval that allowed it. */
  approval?: string;
  at: string;
}

/** Who said what about one fact of a person last, so that an older statement that arrives later changes nothing. */
export interface FactSource {
  event: string;
  source: string;
  /** ISO instant from which it counts. */
  effective: string;
  /** The source's entry moment; where it says none, the moment it arrived. */
  enteredAt: string;
  sequence?: string;
  /** Its source said no entry moment: which of two was the later is not known. */
  entryUnknown?: true;
  /** Of an end that was taken back: the engagement it was of, where it can be only one; empty for a person without any. */
  about?: string;
  /** And the civil date it was to be on, where that was said. */
  date?: string;
  /** That end was known when it was taken back: only one that was surely entered before is another word of the same. */
  met?: true;
}

/** A legal hold: it blocks every deletion, licence removal, mailbox handover and erasure, and never a disable. */
export interface LegalHold {
  id: string;
  case: string;
  by: string;
  at: string;
  liftAskedBy?: string;
}
