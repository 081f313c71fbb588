import type { Transaction } from '../directory/store.ts';
import type { Account, Person } from '../model/person.ts';
import type { Change } from '../model/plan.ts';
import { primaryAccount } from '../policy/access-plan.ts';

/** Writes down what accounts there would be once changes are confirmed, so that what is due later is planned from that. */
export async function accountsAfter(tx: Transaction, person: Person, changes: readonly Change[]): Promise<void> {
  const accounts = new Map<string, Account>();
  for (const change of changes) {
    const { target } = change;
    const known = accounts.get(target) ?? primaryAccount(person, target);
    const after = accountAfter(known ?? madeFor(person, target), change);
    if (after !== undefined) accounts.set(target, after);
    if (change.action === 'close') for (const own of ownAt(person, target)) await tx.putAccount(closed(own));
  }
  for (const account of accounts.values()) await tx.putAccount(account);
}

const madeFor = ({ id }: Person, target: string): Account => ({
  ...{ target, id: `dry-run:${id}`, name: id, kind: 'primary', owner: id, origin: 'created' },
  ...{ status: 'enabled', entitlements: [] },
});

const ownAt = ({ accounts }: Person, target: string): Account[] =>
  accounts.filter((account) => account.target === target && account.status !== 'absent');

const closed = (account: Account): Account => ({ ...account, status: 'disabled', entitlements: [] });

/** Undefined where the change is about no account. */
function accountAfter(account: Account, { action, disabled, entitlement }: Change): Account | undefined {
  switch (action) {
    case 'create':
      return { ...account, status: disabled === true ? 'disabled' : 'enabled' };
    case 'enable':
      return { ...account, status: 'enabled' };
    case 'disable':
      return { ...account, status: 'disabled' };
    case 'remove':
      return { ...account, status: 'absent', entitlements: [] };
    case 'grant':
      return { ...account, entitlements: [...new Set([...account.entitlements, entitlement ?? ''])] };
    case 'revoke':
      return { ...account, entitlements: account.entitlements.filter((each) => each !== entitlement) };
    default:
      return undefined;
  }
}
