import type { AskedItem } from '../model/approval.ts';
import { type Person, personalKinds } from '../model/person.ts';
import type { AccessPlan, Ask, Change } from '../model/plan.ts';
import type { Policy } from './schema.ts';
import { type EntitlementRef, type Held, separate, type Violation, violations } from './separation.ts';

type Separable = Omit<AccessPlan, 'hash'>;

/** What separation of duties needs to know of a plan beside the plan. */
export interface Separation {
  policy: Pick<Policy, 'separationOfDuties'>;
  /** With all their accounts, as they were seen. */
  person: Pick<Person, 'id' | 'accounts' | 'grants'>;
  /** ISO instant. */
  at: string;
  /** Old access whose grace runs already; none where the plan leaves their access as it is. */
  inGrace: readonly EntitlementRef[];
  /** Does Muster write there? What it may not take away gives no way. */
  enforced(target: string): boolean;
  /** Takes an entitlement of their everyday account away. */
  revoke(ref: EntitlementRef, because: string): Change;
  /** Gives one. */
  grant(ref: EntitlementRef, because: string): Change;
  /** What an ask consists of, without some of its items. */
  without(ask: Ask, stopped: ReadonlySet<string>): Ask | undefined;
}

/**
 * A plan at no moment of which anybody has what policy keeps apart: what would make a conflict is stopped, old access that is
 * in the way of something new, or beside what they hold already, has no grace and goes first, and an exception whose time is up takes back what it allowed.
 */
export function separatePlan(plan: Separable, about: Separation): Separable {
  const { policy, person, at } = about;
  if (policy.separationOfDuties.length === 0) return plan;
  const held = heldBy(person);
  const over = exceptionsThatAreOver(plan, about, held);
  const changes = [...plan.changes, ...over.map(({ change }) => change)];
  const wanted = [...changes, ...plan.proposed].flatMap((change) => refsOf(change, 'grant'));
  const items = plan.asks.flatMap((ask) => ask.items);
  const mayGiveWay = (ref: EntitlementRef) =>
    about.enforced(ref.target) &&
    held.filter((each) => isSame(each, ref)).every(({ account }) => account === primaryId(person, ref.target));
  const result = separate(policy, {
    held,
    grants: [...wanted, ...items],
    revokes: changes.flatMap((change) =>
      refsOf(change, 'revoke').map((ref) => ({ ...ref, account: primaryId(person, ref.target) ?? '' })),
    ),
    // Only what this plan can take away may give way: not what another account holds as well, or a target Muster only watches.
    grace: [...plan.kept, ...about.inGrace].filter((ref) => ref.entitlement !== '' && mayGiveWay(ref)),
    exceptions: person.grants,
    now: at,
  });
  const reasons = new Map(result.stopped.map(({ entitlement, reason }) => [keyOf(entitlement), reason]));
  const isStopped = (ref: EntitlementRef) => reasons.has(keyOf(ref));
  const first = new Map(result.revokeFirst.map((pair) => [keyOf(pair.old), pair]));
  const early = [...first.values()]
    .filter(({ old }) => !changes.some((change) => refsOf(change, 'revoke').some((ref) => isSame(ref, old))))
    .map((pair) =>
      about.revoke(pair.old, `separation of duties: no grace beside ${pair.new.entitlement} in ${pair.new.target}`),
    );
  const mayStay = (change: Change) => !refsOf(change, 'grant').some(isStopped);
  const afterOld = (change: Change): Change => {
    const [ref] = refsOf(change, 'grant');
    if (ref === undefined) return change;
    const old = result.revokeFirst.filter((each) => isSame(each.new, ref)).map((each) => revokeId(each.old));
    return old.length === 0 ? change : { ...change, after: [...new Set([...change.after, ...old])].sort() };
  };
  const askedFor = (item: AskedItem): { change: Change; reason: string }[] => {
    const reason = reasons.get(keyOf(item));
    return reason === undefined ? [] : [{ change: about.grant(item, item.because), reason }];
  };
  const stoppedKeys = new Set(reasons.keys());
  return {
    ...plan,
    changes: byId([...changes.filter(mayStay).map(afterOld), ...early]),
    proposed: plan.proposed.filter(mayStay),
    asks: plan.asks.flatMap((ask) => about.without(ask, stoppedKeys) ?? []),
    kept: plan.kept.filter((ref) => !first.has(keyOf(ref))),
    stopped: [
      ...plan.stopped,
      ...over,
      ...[...changes, ...plan.proposed].flatMap((change) =>
        refsOf(change, 'grant').flatMap((ref) => {
          const reason = reasons.get(keyOf(ref));
          return reason === undefined ? [] : [{ change, reason }];
        }),
      ),
      ...items.flatMap(askedFor),
    ].sort((one, other) => (one.change.id < other.change.id ? -1 : 1)),
  };
}

/** Why somebody may not be given this beside what they hold: each rule, and what it is against. Undefined: they may. */
export function conflictsWith(
  policy: Pick<Policy, 'separationOfDuties'>,
  person: Pick<Person, 'accounts' | 'grants'>,
  wanted: EntitlementRef,
  now: string,
): { reason: string; violations: Violation[] } | undefined {
  const { stopped } = separate(policy, {
    held: heldBy(person),
    grants: [wanted],
    revokes: [],
    grace: [],
    exceptions: person.grants,
    now,
  });
  return stopped[0];
}

/** Everything that any of their own accounts holds, admin accounts too; a closed one's is one opening away. */
function heldBy({ accounts }: Pick<Person, 'accounts'>): Held[] {
  return accounts
    .filter(({ kind, status }) => personalKinds.has(kind) && status !== 'absent')
    .flatMap(({ id, target, entitlements }) =>
      entitlements.map((entitlement) => ({ target, entitlement, account: id })),
    );
}

function primaryId({ accounts }: Pick<Person, 'accounts'>, target: string): string | undefined {
  const own = accounts.filter((each) => each.target === target && each.kind === 'primary' && each.status !== 'absent');
  return (own.find(({ status }) => status === 'enabled') ?? own[0])?.id;
}

/** An exception takes itself back, whatever rule gives the same: only while it ran was it allowed beside the other. */
function exceptionsThatAreOver(
  plan: Separable,
  { policy, person, at, revoke, enforced }: Separation,
  held: readonly Held[],
): { change: Change; reason: string }[] {
  const over = person.grants.filter(
    ({ origin, until }) => origin === 'exception' && until !== undefined && Date.parse(until) <= Date.parse(at),
  );
  const leaving = plan.changes.flatMap((change) => refsOf(change, 'revoke'));
  const stays = held.filter((each) => !leaving.some((ref) => isSame(ref, each)));
  return over.flatMap((grant) => {
    // It gave to the everyday account; what another one holds is not taken back by it.
    const isTheirs = (each: Held) => isSame(each, grant) && each.account === primaryId(person, grant.target);
    if (!enforced(grant.target) || !stays.some(isTheirs)) return [];
    const isExcepted = (ref: EntitlementRef) =>
      person.grants.some(
        (each) =>
          each.origin === 'exception' &&
          isSame(each, ref) &&
          each.until !== undefined &&
          Date.parse(each.until) > Date.parse(at),
      );
    const against = violations(policy, stays).filter(
      ({ one, other }) => (isSame(one, grant) && !isExcepted(other)) || (isSame(other, grant) && !isExcepted(one)),
    );
    if (against.length === 0) return [];
    const rules = [...new Set(against.map(({ rule, why }) => `${rule} (${why})`))].join('; ');
    const reason = `the exception that allowed ${grant.entitlement} in ${grant.target} ended at ${grant.until}: ${rules}`;
    return [{ change: revoke(grant, reason), reason }];
  });
}

function refsOf({ target, action, entitlement }: Change, wanted: 'grant' | 'revoke'): EntitlementRef[] {
  return action === wanted && entitlement !== undefined ? [{ target, entitlement }] : [];
}

/** The name of a change that takes an entitlement away. */
const revokeId = ({ target, entitlement }: EntitlementRef): string => `revoke:${target}:${entitlement}`;

/** How an entitlement is told from others. */
export const keyOf = ({ target, entitlement }: EntitlementRef): string => `${target}/${entitlement}`;
const isSame = (one: EntitlementRef, other: EntitlementRef): boolean => keyOf(one) === keyOf(other);

/** One order for all plans of the same changes. */
export const byId = (changes: readonly Change[]): Change[] =>
  [...changes].sort((one, other) => (one.id < other.id ? -1 : 1));
