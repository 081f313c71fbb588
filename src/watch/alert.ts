import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { ExceptionRow, Store } from '../directory/store.ts';
import { Failure } from '../model/failure.ts';
import type { ConnectedTarget } from '../targets/connect.ts';

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
      const alert = incidents === undefined ? 'log' : await incident(incidents, exception, callMs);
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

async function incident({ target, title }: ConnectedTarget, exception: ExceptionRow, callMs: number): Promise<string> {
  if (target.tickets === undefined) {
    throw new Failure('misconfigured', `alerts.incidents names ${title}, which takes no tickets`);
  }
  const context = {
    signal: AbortSignal.timeout(callMs),
    beforeChange: async () => undefined,
    now: exception.openedAt,
    key: exception.id,
  };
  const { ticket } = await target.tickets.open(
    {
      correlationId: correlationOf(exception.id),
      kind: 'incident',
      title: titleOf(exception),
      body: bodyOf(exception),
      urgency: exception.kind === 'deadline-missed' || exception.kind === 'workflow-failed' ? 'high' : 'medium',
    },
    context,
  );
  return `${title} ${ticket.number}`;
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

function bodyOf({ id, reason, owner, openedAt, dueAt, workflowId }: ExceptionRow): string {
  return [
    reason,
    '',
    `Owner: ${owner}, due ${dueAt}.`,
    `Open since ${openedAt}. Workflow ${workflowId}, exception ${id}.`,
  ].join('\n');
}
