import { Failure } from '../../model/failure.ts';
import { defineTarget } from '../target.ts';
import { ServiceNowClient } from './client.ts';
import { checkOrder } from './orders.ts';
import { settingsSchema, tablesOf } from './settings.ts';
import { ticketsAbility } from './tickets.ts';

/** ServiceNow: incidents, tasks and orders of the catalogue as tickets. */
export const definition = defineTarget({
  kind: 'servicenow',
  title: 'ServiceNow',
  settings: settingsSchema,
  connect(settings, dependencies) {
    const client = new ServiceNowClient(settings, dependencies);
    const tables = [...new Set(Object.values(tablesOf(settings)).map(({ table }) => table))];
    const checkTable = async (table: string, signal: AbortSignal): Promise<void> => {
      const { rows, total } = await client.rows(table, '', 1, signal);
      const unseen = rows.length === 0 && total > 0;
      if (!unseen && rows.every((row) => row.correlation_id !== undefined)) return;
      throw new Failure(
        'refused',
        `ServiceNow: ${unseen ? 'the rows' : 'correlation_id'} of ${table} may not be read`,
        {
          advice: "Give Muster's user a role that reads the table's rows and their field correlation_id.",
        },
      );
    };
    return {
      async check({ signal }) {
        for (const table of tables) await checkTable(table, signal);
        for (const order of Object.values(settings.orders)) await checkOrder(client, order, signal);
        const orders = Object.keys(settings.orders);
        const orderable = orders.length === 0 ? '' : `, ${orders.join(', ')} can be ordered`;
        return `ServiceNow at ${new URL(settings.baseUrl).host}: ${tables.join(', ')} can be read${orderable}`;
      },
      tickets: ticketsAbility(client, settings),
      close: () => client.close(),
    };
  },
});
