import type { Router } from 'express';

/** A fault, as `PUT /faults/<target>` sets it. Every field may be absent; together they all apply. */
export interface Fault {
  /** Answer with this HTTP status, in the vendor's own form of an error (over LDAP: the closest result code). */
  status?: number;
  /** Seconds, sent as `Retry-After`. */
  retryAfter?: number;
  /** Milliseconds before anything is answered. */
  latencyMs?: number;
  /** Changing calls answer success and change nothing. */
  lie?: boolean;
  /** Never answer. */
  hang?: boolean;
  /** For this many calls only; then the fault is gone. Absent: until it is deleted. */
  count?: number;
  /** A fault of one vendor alone, by the name its stand-in documents: `refuseDeactivation`, `sessionRace`. */
  vendor?: string;
}

/** A changing call that a stand-in took and obeyed (a refused one is not listed). */
export interface CallTaken {
  target: string;
  /** Verb and noun: `deactivate user`. */
  operation: string;
  /** ISO instant. */
  at: string;
  /** The worker id the account belongs to, where it has one. */
  worker?: string;
  /** The account or ticket, for people. */
  subject?: string;
}

/** One person of the example company, as stand-ins make accounts from it. */
export interface SeedPerson {
  workerId: string;
  firstName: string;
  lastName: string;
  email: string;
  /** The part before the @. */
  login: string;
  department: string;
  jobTitle: string;
  location: string;
  workerType: 'employee' | 'contractor' | 'service' | 'breakGlass';
  managerId?: string;
  /** Has an admin account beside the primary one (login `adm-<login>`), and CyberArk safes. */
  privileged: boolean;
  /** Names of targets where this person has an account: `active-directory`, `salesforce`, … */
  targets: string[];
}

/** What a stand-in is given. */
export interface StandInTools {
  /** Records a changing call that was obeyed. */
  called(call: { operation: string; worker?: string; subject?: string }): void;
  /**
   * The fault in force. `lie` and `vendor` are the stand-in's to obey; the rest is done before it is asked. Within an HTTP
   * request, looking at one of these two where it is set uses up one of the fault's count, once: look at `lie` in changing calls alone.
   */
  fault(): Fault | undefined;
  /** For stand-ins that listen by themselves: uses up one of the fault's count, once for each call it was applied to. */
  faultUsed?(): void;
}

/** A stand-in target: keeps state in memory and speaks the vendor's own protocol. Lives in the target's folder as `sandbox.ts`. */
export interface StandIn {
  /** Everything it holds, as JSON, for `GET /state` and tests. `accounts` lists each account with at least
   *  `{ id, name, worker, enabled, entitlements, sessions }`; tickets stand under `tickets`, messages with at least
   *  `{ id, to, title, text, at }` under `messages`. */
  state(): Record<string, unknown>;
  /** Forgets everything and makes accounts for these people. `company` is everybody, for systems that know people without accounts of ours. */
  seed(people: SeedPerson[], company?: SeedPerson[]): void;
  /** The whole state as JSON and back, so that `muster start` keeps it over a restart. */
  dump(): unknown;
  restore(dumped: unknown): void;
  /** HTTP stand-ins: an Express router, mounted under `/<target>`; statuses, latency and hanging faults are applied before it. */
  router?: Router;
  /** HTTP stand-ins: the vendor's own form of an error, for the `status` fault. */
  errorBody?(status: number): { body: string; contentType: string };
  /** What `listen` speaks. Absent: LDAPS. */
  speaks?: 'ldaps' | 'smtp';
  /** Those that speak something else than HTTP listen by themselves, and apply all faults themselves. */
  listen?(options: {
    host: string;
    port: number;
    tls: { key: string; cert: string };
  }): Promise<{ port: number; close(): Promise<void> }>;
}

/** What each `sandbox.ts` exports as `makeStandIn`. */
export type MakeStandIn = (tools: StandInTools) => StandIn;
