import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { ExceptionRow, Store } from '../directory/store.ts';
import { alertInLog } from '../model/exception.ts';
import { Failure } from '../model/failure.ts';
import type { ConnectedTarget } from '../targets/connect.ts';
import type { CallContext, TicketsAbility } from '../targets/target.ts';

/** Where alerts go. Without a target for incidents they are in the log alone, which says so at every start. */
export interface Alerting {
  store: Store;
  incidents: ConnectedTarget | undefined;
  log: Logger;
  /** Milliseconds one call may take. */
  callMs?: number;
}

/** Sends an incident for every open exception that has none yet. What cannot be sent now is sent the next time round. */
export async function alertOpenExceptions({ store, incidents, log, callMs = 20_000 }: Alerting): Promise<void> {
  const { items } = await store.transaction((tx) => tx.exceptions({ open: true, unalerted: true }, { limit: 200 }));
  for (const exception of items) {
    try {
      const alert = incidents === undefined ? alertInLog : await incident(incidents, exception, callMs);
      log.error({ exception: exception.id, kind: exception.kind, alert }, exception.reason);
      await store.transaction((tx) => tx.markAlerted(exception.id, alert, new Date().toISOString()));
    } catch (error) {
      log.error(
        { exception: exception.id, error: String(error) },
        `no alert could be sent for this exception, it is tried again: ${exception.reason}`,
      );
    }
  }
}

/** Closes the incidents of exceptions that are resolved. What cannot be closed now is closed the next time round. */
export async function closeAlertsOfResolved({ store, incidents, log, callMs = 20_000 }: Alerting): Promise<void> {
  // Whoever takes no incidents any more has none that could be closed there.
  if (incidents === undefined) return;
  let cursor: string | undefined;
  do {
    const { items, next } = await store.read((reader) =>
      reader.exceptions(
        { open: false, alertUnclosed: true },
        { limit: 200, ...(cursor === undefined ? {} : { cursor }) },
      ),
    );
    for (const exception of items) {
      try {
        await closeIncident(incidents, exception, callMs);
        await store.transaction((tx) => tx.markAlertClosed(exception.id, new Date().toISOString()));
        log.info({ exception: exception.id, alert: exception.alert }, 'resolved, and its alert is closed');
      } catch (error) {
        log.error(
          { exception: exception.id, alert: exception.alert, error: String(error) },
          'the alert of this exception, which is resolved, could not be closed, it is tried again',
        );
        // Who is out of reach for one is so for all, and the rest of the watch must not wait for as many timeouts.
        if (!isAboutThisOne(error)) return;
      }
    }
    cursor = next;
  } while (cursor !== undefined);
}

function isAboutThisOne(error: unknown): boolean {
  return error instanceof Failure && ['refused', 'not-found', 'conflict', 'not-confirmed'].includes(error.code);
}

async function incident(incidents: ConnectedTarget, exception: ExceptionRow, callMs: number): Promise<string> {
  const { ticket } = await ticketsOf(incidents).open(
    {
      correlationId: correlationOf(exception.id),
      kind: incidentKind,
      title: titleOf(exception),
      body: bodyOf(exception),
      urgency: exception.kind === 'deadline-missed' || exception.kind === 'workflow-failed' ? 'high' : 'medium',
    },
    contextOf(exception, callMs),
  );
  return `${incidents.title} ${ticket.number}`;
}

/** An incident that somebody removed is closed enough. */
async function closeIncident(incidents: ConnectedTarget, exception: ExceptionRow, callMs: number): Promise<void> {
  const tickets = ticketsOf(incidents);
  const context = contextOf(exception, callMs);
  const ticket = await tickets.find(correlationOf(exception.id), incidentKind, context);
  if (ticket?.state === 'open') await tickets.close(ticket, incidentKind, noteOf(exception), context);
}

function ticketsOf({ target, title }: ConnectedTarget): TicketsAbility {
  if (target.tickets !== undefined) return target.tickets;
  throw new Failure('misconfigured', `alerts.incidents names ${title}, which takes no tickets`);
}

const incidentKind = 'incident';

function contextOf({ id, openedAt, resolvedAt }: ExceptionRow, callMs: number): CallContext {
  return {
    signal: AbortSignal.timeout(callMs),
    beforeChange: async () => undefined,
    now: resolvedAt ?? openedAt,
    key: id,
  };
}

/** ServiceNow keeps 100 characters of a correlation id, and exception ids can be longer. */
export function correlationOf(exception: string): string {
  const plain = `exception:${exception}`;
  return plain.length <= 100 ? plain : `exception:${createHash('sha256').update(exception).digest('hex')}`;
}

function titleOf({ kind, person, target, event }: ExceptionRow): string {
  const about = [person ?? event, target].filter((part) => part !== undefined).join(' in ');
  return `Muster: ${kind.replaceAll('-', ' ')}${about === '' ? '' : `: ${about}`}`;
}

/** Who and what, but not the reason in words: it may be about somebody, and tickets have many readers. */
function noteOf({ id, resolvedAt, resolution }: ExceptionRow): string {
  const { action = 'resolved', by = 'muster' } = resolution ?? {};
  return `Resolved in Muster at ${resolvedAt} by ${by}: ${action}. Muster's record of exception ${id} has the reason.`;
}

function bodyOf({ id, reason, owner, openedAt, dueAt, workflowId }: ExceptionRow): string {
  return [
    reason,
    '',
    `Owner: ${owner}, due ${dueAt}.`,
    `Open since ${openedAt}. Workflow ${workflowId}, exception ${id}.`,
  ].join('\n');
}
