import { Failure } from '../../model/failure.ts';
import { defineTarget } from '../target.ts';
import { accounts } from './accounts.ts';
import { GraphClient } from './client.ts';
import { GraphConnection } from './connection.ts';
import { credentials } from './credentials.ts';
import { entitlements } from './entitlements.ts';
import { title } from './failure.ts';
import { mailbox } from './mailbox.ts';
import { MailboxClient } from './mailbox-client.ts';
import { type Settings, settingsSchema } from './settings.ts';
import { isEnabled } from './users.ts';

/** A Microsoft Entra tenant over Microsoft Graph, as an application. */
export const definition = defineTarget({
  kind: 'entra-id',
  title,
  settings: settingsSchema,
  connect: (settings, dependencies) => {
    const connection = new GraphConnection(settings, dependencies);
    const client = new GraphClient(connection);
    return {
      check: async ({ signal }) => {
        const sample = await client.sample(signal);
        if (sample !== undefined) isEnabled(sample);
        const permissions = await connection.permissions(signal);
        if (permissions !== undefined) refuseUnlessEnough(settings, permissions);
        const may = permissions === undefined ? 'not told' : [...permissions].sort().join(', ');
        return `app ${settings.clientId} in tenant ${settings.tenant}, permissions: ${may}`;
      },
      accounts: accounts(client, settings),
      entitlements: entitlements(client, settings),
      sessions: {
        // Graph cannot list sign-in sessions; `disable` revokes them all, and access tokens that are out run out.
        list: async () => [],
        end: async () => 'already',
        residualMs: settings.accessTokenMinutes * 60_000,
      },
      credentials: credentials(connection),
      ...(settings.mailboxLicences.length === 0 ? {} : { mailbox: mailbox(new MailboxClient(connection), settings) }),
      close: () => connection.close(),
    };
  },
});

/** Each thing that closing needs, with the least permission for it and those that contain it. */
const needs: readonly (readonly string[])[] = [
  ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  ['User.EnableDisableAccount.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'],
  ['User.RevokeSessions.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'],
  ['GroupMember.ReadWrite.All', 'Group.ReadWrite.All', 'Directory.ReadWrite.All'],
];
const needForLicences = ['LicenseAssignment.ReadWrite.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'];
const needForMailboxes = ['MailboxSettings.ReadWrite'];

function refuseUnlessEnough(settings: Settings, permissions: readonly string[]): void {
  const wanted = [
    ...needs,
    ...(settings.licences.length === 0 ? [] : [needForLicences]),
    ...(settings.mailboxLicences.length === 0 ? [] : [needForMailboxes]),
  ];
  const missing = wanted.filter((any) => !any.some((one) => permissions.includes(one))).map(([least]) => least);
  if (missing.length === 0) return;
  throw new Failure('refused', `${title}: the app has no application permission ${missing.join(', ')}`, {
    advice: 'Add it to the app registration under Microsoft Graph, application permissions, and grant admin consent.',
  });
}
