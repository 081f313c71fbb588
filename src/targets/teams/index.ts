import { Failure } from '../../model/failure.ts';
import { defineTarget } from '../target.ts';
import { cardMessage } from './card.ts';
import { TeamsClient } from './client.ts';
import { referenceOf, settingsSchema } from './settings.ts';

/** Microsoft Teams: messages to channels, each through a workflow of its own. */
export const definition = defineTarget({
  kind: 'teams',
  title: 'Microsoft Teams',
  settings: settingsSchema,
  connect(settings, dependencies) {
    const client = new TeamsClient(settings, dependencies);
    const channels = Object.keys(settings.channels);
    return {
      async check({ signal }) {
        for (const channel of channels) await client.look(channel, signal);
        return `Microsoft Teams: the workflows of ${channels.join(', ')} are there`;
      },
      messages: {
        async send(message, context) {
          if ('email' in message.to) {
            throw new Failure('refused', 'Microsoft Teams: a workflow posts to its channel, not to a person', {
              advice: 'Send it by e-mail or Slack instead, or name a channel in policy.yaml.',
            });
          }
          const { channel } = message.to;
          referenceOf(settings, channel);
          await context.beforeChange('send message');
          await client.post(channel, cardMessage(message), context.signal);
          // No key makes a repeat known, and nothing can be read back: each call is a message.
          return 'changed';
        },
      },
      close: () => client.close(),
    };
  },
});
