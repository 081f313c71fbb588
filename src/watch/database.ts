import type { MessageRequest } from '../targets/target.ts';
import { close, raise } from './found.ts';
import { placesFor } from './places.ts';
import { groupAddress } from './recipients.ts';
import { tell } from './tell.ts';
import type { Watching } from './watching.ts';

/** Away for no longer than this, a thing is told to nobody. Milliseconds. */
const usualPatienceMs = 20_000;

/** Without the database nothing is changed and no exception can be opened: policy's channels and groups are told straight. */
export class Database {
  readonly #watching: Watching;
  readonly #callMs: number;
  readonly #patienceMs: number;
  #since: number | undefined;
  #told: { at: number; times: number } | undefined;

  constructor(watching: Watching, callMs: number, patienceMs = usualPatienceMs) {
    this.#watching = watching;
    this.#callMs = callMs;
    this.#patienceMs = patienceMs;
  }

  /** False while it cannot be read. */
  async look(): Promise<boolean> {
    const { store, clock, log } = this.#watching;
    try {
      await store.ping();
    } catch (error) {
      this.#since ??= clock();
      log.error({ error: String(error), since: iso(this.#since) }, 'the database cannot be read');
      await this.#isAway(this.#since, error instanceof Error ? error.message : String(error));
      return false;
    }
    if (this.#since !== undefined) await this.#isBack(this.#since);
    return true;
  }

  async #isAway(since: number, why: string): Promise<void> {
    const { clock, policy } = this.#watching;
    const now = clock();
    if (now - since < this.#patienceMs) return;
    if (this.#told !== undefined && now - this.#told.at < policy.alerts.repeatEvery) return;
    const times = this.#told?.times ?? 0;
    this.#told = { at: now, times: times + 1 };
    const title = 'Muster: its database cannot be read';
    await this.#tellEverybody({
      correlationId: `database-lost:${iso(since)}/${times + 1}`,
      title: times === 0 ? title : `Still so since ${iso(since)}: ${title}`,
      text: `${why}\n\nSince ${iso(since)}. Events are taken and wait in Temporal; nothing is changed at any target until it is back, terminations too. This was sent without the database, which could not be asked who has taken it.`,
    });
  }

  /** The ledger hears of it once it can. */
  async #isBack(since: number): Promise<void> {
    const { store, policy, clock } = this.#watching;
    const at = iso(clock());
    const told = this.#told;
    if (told !== undefined) {
      const found = {
        id: `watch/database-lost/${iso(since)}`,
        kind: 'database-lost' as const,
        workflowId: 'watch',
        reason: `The database could not be read from ${iso(since)} to ${at}; alerts were sent without it.`,
      };
      await raise(store, policy.exceptions, found, iso(since));
      const exception = await store.read((reader) => reader.exception(found.id));
      if (exception !== undefined) await close(store, exception, 'it can be read again', at);
      await this.#tellEverybody({
        correlationId: `database-lost:${iso(since)}/back`,
        title: 'Muster: its database can be read again',
        text: `It could not be read from ${iso(since)} to ${at}. What waited goes on by itself.`,
      });
    }
    this.#since = undefined;
    this.#told = undefined;
  }

  async #tellEverybody(message: Omit<MessageRequest, 'to'>): Promise<void> {
    const { policy, targets, log } = this.#watching;
    const about = { id: message.correlationId, openedAt: iso(this.#since ?? 0) };
    const places = placesFor(policy, 'database-lost', undefined).filter(({ kind }) => kind !== 'incident');
    if (places.length === 0) log.fatal(message.title);
    await Promise.all(
      places.map(async (place) => {
        try {
          // Of mail, groups alone: who manages whom is in the database.
          const email = groupAddress(policy, place.address);
          if (place.kind === 'mail' && email === undefined) return;
          const to = email === undefined ? { channel: place.address } : { email };
          await tell(targets, place, about, this.#callMs).send({ ...message, to });
        } catch (error) {
          log.error(
            { place: `${place.kind}:${place.target}`, error: String(error) },
            `could not be told: ${message.title}`,
          );
        }
      }),
    );
  }
}

/** Temporal out of reach, or without its namespace: nothing can be started, and nobody says so but the watch. */
export class Frontier {
  readonly #watching: Watching;
  readonly #patienceMs: number;
  #since: number | undefined;

  constructor(watching: Watching, patienceMs = usualPatienceMs) {
    this.#watching = watching;
    this.#patienceMs = patienceMs;
  }

  /** False while Temporal is not to be asked anything else. */
  async look(): Promise<boolean> {
    const { client, clock, store, policy, log } = this.#watching;
    const { namespace } = client.options;
    try {
      await client.withDeadline(Date.now() + 3_000, () => client.workflowService.describeNamespace({ namespace }));
    } catch (error) {
      this.#since ??= clock();
      const since = this.#since;
      log.error({ error: String(error), since: iso(since) }, 'Temporal does not answer the watch');
      if (clock() - since < this.#patienceMs) return false;
      const found = {
        id: `${awayPrefix}${iso(since)}`,
        kind: 'database-lost' as const,
        workflowId: 'watch',
        reason: isNotFound(error)
          ? `Temporal has no namespace ${namespace} since ${iso(since)}: senders are told to send again, and nothing is done. Run \`muster setup\` when its database is right again; whoever is in flight is started again from the directory.`
          : `Temporal is out of reach since ${iso(since)}: senders are told to send again, and nothing is done. Look at its server and its database.`,
      };
      await raise(store, policy.exceptions, found, iso(clock()));
      return false;
    }
    this.#since = undefined;
    await this.#isBack();
    return true;
  }

  async #isBack(): Promise<void> {
    const { store, clock } = this.#watching;
    const filter = { open: true, kind: 'database-lost' };
    const { items } = await store.read((reader) => reader.exceptions(filter, { limit: 100 }));
    for (const exception of items) {
      if (exception.id.startsWith(awayPrefix)) await close(store, exception, 'Temporal answers again', iso(clock()));
    }
  }
}

const awayPrefix = 'watch/temporal-away/';

const isNotFound = (error: unknown): boolean => /NOT_FOUND|not found/i.test(String(error));

const iso = (at: number): string => new Date(at).toISOString();
