import { z } from 'zod';
import type { MakeStandIn } from '../../sandbox/stand-in.ts';
import { readMail } from './sandbox-mail.ts';
import { listenSmtp, type MailTaken } from './sandbox-server.ts';

/** What the stand-in accepts. */
export const sandboxCredentials = { username: 'muster', password: 'sandbox-mail-password' } as const;

/** Settings of a target that fit this stand-in; host, port, `ca` and password are known when it listens. */
export const sandboxSettings = {
  from: 'muster@globaltech.example',
  lists: {
    '#identity-security': ['identity-security@globaltech.example'],
    security: ['identity-security@globaltech.example'],
    people: ['people-team@globaltech.example'],
    it: ['it-operations@globaltech.example'],
  },
};

const mailSchema = z.object({
  /** The Message-ID. */
  id: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  title: z.string(),
  text: z.string(),
  at: z.string(),
  headers: z.record(z.string(), z.string()),
});
const mailsSchema = z.object({ messages: z.array(mailSchema) });

/**
 * A mail server in memory, over SMTP with STARTTLS alone: it keeps what it is given and delivers nothing. Faults are met by whole
 * connections, `status` as the nearest reply (401 at logon, others at the greeting). Vendor faults: `refuseRecipient` (the first
 * recipient of a mail is not known), `cutAfterData` (the mail is kept and the connection cut before the answer).
 */
export const makeStandIn: MakeStandIn = (tools) => {
  let mails: z.infer<typeof mailsSchema> = { messages: [] };
  const take = ({ from, to, raw }: MailTaken) => {
    const mail = { from, to, ...readMail(raw), at: new Date().toISOString() };
    mails.messages.push(mail);
    const worker = /\b[A-Z]{2,5}-\d{3,}\b/.exec(`${mail.title} ${mail.text}`)?.[0];
    tools.called({ operation: 'send mail', subject: mail.to.join(', '), ...(worker === undefined ? {} : { worker }) });
  };
  return {
    state: () => ({ accounts: [], messages: mails.messages }),
    seed: () => {
      mails = { messages: [] };
    },
    dump: () => structuredClone(mails),
    restore: (dumped) => {
      mails = mailsSchema.parse(dumped);
    },
    speaks: 'smtp',
    listen: (options) => listenSmtp({ tools, credentials: sandboxCredentials, take, options }),
  };
};
