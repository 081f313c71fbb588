import type { z } from 'zod';
import type { EndData, EventType, WorkerData } from '../model/event.ts';
import type { Callback } from './callback.ts';

/** An event as a source file hands it on: the receiver adds key, source, receipt time and hash. */
export interface NormalisedEvent {
  type: EventType;
  /** The worker id at the source. */
  subject: string;
  /** The source's own id for it, where it has one. Absent: the receiver makes a fingerprint. */
  id?: string;
  enteredAt?: string;
  effectiveDate?: string;
  effectiveAt?: string;
  sequence?: string;
  correction?: boolean;
  rescinded?: boolean;
  /** A civil date. It goes no further than the receiver, which puts its hash into the data: see `withoutBirthDate`. */
  birthDate?: string;
  data: EndData & WorkerData & Record<string, unknown>;
}

/** A request as the receiver took it: raw bytes, before anything was parsed. */
export interface RawRequest {
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Buffer;
  /** Media type without parameters, lower case. */
  mediaType: string;
  receivedAt: string;
  /** What stood behind the `?` of the address. */
  query?: Record<string, string>;
}

/** One fault in a body, by its path: `{ path: "/effectiveDate", problem: "…" }`. */
export interface Fault {
  path: string;
  problem: string;
}

export type Normalised =
  | {
      ok: true;
      events: NormalisedEvent[];
      batch: boolean;
      /** Where the source wants its answer later. It is in no event: `withCallback` puts it there, encrypted. */
      callback?: Callback;
      /** What the source is told at once, where it wants something else than ours. */
      reply?: { status: 200 | 202; body: Record<string, unknown> };
    }
  | { ok: false; status: 400 | 415; faults: Fault[] };

/** One kind of source: one file, fixtures beside their expected events. Authentication is the receiver's, by configuration. */
export interface SourceDefinition {
  /** As written in muster.yaml under `kind`. */
  kind: string;
  settings: z.ZodType<unknown>;
  mediaTypes: readonly string[];
  /** Bytes → events; every fault named by path. Never throws. */
  normalise(request: RawRequest, settings: unknown): Normalised;
}
