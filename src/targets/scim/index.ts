import { Failure } from '../../model/failure.ts';
import { defineTarget } from '../target.ts';
import { accounts } from './accounts.ts';
import { ScimClient } from './client.ts';
import { ScimConnection } from './connection.ts';
import { entitlements } from './entitlements.ts';
import { settingsSchema } from './settings.ts';

/** Any system that speaks SCIM 2.0 (RFC 7643 and 7644), GlobalTech's onboarding portal among them. */
export const definition = defineTarget({
  kind: 'scim',
  title: 'SCIM 2.0',
  settings: settingsSchema,
  connect: (settings, dependencies) => {
    const connection = new ScimConnection(settings, dependencies);
    const client = new ScimClient(connection, settings);
    return {
      title: settings.title,
      check: async ({ signal }) => {
        const config = await client.config(signal);
        const searches = settings.searchBy.length > 0 || settings.groups === 'search';
        if (!config.filter && searches) {
          throw new Failure('misconfigured', `${settings.title} cannot be searched`, {
            advice: 'Set "searchBy" to [] and "groups" to "walk", "user" or "none".',
          });
        }
        const users = await client.countUsers(signal);
        const groups = settings.groups === 'none' ? '' : ` and ${await client.countGroups(signal)} groups`;
        const how = (await client.patches(signal)) ? 'PATCH' : 'PUT';
        const said = config.told ? '' : ', says nothing of what it supports';
        return `${settings.title} at ${new URL(settings.baseUrl).host}: ${users} users${groups}, changed by ${how}${said}`;
      },
      accounts: accounts(client, settings),
      ...(settings.groups === 'none' ? {} : { entitlements: entitlements(client, settings) }),
      close: () => connection.close(),
    };
  },
});
