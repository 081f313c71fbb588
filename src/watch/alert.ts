import type { Logger } from 'pino';
import type { AlertOf, AlertRow, ExceptionRow, Page, PageRequest, Store } from '../directory/store.ts';
import { alertInLog } from '../model/exception.ts';
import { Failure } from '../model/failure.ts';
import type { ConnectedTargets } from '../targets/connect.ts';
import { sideBySide } from '../targets/side-by-side.ts';
import { bodyOf, messageOf, noteOf, resolvedMessageOf, titleOf } from './alert-words.ts';
import { close, type Found, raise } from './found.ts';
import { type AlertPolicy, isConfidential, placeOf, placesOf, routeOf } from './places.ts';
import { addressOf } from './recipients.ts';
import { tell } from './tell.ts';

export interface Alerting {
  store: Store;
  targets: ConnectedTargets;
  policy: AlertPolicy;
  /** Where incidents go when policy has no routes. Without either, alerts are in the log alone. */
  incidents: string | undefined;
  log: Logger;
  /** Milliseconds one call may take. */
  callMs: number;
  /** A place that could not be told for this long is itself something to see to. Milliseconds. */
  failedMs: number;
  /** Epoch milliseconds. */
  clock(): number;
}

/** Alerts of the ledger: each open exception is told at every place that policy names, again until somebody has it, and closed there. */
export class Alerts {
  readonly #alerting: Alerting;
  /** Targets that did not answer in this round: nobody else waits for as many timeouts. */
  #away = new Map<string, unknown>();
  #told = new Set<string>();

  constructor(alerting: Alerting) {
    this.#alerting = alerting;
  }

  /** One round. What cannot be sent or closed now is sent or closed the next time. */
  async round(): Promise<void> {
    this.#away = new Map();
    this.#told = new Set();
    await this.#plan();
    await this.#send();
    await this.#close();
    await this.#endFailures();
  }

  /** Writes down where new exceptions are told; those with nowhere to go are in the log. */
  async #plan(): Promise<void> {
    const { store, log } = this.#alerting;
    const now = this.#now();
    const unalerted = everyPage((page) =>
      store.read((reader) => reader.exceptions({ open: true, unalerted: true }, page)),
    );
    for await (const exception of unalerted) {
      const places = await store.read((reader) => placesOf(this.#alerting, reader, exception, now));
      if (places.length === 0) {
        const secret = await store.read((reader) => isConfidential(reader, exception, now));
        log.error(
          { exception: exception.id, kind: exception.kind, alert: alertInLog },
          secret ? 'an exception that is confidential is open' : exception.reason,
        );
        await store.transaction((tx) => tx.markAlerted(exception.id, alertInLog, now));
        continue;
      }
      const rows = places.map((place) => ({
        exception: exception.id,
        route: routeOf(place),
        target: place.target,
        sentAt: now,
      }));
      await store.transaction((tx) => tx.planAlerts(rows));
    }
  }

  async #send(): Promise<void> {
    const { store, policy, clock } = this.#alerting;
    const repeatBefore = new Date(clock() - policy.alerts.repeatEvery).toISOString();
    const due = everyPage((page) => store.read((reader) => reader.alertsToSend(repeatBefore, page)));
    const pairs: [ExceptionRow, AlertRow[]][] = [];
    for await (const pair of byException(due)) pairs.push(pair);
    const tell = async ([exception, rows]: [ExceptionRow, AlertRow[]]) => {
      const sent = await Promise.all(rows.map((row) => this.#sendOne(exception, row)));
      if (sent.some((done) => done)) await this.#noteAlert(exception);
    };
    // The first finds out which places are away; then a night of many exceptions is told within its minute.
    for (const pair of pairs.slice(0, 1)) await tell(pair);
    await sideBySide(pairs.slice(1), atOnce, tell);
  }

  async #sendOne(exception: ExceptionRow, row: AlertRow): Promise<boolean> {
    const { store, policy } = this.#alerting;
    const place = placeOf(row.route);
    if (place.kind !== 'mail') return this.#try(exception, row, () => this.#tell(exception, row, place.address));
    const email = await store.read((reader) => addressOf(policy, reader, exception, place.address, this.#now()));
    if (email !== undefined) return this.#try(exception, row, () => this.#tell(exception, row, email));
    // Whoever it was for is not there any more.
    await store.transaction((tx) => tx.markClosed(row.exception, row.route, this.#now()));
    return false;
  }

  async #tell(exception: ExceptionRow, { route, times }: AlertRow, address: string): Promise<void> {
    const { store, targets, callMs } = this.#alerting;
    const place = placeOf(route);
    const told = tell(targets, place, exception, callMs);
    const correlationId = correlationOf(exception.id);
    let reference: string | undefined;
    if (place.kind === 'incident') {
      const urgency = urgentKinds.has(exception.kind) ? 'high' : 'medium';
      reference = await told.openIncident({
        ...{ correlationId, urgency },
        ...{ title: titleOf(exception), body: bodyOf(exception) },
      });
    } else {
      await told.send({
        correlationId: times === 0 ? correlationId : `${correlationId}/${times + 1}`,
        to: place.kind === 'channel' ? { channel: address } : { email: address },
        ...messageOf(exception, times),
      });
    }
    await store.transaction((tx) => tx.markSent(exception.id, route, this.#now(), reference));
  }

  /** What the exception itself says of its alert: all places that were told. */
  async #noteAlert(exception: ExceptionRow): Promise<void> {
    const { store, log } = this.#alerting;
    const now = this.#now();
    const rows = await store.read((reader) => reader.alerts(exception.id));
    const alert = rows
      .filter(({ times }) => times > 0)
      .map((row) => this.#inWords(row))
      .join(', ');
    await store.transaction((tx) => tx.markAlerted(exception.id, alert, exception.alertedAt ?? now));
    if (exception.alertedAt !== undefined) return;
    const secret = await store.read((reader) => isConfidential(reader, exception, now));
    log.error(
      { exception: exception.id, kind: exception.kind, alert },
      secret ? 'an exception that is confidential is open' : exception.reason,
    );
  }

  #inWords({ route, reference }: AlertRow): string {
    const { kind, target, address } = placeOf(route);
    const title = this.#alerting.targets.get(target)?.title ?? target;
    if (kind === 'mail') return `mail to ${address}`;
    return `${title} ${kind === 'incident' ? (reference ?? '') : address}`;
  }

  async #close(): Promise<void> {
    const { store, log } = this.#alerting;
    const due = everyPage((page) => store.read((reader) => reader.alertsToClose(page)));
    for await (const [exception, rows] of byException(due)) {
      await Promise.all(rows.map((row) => this.#closeOne(exception, row)));
      const left = await store.read((reader) => reader.alerts(exception.id));
      if (left.some(({ closedAt }) => closedAt === undefined)) continue;
      await store.transaction((tx) => tx.markAlertClosed(exception.id, this.#now()));
      log.info({ exception: exception.id, alert: exception.alert }, 'resolved, and its alert is closed');
    }
  }

  async #closeOne(exception: ExceptionRow, row: AlertRow): Promise<void> {
    const { store, targets, callMs } = this.#alerting;
    const place = placeOf(row.route);
    const sayClosed = async () => {
      const told = tell(targets, place, exception, callMs);
      if (place.kind === 'incident') await told.closeIncident(correlationOf(exception.id), noteOf(exception));
      if (place.kind === 'channel') {
        await told.send({
          correlationId: `${correlationOf(exception.id)}/resolved`,
          to: { channel: place.address },
          ...resolvedMessageOf(exception),
        });
      }
    };
    const markClosed = () => store.transaction((tx) => tx.markClosed(row.exception, row.route, this.#now()));
    // Who was told nothing has nothing to close; of a mail nobody waits for the end.
    if (row.times === 0 || place.kind === 'mail') await markClosed();
    else {
      await this.#try(exception, row, async () => {
        await sayClosed();
        await markClosed();
      });
    }
  }

  /** Tries one place. Who is out of reach for one exception is so for all, until the next round. */
  async #try(exception: ExceptionRow, row: AlertRow, work: () => Promise<void>): Promise<boolean> {
    const { log } = this.#alerting;
    const away = this.#away.get(row.target);
    try {
      if (away !== undefined) throw away;
      await work();
      this.#told.add(row.route);
      return true;
    } catch (error) {
      if (away === undefined) {
        if (!isAboutThisOne(error)) this.#away.set(row.target, error);
        log.error(
          { exception: exception.id, place: row.route, error: String(error) },
          'this place could not be told of an exception, it is tried again',
        );
      }
      await this.#failed(row, error);
      return false;
    }
  }

  /** Says, where it still can, that a place cannot be told. */
  async #failed({ route, target, sentAt, times }: AlertRow, error: unknown): Promise<void> {
    const { store, policy, clock, failedMs } = this.#alerting;
    if (times > 0 || clock() - Date.parse(sentAt) < failedMs) return;
    const open = await this.#openFailures();
    if (open.some((exception) => routeIn(exception) === route)) return;
    const words = error instanceof Error ? error.message : String(error);
    const found: Found = {
      id: `${failedPrefix}${route}${separator}${sentAt}`,
      kind: 'alert-failed',
      workflowId: 'watch',
      target,
      reason: `No alert could be sent to ${route} since ${sentAt}: ${words} Exceptions are told at policy's other places, and there as soon as it can be reached. Run \`muster doctor\`, and look at ${target} in muster.yaml.`,
    };
    await raise(store, policy.exceptions, found, this.#now());
  }

  /** A place that was told something in this round is well. */
  async #endFailures(): Promise<void> {
    const { store } = this.#alerting;
    if (this.#told.size === 0) return;
    for (const exception of await this.#openFailures()) {
      if (!this.#told.has(routeIn(exception))) continue;
      await close(store, exception, 'alerts can be sent there again', this.#now());
    }
  }

  async #openFailures(): Promise<ExceptionRow[]> {
    const filter = { open: true, kind: 'alert-failed' };
    return (await this.#alerting.store.read((reader) => reader.exceptions(filter, { limit: 100 }))).items;
  }

  #now(): string {
    return new Date(this.#alerting.clock()).toISOString();
  }
}

const urgentKinds: ReadonlySet<ExceptionRow['kind']> = new Set([
  'deadline-missed',
  'workflow-failed',
  'queue-unpolled',
  'database-lost',
]);

const failedPrefix = 'watch/alert-failed/';
const separator = '/since/';
const routeIn = ({ id }: ExceptionRow): string => id.slice(failedPrefix.length, id.lastIndexOf(separator));

/** Makes an alert recognisable where it arrives, however often it is sent. */
export const correlationOf = (exception: string): string => `exception:${exception}`;

/** Exceptions that are told of at once. */
const atOnce = 8;

function isAboutThisOne(error: unknown): boolean {
  return error instanceof Failure && ['refused', 'not-found', 'conflict', 'not-confirmed'].includes(error.code);
}

async function* everyPage<T>(list: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const { items, next } = await list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    yield* items;
    cursor = next;
  } while (cursor !== undefined);
}

/** They come in the order of their exceptions. */
async function* byException(alerts: AsyncIterable<AlertOf>): AsyncGenerator<[ExceptionRow, AlertRow[]]> {
  let current: [ExceptionRow, AlertRow[]] | undefined;
  for await (const { exception, alert } of alerts) {
    if (current?.[0].id === exception.id) current[1].push(alert);
    else {
      if (current !== undefined) yield current;
      current = [exception, [alert]];
    }
  }
  if (current !== undefined) yield current;
}
