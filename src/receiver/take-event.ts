import type { IdentityEvent } from '../model/event.ts';
import { Failure } from '../model/failure.ts';
import { eventKey, eventWorkflowId, refusalWorkflowId, workflowTypes } from '../model/messages.ts';
import type { NormalisedEvent } from '../sources/source.ts';
import { fingerprint, ownId, payloadHash } from './event-id.ts';
import type { Frontend } from './temporal.ts';

/** What became of an event at the door. */
export type Taken =
  | { status: 'accepted'; eventId: string; workflowId: string }
  | { status: 'duplicate'; eventId: string; workflowId: string; outcome?: string }
  /** Its id belongs to another event; it is kept by the workflow `heldAs`, for a person to look at. */
  | { status: 'conflict'; eventId: string; workflowId: string; heldAs: string };

/** Where an event came in. */
export interface Arrival {
  source: string;
  /** Milliseconds in which an equal event without an own id is the same one. */
  duplicateWindow: number;
  /** ISO instant. */
  receivedAt: string;
  /** The message's id, where a signature vouches for it. */
  webhookId?: string;
}

/** Hands events to Temporal, each id once. */
export class Intake {
  readonly #frontend: Frontend;
  readonly #underWay = new Map<string, Promise<Taken>>();

  constructor(frontend: Frontend) {
    this.#frontend = frontend;
  }

  /**
   * An event's own id goes before its message's, and a fingerprint stands in for both. Equal events that come while the
   * first is under way wait for its answer, so that a burst of copies asks Temporal once.
   */
  async take(arrival: Arrival, normalised: NormalisedEvent): Promise<Taken> {
    const own = normalised.id ?? arrival.webhookId;
    const id = own === undefined ? fingerprint(normalised) : ownId(own);
    const burst = [arrival.source, id, payloadHash(normalised)].join(' ');
    const first = this.#underWay.get(burst);
    if (first !== undefined) {
      const taken = await first;
      return taken.status === 'accepted' ? { ...taken, status: 'duplicate' } : taken;
    }
    const taking =
      own === undefined
        ? takeCounted(this.#frontend, arrival, (n) => identityEvent(arrival, normalised, `${id}.${n}`))
        : take(this.#frontend, identityEvent(arrival, normalised, id));
    this.#underWay.set(burst, taking);
    try {
      return await taking;
    } finally {
      this.#underWay.delete(burst);
    }
  }
}

function identityEvent(arrival: Arrival, normalised: NormalisedEvent, id: string): IdentityEvent {
  const { source, receivedAt } = arrival;
  return {
    ...normalised,
    key: eventKey(source, id),
    source,
    id,
    receivedAt,
    payloadHash: payloadHash(normalised),
  };
}

async function take(frontend: Frontend, event: IdentityEvent): Promise<Taken> {
  const workflowId = eventWorkflowId(event.key);
  const found = { eventId: event.id, workflowId };
  if (await frontend.start(workflowTypes.identityEvent, workflowId, event)) return { status: 'accepted', ...found };
  const first = await frontend.look(workflowId);
  if (first === undefined) throw goneAgain(workflowId);
  if (first.payloadHash === event.payloadHash) return duplicate(found, first.outcome);
  const heldAs = refusalWorkflowId(event.key, event.payloadHash);
  // Sent again, it is held already; that is as good.
  await frontend.start(workflowTypes.refusal, heldAs, event);
  return { status: 'conflict', ...found, heldAs };
}

/**
 * The same words without an id may be the same event or, later, a new one: the latest with this fingerprint decides. They are
 * numbered in the order they came, so the latest is found by doubling and halving, not by asking for each.
 */
async function takeCounted(
  frontend: Frontend,
  arrival: Arrival,
  numbered: (n: number) => IdentityEvent,
): Promise<Taken> {
  const nth = (n: number) => {
    const event = numbered(n);
    return { event, workflowId: eventWorkflowId(event.key) };
  };
  const attempt = async (n: number): Promise<Taken | 'old'> => {
    const { event, workflowId } = nth(n);
    if (await frontend.start(workflowTypes.identityEvent, workflowId, event)) {
      return { status: 'accepted', eventId: event.id, workflowId };
    }
    const seen = await look(n);
    if (seen === 'none') throw goneAgain(workflowId);
    return seen;
  };
  const look = async (n: number): Promise<Taken | 'old' | 'none'> => {
    const { event, workflowId } = nth(n);
    const started = await frontend.look(workflowId);
    if (started === undefined) return 'none';
    const age = Date.parse(arrival.receivedAt) - started.startedAt;
    return age > arrival.duplicateWindow ? 'old' : duplicate({ eventId: event.id, workflowId }, started.outcome);
  };

  const first = await attempt(1);
  if (first !== 'old') return first;
  let old = 1;
  let free = 0;
  while (free === 0 || free - old > 1) {
    const next = free === 0 ? old * 2 : Math.floor((old + free) / 2);
    const seen = await look(next);
    if (seen === 'old') old = next;
    else if (seen === 'none') free = next;
    else return seen;
  }
  const taken = await attempt(free);
  if (taken === 'old') throw goneAgain(nth(free).workflowId);
  return taken;
}

function duplicate(found: { eventId: string; workflowId: string }, outcome: string | undefined): Taken {
  return { status: 'duplicate', ...found, ...(outcome === undefined ? {} : { outcome }) };
}

/** Refused as known, and then not there: its retention ended in between. The sender's next try finds the id free. */
const goneAgain = (workflowId: string): Failure =>
  new Failure('unavailable', `${workflowId} was there and is gone`, { retryAfterMs: 1_000 });
