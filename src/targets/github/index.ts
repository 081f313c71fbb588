import { Failure } from '../../model/failure.ts';
import { defineTarget } from '../target.ts';
import { entitlements, sessions } from './access.ts';
import { accounts } from './accounts.ts';
import { GitHubClient } from './client.ts';
import { Organization } from './organization.ts';
import { settingsSchema } from './settings.ts';

/** An organisation at GitHub Enterprise Cloud, as a GitHub App. */
export const definition = defineTarget({
  kind: 'github',
  title: 'GitHub',
  settings: settingsSchema,
  connect: (settings, dependencies) => {
    const client = new GitHubClient(settings, dependencies);
    const org = new Organization(client, settings.org);
    return {
      check: async ({ signal }) => {
        await client.rest({ path: `${org.path('members')}?per_page=1`, name: 'list members' }, signal);
        const { members, organization_administration: administration } = client.permissions;
        if (members !== 'write') {
          throw new Failure('refused', `GitHub: the app may only ${members ?? 'not'} read members of ${settings.org}`, {
            advice: 'Grant the organisation permission "Members: read and write" and accept it in the organisation.',
          });
        }
        return `installation ${settings.installationId} in ${settings.org}, members: ${members}, administration: ${administration ?? 'none'}`;
      },
      accounts: accounts(client, org, settings),
      entitlements: entitlements(client, org),
      sessions: sessions(client, org, settings),
      close: () => client.close(),
    };
  },
});
