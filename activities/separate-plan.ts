import { type Person, personalKinds } from '../src/model/person.ts';
import type { AccessPlan, Change } from '../src/model/plan.ts';
import { primaryAccount } from '../src/policy/access-plan.ts';
import { desiredAccess } from '../src/policy/desired-access.ts';
import type { Policy } from '../src/policy/schema.ts';
import { type EntitlementRef, type Held, separate } from '../src/policy/separation.ts';

/**
 * Holds a plan against separation of duties, with all that the person's own accounts hold: grants that may not be are taken out
 * of it, and old access that new access is in conflict with loses its grace and goes before the new comes.
 * @param isEnforced a target that Muster only watches, or only proposes for, loses nothing by a plan
 */
export function separatePlan(
  policy: Policy,
  person: Person,
  plan: AccessPlan,
  now: string,
  isEnforced: (target: string) => boolean = () => true,
): AccessPlan {
  if (policy.separationOfDuties.length === 0) return plan;
  // What is granted or revoked is so in the everyday account; what the others hold stays.
  const inEverydayAccount = (ref: EntitlementRef): Held => {
    const account = primaryAccount(person, ref.target)?.id;
    return account === undefined ? ref : { ...ref, account: keyOf(ref.target, account) };
  };
  const { stopped, revokeFirst } = separate(policy, {
    held: heldBy(person),
    grants: refsOf(plan.changes, 'grant'),
    revokes: refsOf(plan.changes, 'revoke').map(inEverydayAccount),
    grace: [...plan.kept, ...runningGrace(policy, person, now)]
      .filter(({ target, entitlement }) => entitlement !== '' && isEnforced(target))
      .map(({ target, entitlement }) => inEverydayAccount({ target, entitlement })),
    exceptions: person.grants,
    now,
  });
  const reasons = new Map(stopped.map(({ entitlement, reason }) => [grantId(entitlement), reason]));
  const first = (change: Change) =>
    change.action === 'grant'
      ? revokeFirst.filter((pair) => grantId(pair.new) === change.id).map(({ old }) => old)
      : [];
  const early = new Map(revokeFirst.map((pair) => [revokeId(pair.old), pair]));
  for (const { id } of plan.changes) early.delete(id);
  return {
    ...plan,
    changes: [
      ...plan.changes
        .filter(({ id }) => !reasons.has(id))
        .map((change) => ({ ...change, after: [...new Set([...change.after, ...first(change).map(revokeId)])] })),
      ...[...early.values()].map((pair) => earlyRevoke(person, pair)),
    ].sort((one, other) => (one.id < other.id ? -1 : 1)),
    kept: plan.kept.filter((ref) => !early.has(revokeId(ref))),
    stopped: [
      ...plan.stopped,
      ...plan.changes.flatMap((change) => {
        const reason = reasons.get(change.id);
        return reason === undefined ? [] : [{ change, reason }];
      }),
    ],
  };
}

/** Admin and test accounts are theirs as well. */
function heldBy({ accounts }: Person): Held[] {
  return accounts
    .filter(({ kind, status }) => personalKinds.has(kind) && status !== 'absent')
    .flatMap(({ target, id, entitlements }) =>
      entitlements.map((entitlement) => ({ target, entitlement, account: keyOf(target, id) })),
    );
}

/** Old access of an earlier move whose time runs, and that no rule gives again. */
function runningGrace(policy: Policy, person: Person, now: string): EntitlementRef[] {
  const grants = person.grants.filter(({ origin }) => origin !== 'grace');
  const due = new Set(
    desiredAccess(policy, { ...person, grants }, now).flatMap(({ target, entitlements }) =>
      entitlements.map(({ id }) => keyOf(target, id)),
    ),
  );
  return person.grants.filter(
    ({ origin, target, entitlement }) => origin === 'grace' && !due.has(keyOf(target, entitlement)),
  );
}

function earlyRevoke(person: Person, { old, new: wanted }: { old: EntitlementRef; new: EntitlementRef }): Change {
  return {
    id: revokeId(old),
    target: old.target,
    action: 'revoke',
    summary: `take ${old.entitlement} from ${person.id} in ${old.target}`,
    because: `separation of duties: no grace beside ${wanted.entitlement} in ${wanted.target}`,
    after: [],
    entitlement: old.entitlement,
  };
}

const refsOf = (changes: readonly Change[], action: Change['action']): EntitlementRef[] =>
  changes.flatMap(({ target, entitlement, ...change }) =>
    change.action === action && entitlement !== undefined ? [{ target, entitlement }] : [],
  );

/** As plans name their changes. */
const grantId = ({ target, entitlement }: EntitlementRef): string => `grant:${target}:${entitlement}`;
const revokeId = ({ target, entitlement }: EntitlementRef): string => `revoke:${target}:${entitlement}`;
const keyOf = (target: string, id: string): string => JSON.stringify([target, id]);
