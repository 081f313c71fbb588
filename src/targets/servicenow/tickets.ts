import { Failure } from '../../model/failure.ts';
import type { Ticket, TicketsAbility } from '../target.ts';
import type { ServiceNowClient } from './client.ts';
import { correlationOf } from './correlation.ts';
import { cancelOrder, findOrder, openOrder } from './orders.ts';
import { orderOf, type Settings, type TicketTable, tableOf } from './settings.ts';
import { bodyWith } from './ticket-body.ts';
import type { Row } from './wire.ts';

const urgencies = { high: '1', medium: '2', low: '3' } as const;

/** Tickets on the Table API, and orders of the catalogue. It has no idempotency key, and `correlation_id` is not unique: each is looked for before it is made. */
export function ticketsAbility(client: ServiceNowClient, settings: Settings): TicketsAbility {
  const find = async (correlationId: string, table: TicketTable, signal: AbortSignal): Promise<Ticket | undefined> => {
    const wanted = correlationOf(correlationId);
    const query = `correlation_id=${wanted}^ORDERBYsys_created_on^ORDERBYnumber`;
    const { rows, total } = await client.rows(table.table, query, 2, signal);
    // Two may come of two calls that looked at the same moment: the oldest is the one, for everybody.
    const oldest = rows.find((row) => row.correlation_id === wanted);
    if (oldest !== undefined) return ticketOf(oldest, table);
    if (rows.length === 0 && total === 0) return undefined;
    // A condition on a field that we may not read is dropped, and rows that we may not read are counted and not shown:
    // "none found" would then make a ticket at every look.
    throw new Failure('refused', `ServiceNow: ${table.table} cannot be searched by correlation_id with our rights`, {
      advice: "Give Muster's user a role that reads the table's rows and their field correlation_id.",
    });
  };

  return {
    async open(request, context) {
      const { correlationId, kind, title, urgency } = request;
      const order = orderOf(settings, kind);
      if (order !== undefined) return openOrder(client, order, request, context);
      const table = tableOf(settings, kind);
      const found = await find(correlationId, table, context.signal);
      if (found !== undefined) return { ticket: found, outcome: 'already' };
      const fields = {
        ...(urgency === undefined ? {} : { urgency: urgencies[urgency], impact: urgencies[urgency] }),
        ...table.fields,
        ...request.fields,
        short_description: title,
        description: bodyWith(request),
        correlation_id: correlationOf(correlationId),
        correlation_display: 'Muster',
      };
      await context.beforeChange('create ticket');
      return { ticket: ticketOf(await client.create(table.table, fields, context.signal), table), outcome: 'changed' };
    },

    async find(correlationId, kind, { signal }) {
      const order = orderOf(settings, kind);
      if (order !== undefined) return findOrder(client, order, correlationId, signal);
      return find(correlationId, tableOf(settings, kind), signal);
    },

    async close(ticket, kind, note, context) {
      const { id, number } = ticket;
      const order = orderOf(settings, kind);
      if (order !== undefined) return cancelOrder(client, order, ticket, note, context);
      const table = tableOf(settings, kind);
      if (isClosed(await client.row(table.table, id, context.signal), table)) return 'already';
      await context.beforeChange('close ticket');
      const fields = { ...table.closeWith, [table.noteField]: note };
      if (isClosed(await client.update(table.table, id, fields, context.signal), table)) return 'changed';
      throw new Failure('not-confirmed', `ServiceNow: ${number} is still open after it was closed`, {
        advice:
          'A business rule or a mandatory field keeps it open: set "closeWith" of its table as your forms want it.',
      });
    },
  };
}

const isClosed = (row: Row, table: TicketTable): boolean =>
  table.closedStates.includes(row.state) || row.active === 'false';

const ticketOf = (row: Row, table: TicketTable): Ticket => ({
  id: row.sys_id,
  number: row.number === '' ? row.sys_id : row.number,
  state: isClosed(row, table) ? 'closed' : 'open',
});
