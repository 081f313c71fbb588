import { heldIn } from '../../activities/held.ts';
import type { Arrival, EvidenceRow, ExceptionRow, Page, PageRequest, Reader } from '../directory/store.ts';
import { isConfidentialNow, legalHoldTypes } from '../model/confidential.ts';
import type { LegalHold } from '../model/grant.ts';
import type { Reservation } from '../model/hold.ts';
import { holdOf } from '../model/messages.ts';
import type { Engagement, Identifier, PendingChange, Person } from '../model/person.ts';
import type { Operator } from './operators.ts';

/** A person as an answer shows them: why anybody left is in none, and legal holds are for security and administrators. */
export type ShownPerson = Omit<Person, 'facts' | 'legalHolds' | 'engagements' | 'identifiers'> & {
  identifiers: (Identifier & { type: Exclude<Identifier['type'], 'birthDate'> })[];
  engagements: Omit<Engagement, 'end'>[];
  legalHolds?: LegalHold[];
};

/** What of confidential ends an operator may see at this moment. */
export class Secrecy {
  readonly #reader: Reader;
  readonly #now: string;
  readonly #knows: boolean;

  constructor(reader: Reader, operator: Operator, now: string) {
    this.#reader = reader;
    this.#now = now;
    this.#knows = operator.roles.has('security') || operator.roles.has('admin');
  }

  /** The person without what is confidential and yet to come. */
  person({ facts: _, legalHolds, engagements, identifiers, pending, ...person }: Person): ShownPerson {
    const shown = {
      ...person,
      // Whose birthdays are the same is nobody's business.
      identifiers: identifiers.flatMap(({ type, ...rest }) => (type === 'birthDate' ? [] : [{ type, ...rest }])),
      engagements: engagements.map(({ end: _, ...engagement }) => engagement),
    };
    if (this.#knows) return { ...shown, pending, legalHolds };
    return { ...shown, pending: pending.filter((change) => !this.#isSecret(change)) };
  }

  /** Is it something that this operator must not learn of yet? */
  hides(change: PendingChange): boolean {
    return !this.#knows && this.#isSecret(change);
  }

  async showsArrival(arrival: Arrival): Promise<boolean> {
    return this.#knows || !(await this.#isConfidential(arrival));
  }

  /** Which pieces of evidence may be seen; each event is looked up once. */
  evidenceFilter(): (row: EvidenceRow) => Promise<boolean> {
    const known = new Map<string, Promise<boolean>>();
    const shows = async (key: string): Promise<boolean> => {
      const arrival = await this.#reader.arrival(key);
      return arrival === undefined || this.showsArrival(arrival);
    };
    return async ({ event }) => {
      if (this.#knows || event === undefined) return true;
      const answer = known.get(event) ?? shows(event);
      known.set(event, answer);
      return answer;
    };
  }

  async showsException(exception: ExceptionRow): Promise<boolean> {
    return this.#knows || !(await this.isConfidential(exception));
  }

  /** What is held has no effect yet, though its day may have come: so nothing of it shows. */
  showsReservation({ state, data }: Reservation): boolean {
    return this.#knows || data.confidential !== true || state === 'taken';
  }

  /** Does it tell of an end that must not show yet? */
  async isConfidential({ event, workflowId }: ExceptionRow): Promise<boolean> {
    const hold = holdOf(workflowId);
    if (hold !== undefined) return this.#isSecretHold(hold);
    const arrival = event === undefined ? undefined : await this.#reader.arrival(event);
    return arrival !== undefined && this.#isConfidential(arrival);
  }

  /** One that keeps nothing but what is confidential. */
  async #isSecretHold(id: string): Promise<boolean> {
    const hold = await this.#reader.hold(id);
    const inside = hold === undefined ? [] : await heldIn(this.#reader, hold, this.#now);
    return inside.length > 0 && inside.every(({ state, data }) => data.confidential === true && state !== 'taken');
  }

  /** The pending change of a scheduled end says whether it is confidential; before there is one, the event itself does. */
  async #isConfidential(arrival: Arrival): Promise<boolean> {
    if (legalHoldTypes.has(arrival.event.type)) return true;
    if (arrival.event.type !== 'terminated' || arrival.outcome === 'applied') return false;
    const person = arrival.person === undefined ? undefined : await this.#reader.person(arrival.person);
    const pending = person?.pending.find((change) => change.event === arrival.key);
    return pending === undefined ? isConfidentialNow(arrival.event, this.#now) : this.#isSecret(pending);
  }

  /** A full page of what may be seen: a short one would tell that something is missing. */
  async page<T>(
    request: PageRequest,
    list: (request: PageRequest) => Promise<Page<T>>,
    shows: (item: T) => Promise<boolean>,
  ): Promise<Page<T>> {
    const size = request.limit ?? 50;
    const items: T[] = [];
    let { cursor } = request;
    for (;;) {
      const some = await list({ limit: size - items.length, ...(cursor === undefined ? {} : { cursor }) });
      for (const item of some.items) if (await shows(item)) items.push(item);
      if (some.next === undefined || items.length === size) return { ...some, items };
      cursor = some.next;
    }
  }

  #isSecret({ confidential, dueAt }: PendingChange): boolean {
    return confidential && Date.parse(dueAt) > Date.parse(this.#now);
  }
}
