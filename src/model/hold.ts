/** One person touched by one event, as a safeguard counts them. */
export interface Reservation {
  person: string;
  event: string;
  /** `end`: a termination. `security`: a security event or an end for cause, which has a cap of its own. `removal`: access removed otherwise. `blank`: values emptied. */
  kind: 'end' | 'security' | 'removal' | 'blank';
  source: string;
  at: string;
  /** `taken`: within the limits, or released: it may go on. `held`, `rejected`: it may not. */
  state: 'taken' | 'held' | 'rejected';
  /** The hold that keeps it. */
  hold?: string;
  data: {
    /** What it would do, in words. */
    summary: string;
    priority: number;
    confidential?: boolean;
    /** It was or can be let through before its day. */
    ahead?: boolean;
    /** Who released or rejected it. */
    decided?: { by: string; reason: string; at: string };
  };
}

/** Changes above a limit. Later ones that exceed the same limit join an open hold. */
export interface Hold {
  id: string;
  kind: Reservation['kind'];
  /** For the reader at 3 a.m.: which limit, how many, what to do. */
  reason: string;
  state: 'open' | 'released' | 'rejected';
  openedAt: string;
  closedAt?: string;
  data: {
    /** Who caused what is held (sources, operators): they release nothing. */
    causes: string[];
    /** Who has said `release` so far; a mass needs two. */
    releasing: Release[];
    limit: string;
    /** Nothing is held yet: these are ends known ahead, due from then until then, that will exceed the limit. */
    ahead?: { window: 'hour' | 'day'; from: string; until: string };
  };
}

/** One operator's `release`: what exactly they have agreed to, so that nothing which joins the hold later is meant by it. */
export interface Release {
  by: string;
  at: string;
  reason: string;
  /** Absent: all that was held then. */
  people?: string[];
  events: string[];
  /** A single person, who went on by this one operator's word. */
  alone?: true;
}

/** Update `release`. */
export interface ReleaseMessage {
  hold: string;
  decision: 'release' | 'reject';
  /** Only these; absent: all. */
  people?: string[];
  reason: string;
  by?: string;
  proof?: { nonce: string; mac: string };
}
