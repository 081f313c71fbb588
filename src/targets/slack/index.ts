import { Failure } from '../../model/failure.ts';
import { defineTarget } from '../target.ts';
import { SlackClient } from './client.ts';
import { messagesAbility } from './messages.ts';
import { settingsSchema } from './settings.ts';

const needed = ['chat:write', 'users:read.email'];
const forLooking = ['channels:history', 'groups:history', 'im:history', 'im:write'];

/** Slack: messages to channels and people, with buttons. */
export const definition = defineTarget({
  kind: 'slack',
  title: 'Slack',
  settings: settingsSchema,
  connect(settings, dependencies) {
    const client = new SlackClient(settings, dependencies);
    return {
      async check({ signal }) {
        const { team, user, scopes } = await client.me(signal);
        const without = (wanted: string[]) => wanted.filter((scope) => scopes !== undefined && !scopes.includes(scope));
        const missing = without(needed);
        if (missing.length > 0) {
          throw new Failure('refused', `Slack: the token has not the scope ${missing.join(' and ')}`, {
            advice: 'Give the app the scopes that the README names, and install it again.',
          });
        }
        const blind = settings.lookBack === 0 ? [] : without(forLooking);
        const repeats =
          blind.length === 0 ? '' : `; without ${blind.join(', ')} a message may come twice after a lost answer`;
        return `Slack workspace ${team} as ${user}${repeats}`;
      },
      messages: messagesAbility(client, settings),
      close: () => client.close(),
    };
  },
});
