import { DN } from 'ldapts';
import { Failure } from '../../model/failure.ts';
import type { AccountSeen, AccountsAbility, CallContext, Outcome } from '../target.ts';
import {
  accountOf,
  beforeSchema,
  describedAs,
  disabledFlag,
  flagsOf,
  isDisabled,
  type Mark,
  markIn,
} from './account.ts';
import { alteration, type DirectoryClient, type Session } from './client.ts';
import { makeAccount } from './create.ts';
import { find, readUser } from './find.ts';
import { listAccounts } from './list.ts';
import { guidName, isGuid, parentOf, plainValue, rdnOf, sameName } from './names.ts';
import { passwordReset } from './password.ts';
import type { ActiveDirectorySettings } from './settings.ts';
import { updateAccount } from './update.ts';

const noSuchAttribute = 16;
const noSuchObject = 32;
const notOnNonLeaf = 66;
const alreadyExists = 68;

/** How often the flags are read again when somebody else changes them at the same moment. */
const looks = 3;

/** Accounts of a domain: found by worker id, switched by userAccountControl, closed for good by two new passwords. */
export function accountsOf(client: DirectoryClient): AccountsAbility {
  const { settings } = client;
  return {
    find: (keys, context) => client.session(context, (session) => find(session, settings, keys)),
    read: async (id, context) => {
      if (!isGuid(id)) return undefined;
      const entry = await client.session(context, (session) => readUser(session, settings, id));
      return entry === undefined ? undefined : accountOf(entry, settings);
    },
    disable: (account, context) =>
      client.session(context, async (session) => {
        if (!isGuid(account.id)) return 'already';
        const closed = await close(session, settings, account, context);
        if (closed === 'gone') return 'already';
        const { leaversOu } = settings;
        const moved = leaversOu === undefined ? 'already' : await move(session, account.id, closed.dn, leaversOu);
        return closed.outcome === 'changed' || moved === 'changed' ? 'changed' : 'already';
      }),
    enable: (account, context) => client.session(context, (session) => open(session, settings, account)),
    create: (account, context) => client.session(context, (session) => makeAccount(session, settings, account)),
    list: (context) => client.pages(context, (session) => listAccounts(session, settings)),
    update: (account, attributes, context) =>
      client.session(context, (session) => updateAccount(session, settings, account, attributes)),
    remove: (account, context) => client.session(context, (session) => remove(session, account.id)),
  };
}

/**
 * Disables, then sets two passwords nobody knows: one ends logons with the old password, the second drives the old one
 * out of the history that hybrid directories and NTLM still honour. Each carries its mark into the description, so that
 * after a lost answer the next try goes on where this one was.
 */
async function close(
  session: Session,
  settings: ActiveDirectorySettings,
  account: AccountSeen,
  context: CallContext,
): Promise<{ outcome: Outcome; dn: string } | 'gone'> {
  const disabled = await setDisabled(session, settings, account.id);
  if (disabled === 'gone') return 'gone';
  const left: Mark[] = disabled.mark === 'whole' ? [] : disabled.mark === 'half' ? ['whole'] : ['half', 'whole'];
  for (const mark of left) {
    const description = alteration('replace', 'description', describedAs(mark, context.now, context.key));
    await session.change('reset password', guidName(account.id), [passwordReset(), description]);
  }
  return { outcome: disabled.outcome === 'changed' || left.length > 0 ? 'changed' : 'already', dn: disabled.dn };
}

/** Sets the flag where it is not set, and says how far an earlier closing has come. */
async function setDisabled(
  session: Session,
  settings: ActiveDirectorySettings,
  id: string,
): Promise<{ outcome: Outcome; mark: Mark | undefined; dn: string } | 'gone'> {
  for (let look = 0; look < looks; look += 1) {
    const entry = await readUser(session, settings, id);
    if (entry === undefined) return 'gone';
    const flags = flagsOf(entry);
    const mark = markIn(entry.text('description'));
    if (isDisabled(flags)) return { outcome: 'already', mark, dn: entry.dn };
    // A mark on an open account is from an earlier end; left there, it would hide that this one is not complete.
    const stale = mark === undefined ? [] : [alteration('replace', 'description')];
    const changes = [...compareAndSet(flags, flags | disabledFlag), ...stale];
    const result = await session.change('disable account', guidName(id), changes, [noSuchAttribute]);
    if (result === 0) return { outcome: 'changed', mark: undefined, dn: entry.dn };
  }
  throw changedMeanwhile(id);
}

/** Brings it back where it was, as it was, and open. Its password is one nobody knows. */
async function open(session: Session, settings: ActiveDirectorySettings, account: AccountSeen): Promise<Outcome> {
  const before = beforeSchema.catch({}).parse(account.before);
  let moved: Outcome = 'already';
  for (let look = 0; look < looks; look += 1) {
    const entry = isGuid(account.id) ? await readUser(session, settings, account.id) : undefined;
    if (entry === undefined) {
      throw new Failure('not-found', `Active Directory: account ${account.id} is not there any more`, {
        advice: 'Restore it from the recycle bin, or have a new one made.',
      });
    }
    const flags = flagsOf(entry);
    if (!isDisabled(flags)) return moved;
    if (before.dn !== undefined && !sameName(before.dn, entry.dn)) {
      await session.move('move account', guidName(account.id), before.dn);
      moved = 'changed';
    }
    const mark = markIn(entry.text('description')) === undefined ? [] : [described(before.description)];
    const changes = [...compareAndSet(flags, flags & ~disabledFlag), ...mark];
    const result = await session.change('enable account', guidName(account.id), changes, [noSuchAttribute]);
    if (result === 0) return 'changed';
  }
  throw changedMeanwhile(account.id);
}

/** Old value out and new value in, in one modify: refused with 16 when somebody changed it in between. */
const compareAndSet = (old: number, wanted: number) => [
  alteration('delete', 'userAccountControl', String(old)),
  alteration('add', 'userAccountControl', String(wanted)),
];

const described = (description: string | null | undefined) =>
  description === null || description === undefined || markIn(description) !== undefined
    ? alteration('replace', 'description')
    : alteration('replace', 'description', description);

async function move(session: Session, id: string, dn: string, container: string): Promise<Outcome> {
  if (sameName(parentOf(dn), container)) return 'already';
  const part = rdnOf(dn);
  const result = await session.move('move account', guidName(id), `${part},${container}`, [alreadyExists]);
  if (result === 0) return 'changed';
  // Somebody of the same name left before.
  const unique = new DN().addPairRDN('CN', `${plainValue(part)} ${id.slice(0, 8)}`).toString();
  await session.move('move account', guidName(id), `${unique},${container}`);
  return 'changed';
}

/** Deletes it; the tree below it only where there is one, because that is a right of its own. */
async function remove(session: Session, id: string): Promise<Outcome> {
  if (!isGuid(id)) return 'already';
  let result = await session.remove('delete account', guidName(id), [noSuchObject, notOnNonLeaf]);
  if (result === notOnNonLeaf) result = await session.remove('delete account', guidName(id), [noSuchObject], true);
  return result === noSuchObject ? 'already' : 'changed';
}

const changedMeanwhile = (id: string): Failure =>
  new Failure('conflict', `Active Directory: userAccountControl of ${id} changes each time it is read`);
