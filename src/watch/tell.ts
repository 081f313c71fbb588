import { Failure } from '../model/failure.ts';
import type { ConnectedTargets } from '../targets/connect.ts';
import type { CallContext, MessageRequest, TicketRequest } from '../targets/target.ts';
import type { Place } from './places.ts';

/** What one place takes. */
export interface Told {
  /** Gives the ticket's number; one that is there already is the one. */
  openIncident(request: Omit<TicketRequest, 'kind'>): Promise<string>;
  /** An incident that somebody removed is closed enough. */
  closeIncident(correlationId: string, note: string): Promise<void>;
  send(message: MessageRequest): Promise<void>;
}

const incidentKind = 'incident';

/** The abilities of the target behind a place. Throws `misconfigured` when it is used for what it cannot do. */
export function tell(
  targets: ConnectedTargets,
  { target: name }: Pick<Place, 'target'>,
  about: { id: string; openedAt: string },
  callMs: number,
): Told {
  const connected = targets.get(name);
  const context = (): CallContext => ({
    signal: AbortSignal.timeout(callMs),
    beforeChange: async () => undefined,
    now: about.openedAt,
    key: about.id,
  });
  const ability = <T>(found: T | undefined, what: string): T => {
    if (found !== undefined) return found;
    const why = connected === undefined ? 'is not in muster.yaml' : `takes no ${what}`;
    throw new Failure('misconfigured', `alerts go to ${name}, which ${why}.`);
  };
  return {
    async openIncident(request) {
      const tickets = ability(connected?.target.tickets, 'tickets');
      return (await tickets.open({ ...request, kind: incidentKind }, context())).ticket.number;
    },
    async closeIncident(correlationId, note) {
      const tickets = ability(connected?.target.tickets, 'tickets');
      const ticket = await tickets.find(correlationId, incidentKind, context());
      if (ticket?.state === 'open') await tickets.close(ticket, incidentKind, note, context());
    },
    async send(message) {
      await ability(connected?.target.messages, 'messages').send(message, context());
    },
  };
}
