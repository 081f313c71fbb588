import { Failure } from '../../model/failure.ts';
import type { AccountSeen, EntitlementsAbility, Outcome } from '../target.ts';
import { alteration, type DirectoryClient, type Session } from './client.ts';
import { guidName, isGuid, sameName } from './names.ts';

/** 68: already a member (20 on other directories); 53: not a member, or the directory will not; 16 and 21 on Samba. */
const wellMeant = [16, 20, 21, 32, 53, 68] as const;

/** Group memberships, by the group's DN. The member is named by its GUID, so an account that was moved is still found. */
export function entitlementsOf(client: DirectoryClient): EntitlementsAbility {
  return {
    grant: (account, group, context) =>
      client.session(context, async (session) => {
        const result = isGuid(account.id) ? await change(session, 'add', account, group) : 32;
        if (result === 0) return 'changed';
        const membership = await membershipOf(session, account, group);
        if (membership === 'member' || membership === 'primary') return 'already';
        if (membership === 'noAccount' || membership === 'noGroup') {
          const missing = membership === 'noAccount' ? `account ${account.id}` : group;
          throw new Failure('not-found', `Active Directory: ${missing} is not there`);
        }
        throw refusedBy(result, `adding ${account.id} to ${group}`);
      }),
    revoke: (account, group, context) =>
      client.session(context, async (session): Promise<Outcome> => {
        if (!isGuid(account.id)) return 'already';
        const result = await change(session, 'delete', account, group);
        if (result === 0) return 'changed';
        const membership = await membershipOf(session, account, group);
        if (membership === 'primary') {
          throw new Failure('refused', `Active Directory: ${group} is the primary group of ${account.id}`, {
            advice: 'Give the account another primary group first; membership in this one cannot be taken away.',
          });
        }
        if (membership !== 'member') return 'already';
        throw refusedBy(result, `removing ${account.id} from ${group}`);
      }),
  };
}

const change = (session: Session, operation: 'add' | 'delete', account: AccountSeen, group: string) =>
  session.change(
    operation === 'add' ? 'add member' : 'remove member',
    group,
    [alteration(operation, 'member', guidName(account.id))],
    wellMeant,
  );

type Membership = 'member' | 'primary' | 'none' | 'noAccount' | 'noGroup';

/** What the directory itself says after it answered something other than success. */
async function membershipOf(session: Session, account: AccountSeen, group: string): Promise<Membership> {
  const user = isGuid(account.id)
    ? await session.read(guidName(account.id), ['memberOf', 'primaryGroupID'])
    : undefined;
  if (user === undefined) return 'noAccount';
  if (user.texts('memberOf').some((held) => sameName(held, group))) return 'member';
  const entry = await session.read(group, ['primaryGroupToken']);
  if (entry === undefined) return 'noGroup';
  const token = entry.text('primaryGroupToken');
  return token !== undefined && token === user.text('primaryGroupID') ? 'primary' : 'none';
}

const refusedBy = (result: number, what: string): Failure =>
  result === 53
    ? new Failure('refused', `Active Directory: ${what} was refused (53)`, {
        advice: 'Look at the kind of the group: distribution, built-in, or of another domain?',
      })
    : new Failure('conflict', `Active Directory: ${what} was answered ${result}, and the directory says otherwise now`);
