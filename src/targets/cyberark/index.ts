import { defineTarget } from '../target.ts';
import { CyberArkClient } from './client.ts';
import { SafeMemberships, safesAbility } from './safes.ts';
import { sessionsAbility } from './sessions.ts';
import { settingsSchema } from './settings.ts';
import { searchable, usersAbility } from './users.ts';

/** CyberArk PAM, self-hosted or Privilege Cloud: vault users, safe memberships, live privileged sessions. */
export const definition = defineTarget({
  kind: 'cyberark',
  title: 'CyberArk',
  settings: settingsSchema,
  connect(settings, dependencies) {
    const client = new CyberArkClient(settings, dependencies);
    const memberships = settings.safes
      ? new SafeMemberships(client, settings.safeListMaxAge * 1000, dependencies.clock)
      : undefined;
    return {
      async check({ signal }) {
        const { login } = settings;
        const self = login.type === 'vault' ? login.username : login.clientId;
        await client.searchUsers(searchable(self), signal);
        const sessions = await client.countLiveSessions(signal);
        const safes = memberships === undefined ? '' : `, ${await memberships.describe(signal)}`;
        return `CyberArk at ${new URL(settings.baseUrl).host}: users can be read, ${sessions} live sessions${safes}`;
      },
      accounts: usersAbility(client, settings, memberships),
      sessions: sessionsAbility(client),
      ...(memberships === undefined ? {} : { entitlements: safesAbility(client, settings, memberships) }),
      close: () => client.close(),
    };
  },
});
