import { z } from 'zod';
import { defineTarget } from '../target.ts';
import { entitlements, sessions } from './access.ts';
import { accounts } from './accounts.ts';
import { SalesforceClient } from './client.ts';
import { settingsSchema } from './settings.ts';

/** Salesforce over its REST API, as an integration user with a JWT bearer token. */
export const definition = defineTarget({
  kind: 'salesforce',
  title: 'Salesforce',
  settings: settingsSchema,
  connect: (settings, dependencies) => {
    const client = new SalesforceClient(settings, dependencies);
    return {
      check: async ({ signal }) => {
        // UserLogin is what freezing needs, and is only shown to those who may manage users.
        await client.query(z.unknown(), 'SELECT Id, IsFrozen FROM UserLogin LIMIT 1', signal);
        const usage = client.usage === undefined ? '' : `, ${client.usage} requests of the day used`;
        return `logged on as ${settings.username}, API ${settings.apiVersion}${usage}`;
      },
      accounts: accounts(client, settings),
      entitlements: entitlements(client),
      sessions: sessions(client),
      close: () => client.close(),
    };
  },
});
