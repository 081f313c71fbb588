import { Context } from '@temporalio/activity';
import type { Transaction } from '../src/directory/store.ts';
import type { AdoptInput, Adoption, AdoptionList, CheckRun } from '../src/model/checks.ts';
import { adoptWorkflowId } from '../src/model/checks.ts';
import { Failure } from '../src/model/failure.ts';
import type { Account, Person, PersonState } from '../src/model/person.ts';
import { desiredAccess } from '../src/policy/desired-access.ts';
import type { Policy } from '../src/policy/schema.ts';
import { correlate } from '../src/reconciliation/correlate.ts';
import { isPlanned } from '../src/reconciliation/differences.ts';
import type { ListedAccount } from '../src/targets/target.ts';
import type { Dependencies } from './dependencies.ts';
import { listedAccounts, readingContext, slices } from './reading-context.ts';
import { targetOf } from './target-of.ts';

/** How many of a list are named in the report; all are counted. */
const mostNamed = 500;

/**
 * Records what a target holds already: whose each account is, and what access there goes beyond policy. The target is read and
 * never written, and a second run finds everything recorded.
 */
export async function adoptAccounts(dependencies: Dependencies, request: CheckRun & AdoptInput): Promise<Adoption> {
  const { target, dryRun, now, run, workflowId, by } = request;
  const { store } = dependencies;
  const { list } = listedAccounts(dependencies, target);
  const adoption: Adoption = {
    ...{ target, dryRun, accounts: 0, matched: 0, recorded: 0, grants: 0 },
    ...{ ambiguous: empty(), orphans: empty(), privileged: empty() },
  };
  for await (const page of list(readingContext(`adopt/${run}/${target}`, now))) {
    for (const some of slices(page)) {
      for (const { account, people } of await store.read((reader) => correlate(reader, target, some))) {
        const [person, ...more] = people;
        const only = more.length === 0 ? person : undefined;
        count(adoption, account, people, only);
        if (only === undefined) continue;
        const { recorded, grants } = await adoptOne(dependencies, request, account, only);
        adoption.recorded += recorded ? 1 : 0;
        adoption.grants += grants;
        Context.current().heartbeat(adoption.accounts);
      }
      Context.current().heartbeat(adoption.accounts);
    }
  }
  if (!dryRun) {
    const { accounts, matched, recorded, grants, ambiguous, orphans, privileged } = adoption;
    const counts = { ambiguous: ambiguous.count, orphans: orphans.count, privileged: privileged.count };
    const data = { by, accounts, matched, recorded, grants, ...counts };
    await store.write({
      evidence: [{ workflowId, step: `${run}/${target}`, kind: 'target-adopted', target, at: now, data }],
    });
  }
  return adoption;
}

function count(adoption: Adoption, account: ListedAccount, people: readonly Person[], only: Person | undefined): void {
  const { id, kind, status } = account;
  adoption.accounts += 1;
  if (only !== undefined) adoption.matched += 1;
  else if (people.length === 0) note(adoption.orphans, { account: id, kind, status });
  else note(adoption.ambiguous, { account: id, people: people.map((person) => person.id) });
  if (account.privileged) {
    note(adoption.privileged, { account: id, kind, ...(only === undefined ? {} : { person: only.id }) });
  }
}

const empty = <T>(): AdoptionList<T> => ({ count: 0, items: [] });

function note<T>(list: AdoptionList<T>, item: T): void {
  list.count += 1;
  if (list.items.length < mostNamed) list.items.push(item);
}

interface Adopting {
  account: Account;
  grants: string[];
  changed: boolean;
}

async function adoptOne(
  dependencies: Dependencies,
  request: CheckRun & AdoptInput,
  listed: ListedAccount,
  person: Person,
): Promise<{ recorded: boolean; grants: number }> {
  const first = toRecord(dependencies, request, listed, person);
  const outcome = { recorded: first.changed, grants: first.grants.length };
  if (!first.changed && first.grants.length === 0) return outcome;
  if (!request.dryRun) {
    return dependencies.store.transaction(async (tx) => {
      // Their own workflow may be at work: what is written is made of what is there now.
      const now = await tx.person(person.id, { lock: true });
      if (now === undefined) throw new Failure('not-found', `${person.id} is not in the directory any more`);
      const adopting = toRecord(dependencies, request, listed, now);
      await record(tx, dependencies, request, listed, now, adopting);
      return { recorded: adopting.changed, grants: adopting.grants.length };
    });
  }
  return outcome;
}

async function record(
  tx: Transaction,
  { policy }: Dependencies,
  { target, workflowId, run, now, by }: CheckRun & AdoptInput,
  listed: ListedAccount,
  person: Person,
  { account, grants, changed }: Adopting,
): Promise<void> {
  if (changed) await tx.putAccount(account);
  for (const entitlement of grants) {
    await tx.putGrant(person.id, {
      ...{ target, entitlement, origin: 'adopted', event: adoptWorkflowId(target), at: now },
      because: 'it was there when Muster came',
      privileged: listed.privileged || isPrivileged(policy, target, entitlement),
    });
  }
  const { id, kind, status } = account;
  const data = { by, account: id, kind, status, entitlements: account.entitlements.length, grants };
  const step = `${run}/${target}/${id}`;
  await tx.addEvidence([{ workflowId, step, kind: 'account-adopted', person: person.id, target, at: now, data }]);
}

const withAccess: ReadonlySet<PersonState> = new Set(['PreHire', 'Active', 'OnLeave', 'Suspended']);

/** The account as it is to be recorded, and what of its access neither policy nor a grant gives. */
function toRecord(
  dependencies: Dependencies,
  { target, now }: CheckRun & AdoptInput,
  listed: ListedAccount,
  person: Person,
): Adopting {
  const { managedBy } = targetOf(dependencies, target).entry;
  const known = person.accounts.find((each) => each.target === target && each.id === listed.id);
  const { id, name, kind, status } = listed;
  const account: Account = {
    ...{ target, id, name, kind, status, owner: person.id, origin: known?.origin ?? 'adopted', seenAt: now },
    entitlements: [...listed.entitlements].sort(),
    ...(managedBy?.accounts === true ? { managedBy: managedBy.system } : {}),
  };
  const changed = known === undefined || !isSame(known, account);
  const accounts = [...person.accounts.filter((each) => each !== known), account];
  const mayHave = status === 'enabled' && account.managedBy === undefined && withAccess.has(person.state);
  // What an admin account or a second one has is measured by what it had: as a grant it would be given to the first.
  if (!mayHave || !isPlanned({ ...person, accounts }, target, account)) return { account, grants: [], changed };
  const active = person.state === 'Suspended' ? { ...person, state: 'Active' as const } : person;
  const desired = desiredAccess(dependencies.policy, active, now).find((each) => each.target === target);
  const given = new Set(desired?.entitlements.map((entitlement) => entitlement.id));
  // An account that no rule gives is access as well; its empty entitlement stands for it.
  const held = [...(desired?.account === 'enabled' ? [] : ['']), ...account.entitlements];
  const granted = new Set(person.grants.filter((grant) => grant.target === target).map((grant) => grant.entitlement));
  return { account, grants: held.filter((each) => !given.has(each) && !granted.has(each)), changed };
}

function isSame(one: Account, other: Account): boolean {
  const plain = ({ seenAt: _, entitlements, managedBy, ...rest }: Account) =>
    JSON.stringify([
      ...Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)),
      [...entitlements].sort(),
      managedBy ?? null,
    ]);
  return plain(one) === plain(other);
}

function isPrivileged({ rules, requestable }: Policy, target: string, entitlement: string): boolean {
  return (
    rules.some(
      (rule) =>
        rule.privileged &&
        rule.give.some((access) => access.target === target && access.entitlements.includes(entitlement)),
    ) || requestable.some((each) => each.privileged && each.target === target && each.entitlement === entitlement)
  );
}
