import { defineTarget } from '../target.ts';
import { SmtpClient } from './client.ts';
import { mailOf } from './mail.ts';
import { listOf, settingsSchema } from './settings.ts';

/** E-mail, through a server that takes submissions over SMTP. */
export const definition = defineTarget({
  kind: 'smtp',
  title: 'E-mail',
  settings: settingsSchema,
  connect(settings, dependencies) {
    const client = new SmtpClient(settings, dependencies);
    return {
      async check({ signal }) {
        await client.logOn(signal);
        const { host, port, login, from } = settings;
        return `mail server ${host}:${port}${login === undefined ? '' : ` as ${login.username}`}, from ${from}`;
      },
      messages: {
        async send(message, context) {
          const to = 'channel' in message.to ? listOf(settings, message.to.channel) : [message.to.email];
          await context.beforeChange('send mail');
          await client.send(mailOf(settings, message, to, context.now), context.signal);
          // SMTP keeps nothing that could be asked: each call is a mail, with the same Message-ID.
          return 'changed';
        },
      },
    };
  },
});
