import { WorkflowNotFoundError } from '@temporalio/client';
import type { Arrival, Page } from '../directory/store.ts';
import type { IdentityEvent } from '../model/event.ts';
import { type PersonInput, personWorkflowId, priorities, refusalWorkflowId, workflowTypes } from '../model/messages.ts';
import { personStart } from '../person-start.ts';
import { Frontend } from '../receiver/temporal.ts';
import { raise } from './found.ts';
import type { Watching } from './watching.ts';

/** People and events looked at in a round, and in one in which something is missing. */
const usual = 200;
const most = 5_000;
/** Questions to Temporal at once. */
const width = 10;

const prefix = 'watch/temporal-lost/';

/**
 * Compares what the directory has in flight with Temporal's workflows, some in each round. A person's workflow that ended early
 * is started again. Whatever Temporal does not know at all it has lost: then the rest is looked at without delay, people
 * and unsettled events are started again, and somebody is told.
 */
export class InFlight {
  readonly #watching: Watching;
  readonly #graceMs: number;
  #people: string | undefined;
  #events: string | undefined;
  #lost = { people: 0, events: 0 };

  /** @param graceMs what arrived less than this ago may be on its way */
  constructor(watching: Watching, graceMs: number) {
    this.#watching = watching;
    this.#graceMs = graceMs;
  }

  async look(): Promise<void> {
    this.#lost = { people: 0, events: 0 };
    let left = usual;
    for (let looked = 0; looked < left; ) {
      const some = (await this.#someEvents()) + (await this.#somePeople());
      looked += Math.max(some, 1);
      if (this.#people === undefined && this.#events === undefined) break;
      if (this.#lost.people + this.#lost.events > 0) left = most;
    }
    await this.#say();
  }

  async #someEvents(): Promise<number> {
    const { store, clock } = this.#watching;
    const unsettledBefore = new Date(clock() - this.#graceMs).toISOString();
    const cursor = this.#events === undefined ? {} : { cursor: this.#events };
    const page: Page<Arrival> = await store.read((reader) =>
      reader.arrivals({ unsettledBefore }, { limit: 100, ...cursor }),
    );
    this.#events = page.next;
    // A scheduled one has ended: its person waits for the day.
    const open = page.items.filter(({ outcome }) => outcome !== 'scheduled');
    await sideBySide(open, async (arrival) => {
      if ((await this.#statusOf(arrival.workflowId)) !== undefined) return;
      await this.#startEvent(arrival);
      this.#lost.events += 1;
    });
    return page.items.length;
  }

  async #startEvent({ key, event, workflowId }: Arrival): Promise<void> {
    const { client, log } = this.#watching;
    const refused = refusedAs(event);
    if (workflowId === refused.workflowId) {
      await new Frontend(client, 5_000).start(workflowTypes.refusal, workflowId, refused.event);
    } else {
      await new Frontend(client, 5_000).start(workflowTypes.identityEvent, workflowId, event);
    }
    log.warn(
      { event: key, workflow: workflowId },
      'Temporal does not know this event, it is started again from the ledger',
    );
  }

  async #somePeople(): Promise<number> {
    const { store, client, log } = this.#watching;
    const people = await store.read((reader) => reader.inFlight(this.#people, 100));
    this.#people = people.length < 100 ? undefined : people.at(-1);
    await sideBySide(people, async (person) => {
      const status = await this.#statusOf(personWorkflowId(person));
      if (status === 'RUNNING') return;
      await client.workflow.start<(input: PersonInput) => Promise<void>>(
        workflowTypes.person,
        personStart(person, priorities.termination),
      );
      log.warn({ person, was: status ?? 'unknown' }, 'somebody in flight has no open workflow, it is started again');
      if (status === undefined) this.#lost.people += 1;
    });
    return people.length;
  }

  /** Undefined where Temporal knows no such workflow. */
  async #statusOf(workflowId: string): Promise<string | undefined> {
    try {
      return (await this.#watching.client.workflow.getHandle(workflowId).describe()).status.name;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /** One exception for one loss, however many rounds it takes; somebody closes it once they know why. */
  async #say(): Promise<void> {
    const { people, events } = this.#lost;
    if (people + events === 0) return;
    const { store, policy, clock, client } = this.#watching;
    const at = new Date(clock()).toISOString();
    const filter = { open: true, kind: 'database-lost' };
    const { items } = await store.read((reader) => reader.exceptions(filter, { limit: 100 }));
    if (items.some(({ id }) => id.startsWith(prefix))) return;
    const found = {
      id: `${prefix}${at}`,
      kind: 'database-lost' as const,
      workflowId: 'watch',
      reason: `Temporal (namespace ${client.options.namespace}) does not know the workflows of ${people} people and ${events} events that are in flight: its database was lost, restored from an old backup, or emptied by hand. They are started again from the directory and the ledger, those not looked at yet too. Find out what happened to its database, then close this by "done".`,
    };
    await raise(store, policy.exceptions, found, at);
  }
}

/** How the event came that a refusal keeps: the ledger has it under a key of its own. */
function refusedAs(event: IdentityEvent): { workflowId: string; event: IdentityEvent } {
  const tail = `.${event.payloadHash.slice(0, 12)}`;
  const key = event.key.endsWith(tail) ? event.key.slice(0, -tail.length) : event.key;
  return { workflowId: refusalWorkflowId(key, event.payloadHash), event: { ...event, key } };
}

async function sideBySide<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += width) {
    await Promise.all(items.slice(start, start + width).map(work));
  }
}
