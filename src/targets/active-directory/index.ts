import { PresenceFilter } from 'ldapts';
import { Failure } from '../../model/failure.ts';
import { defineTarget } from '../target.ts';
import { equals, not, usersWhere } from './account.ts';
import { accountsOf } from './accounts.ts';
import { DirectoryClient, type Session } from './client.ts';
import { entitlementsOf } from './entitlements.ts';
import { type ActiveDirectorySettings, settingsSchema } from './settings.ts';

/** Active Directory over LDAPS: accounts, group memberships, and how long a Kerberos ticket outlives its account. */
export const definition = defineTarget<ActiveDirectorySettings>({
  kind: 'active-directory',
  title: 'Active Directory',
  settings: settingsSchema,
  connect: (settings, dependencies) => {
    const client = new DirectoryClient(settings, dependencies);
    return {
      check: (context) => client.session(context, (session) => check(session, settings)),
      accounts: accountsOf(client),
      entitlements: entitlementsOf(client),
      sessions: {
        // A domain controller keeps no list of tickets and cannot call one back; they run out.
        list: async () => [],
        end: async () => 'already',
        residualMs: settings.kerberosTicketHours * 3_600_000,
      },
      close: () => client.close(),
    };
  },
});

/** Looks whether every configured container is there, and whether one account may be changed as closing needs it. */
async function check(session: Session, settings: ActiveDirectorySettings): Promise<string> {
  const containers: [setting: string, dn: string | undefined][] = [
    ['baseDn', settings.baseDn],
    ['usersOu', settings.usersOu],
    ['leaversOu', settings.leaversOu],
    ['adminAccounts.ou', settings.adminAccounts.ou],
    ['serviceAccounts.ou', settings.serviceAccounts.ou],
    ['breakGlassAccounts.ou', settings.breakGlassAccounts?.ou],
  ];
  for (const [setting, dn] of containers) {
    if (dn === undefined || (await session.read(dn, ['objectClass'])) !== undefined) continue;
    throw new Failure('misconfigured', `Active Directory: "${setting}" names ${dn}, which is not there`, {
      advice: 'Correct the setting, or let the service account read that container.',
    });
  }
  const sample = await session.sample(
    usersWhere(new PresenceFilter({ attribute: settings.employeeIdAttribute }), not(equals('adminCount', '1'))),
    ['objectGUID', 'allowedAttributesEffective'],
  );
  const writable = sample?.texts('allowedAttributesEffective').map((attribute) => attribute.toLowerCase()) ?? [];
  const missing = ['userAccountControl', 'description'].filter((name) => !writable.includes(name.toLowerCase()));
  if (sample !== undefined && missing.length > 0) {
    throw new Failure('refused', `Active Directory: the service account may not write ${missing.join(' and ')}`, {
      advice: 'Delegate the rights that the README of this target lists.',
    });
  }
  const root = await session.read('', ['dnsHostName']);
  const server = root?.text('dnsHostName') ?? settings.url;
  const rights =
    sample === undefined ? `no account carries ${settings.employeeIdAttribute} yet` : 'accounts may be changed';
  return `${server} answers for ${settings.baseDn}; ${rights}`;
}
