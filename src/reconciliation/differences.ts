import type { Drift } from '../model/checks.ts';
import { type Account, type Person, personalKinds } from '../model/person.ts';
import { primaryAccount } from '../policy/access-plan.ts';
import { type Desired, desiredAccess } from '../policy/desired-access.ts';
import type { Policy } from '../policy/schema.ts';
import type { AccountSeen } from '../targets/target.ts';

/** What a comparison needs to know beside the account and its person. */
export interface Comparing {
  target: string;
  policy: Policy;
  /** ISO instant. */
  now: string;
}

/** Where one account of one person differs from what should be. */
export function differencesOf({ target, policy, now }: Comparing, account: AccountSeen, person: Person): Drift[] {
  const found = (finding: Drift['finding'], entitlement?: string): Drift => ({
    ...{ target, account: account.id, finding, person: person.id },
    ...(entitlement === undefined ? {} : { entitlement }),
  });
  const known = accountOf(person, target, account.id);
  // Shared and service accounts change owner with a leaver; what becomes of them is not planned.
  if (!personalKinds.has(account.kind) || person.state === 'Terminating') return [];
  const isOpen = account.status === 'enabled';
  if (person.state === 'Terminated') return isOpen ? [found('live-leaver')] : [];
  if (known?.managedBy !== undefined) return [];
  if (!isPlanned(person, target, account)) return besidePolicy(account, known, found);

  const desired = desiredAccess(policy, person, now).find((each) => each.target === target);
  if (!isDue(person, desired)) return isOpen ? [found('unplanned')] : [];
  if (!isOpen) return known?.status === 'enabled' ? [found('vanished')] : [];
  const due = (desired?.entitlements ?? []).map(({ id }) => id);
  return [
    ...account.entitlements.filter((id) => !due.includes(id)).map((id) => found('unplanned', id)),
    // What is due and was never there is a plan's business; what was there and is gone is drift.
    ...due
      .filter((id) => known?.entitlements.includes(id) === true && !account.entitlements.includes(id))
      .map((id) => found('vanished', id)),
  ];
}

/** The account is gone though the directory has it, and it is due. */
export function isMissed({ target, policy, now }: Comparing, person: Person, account: Account): boolean {
  if (account.target !== target || account.status !== 'enabled' || account.managedBy !== undefined) return false;
  if (!personalKinds.has(account.kind) || person.state === 'Terminating' || person.state === 'Terminated') return false;
  return isDue(
    person,
    desiredAccess(policy, person, now).find((each) => each.target === target),
  );
}

/** Admin and test accounts, and a second one for every day, are not planned: what they had when they were last seen is the measure. */
function besidePolicy(
  account: AccountSeen,
  known: Account | undefined,
  found: (finding: Drift['finding'], entitlement?: string) => Drift,
): Drift[] {
  if (account.status !== 'enabled') return [];
  if (known === undefined || known.status !== 'enabled') return [found('unplanned')];
  return [
    ...account.entitlements.filter((id) => !known.entitlements.includes(id)).map((id) => found('unplanned', id)),
    ...known.entitlements.filter((id) => !account.entitlements.includes(id)).map((id) => found('vanished', id)),
  ];
}

function isDue(person: Person, desired: Desired | undefined): boolean {
  if (person.state === 'Suspended') return false;
  if (person.state === 'OnLeave' && person.attributes['onLeave'] === 'suspend') return false;
  return desired?.account === 'enabled';
}

/** The account that policy speaks of: their own for every day, the open one where there are several. */
export function isPlanned(person: Person, target: string, account: Pick<AccountSeen, 'id' | 'kind'>): boolean {
  if (account.kind !== 'primary') return false;
  const planned = primaryAccount(person, target);
  return planned === undefined || planned.id === account.id;
}

const accountOf = (person: Person, target: string, id: string): Account | undefined =>
  person.accounts.find((each) => each.target === target && each.id === id);
