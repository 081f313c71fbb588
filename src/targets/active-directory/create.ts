import { DN, OrFilter } from 'ldapts';
import { Failure } from '../../model/failure.ts';
import type { AccountSeen, NewAccount, Outcome } from '../target.ts';
import { accountAttributes, accountOf, equals, kindOf, newFlags, usersWhere } from './account.ts';
import { attributeOf, type DirectoryEntry, type Session } from './client.ts';
import { domainOf } from './names.ts';
import { encodedPassword, randomPassword } from './password.ts';
import type { ActiveDirectorySettings } from './settings.ts';

const noSuchAttribute = 16;
const alreadyExists = 68;

/** Attributes that Muster sets itself; policy may give any other. */
const ours = [
  'cn',
  'objectclass',
  'samaccountname',
  'userprincipalname',
  'useraccountcontrol',
  'unicodepwd',
  'givenname',
  'sn',
  'displayname',
  'mail',
  'member',
  'memberof',
];

/**
 * Makes an account with a password nobody knows, all in one add, so that there is no half-made one. The worker's
 * account that is there already is given back as it is: opening a closed one is `enable`'s.
 */
export async function makeAccount(
  session: Session,
  settings: ActiveDirectorySettings,
  account: NewAccount,
): Promise<{ account: AccountSeen; outcome: Outcome }> {
  const attributes = attributesOf(settings, account);
  const there = await existing(session, settings, account);
  if (there !== undefined) return { account: there, outcome: 'already' };

  const container = settings.usersOu ?? `CN=Users,${settings.baseDn}`;
  const dn = `${new DN().addPairRDN('CN', account.login)},${container}`;
  const result = await session.add('create account', dn, attributes, [noSuchAttribute, alreadyExists]);
  if (result === noSuchAttribute) {
    const names = Object.keys(account.attributes).join(', ');
    throw new Failure('misconfigured', `Active Directory: one of the attributes ${names} is not in the schema`, {
      advice: 'Take it out of the policy, or extend the schema.',
    });
  }
  const made = await existing(session, settings, account);
  if (made !== undefined) return { account: made, outcome: result === 0 ? 'changed' : 'already' };
  if (result === alreadyExists) throw taken(account);
  throw new Failure('not-confirmed', `Active Directory: the account made for ${account.workerId} is not there`);
}

/** The worker's account of the same kind; refuses where the login is somebody else's. */
async function existing(
  session: Session,
  settings: ActiveDirectorySettings,
  account: NewAccount,
): Promise<AccountSeen | undefined> {
  const { employeeIdAttribute } = settings;
  const filters = [equals(employeeIdAttribute, account.workerId), equals('sAMAccountName', account.login)];
  const found = await session.find(usersWhere(new OrFilter({ filters })), accountAttributes(settings));
  const isOwn = (entry: DirectoryEntry) =>
    entry.text(employeeIdAttribute)?.toLowerCase() === account.workerId.toLowerCase();
  const wanted = kindOf('', account.login, settings);
  const own = found
    .filter(isOwn)
    .map((entry) => accountOf(entry, settings))
    .filter(({ kind }) => kind === wanted);
  const same = own.find(({ name }) => name.toLowerCase() === account.login.toLowerCase());
  if (same !== undefined) return same;
  if (own.length > 1) {
    throw new Failure(
      'ambiguous',
      `Active Directory: ${account.workerId} has ${own.length} ${wanted} accounts, none of them with the login that was asked for`,
      { advice: `Clear ${employeeIdAttribute} on those that are not theirs.` },
    );
  }
  if (found.some((entry) => !isOwn(entry))) throw taken(account);
  return own[0];
}

const taken = (account: NewAccount): Failure =>
  new Failure(
    'refused',
    `Active Directory: the login or name wanted for ${account.workerId} belongs to another object`,
    {
      advice: 'Reserve another login for this person, or free this one.',
    },
  );

function attributesOf(settings: ActiveDirectorySettings, account: NewAccount) {
  const own = Object.keys(account.attributes).find((name) =>
    [...ours, settings.employeeIdAttribute.toLowerCase()].includes(name.toLowerCase()),
  );
  if (own !== undefined) {
    throw new Failure('misconfigured', `Active Directory: "${own}" cannot be given as an attribute of a new account`, {
      advice: 'Take it out of the policy; Muster sets it itself.',
    });
  }
  const values: Record<string, string> = {
    sAMAccountName: account.login,
    userPrincipalName: `${account.login}@${settings.upnSuffix ?? domainOf(settings.baseDn)}`,
    [settings.employeeIdAttribute]: account.workerId,
    givenName: account.firstName,
    sn: account.lastName,
    displayName: `${account.firstName} ${account.lastName}`.trim(),
    mail: account.email,
    userAccountControl: String(newFlags(account.enabled)),
    ...account.attributes,
  };
  return [
    attributeOf('objectClass', 'top', 'person', 'organizationalPerson', 'user'),
    // LDAP has no empty values.
    ...Object.entries(values)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => attributeOf(name, value)),
    attributeOf('unicodePwd', encodedPassword(randomPassword())),
  ];
}
