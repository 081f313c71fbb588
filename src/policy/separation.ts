import type { Grant } from '../model/grant.ts';
import type { PolicyFile } from './schema.ts';

/** One entitlement at one target. */
export interface EntitlementRef {
  target: string;
  entitlement: string;
}

/** Two things that policy lets nobody have together. */
export interface Violation {
  /** The id in `separationOfDuties`. */
  rule: string;
  why: string;
  one: EntitlementRef;
  other: EntitlementRef;
}

/** What somebody holds now; `account` where more than one of their accounts may hold it: their admin account's counts as theirs. */
export interface Held extends EntitlementRef {
  account?: string;
}

/** A plan, as far as separation of duties looks at it. */
export interface Separating {
  /** Live: every account of the person, admin accounts included. */
  held: readonly Held[];
  grants: readonly EntitlementRef[];
  /** What goes now; without `account` from all of them. */
  revokes: readonly Held[];
  /** What is held, and stays for a while; without `account` at all of them. */
  grace: readonly Held[];
  /** Grants of the person; those of origin `exception` that are not over allow what they name beside anything. */
  exceptions: readonly Grant[];
  /** ISO instant. */
  now: string;
}

export interface Separated {
  /** Grants that may not be made, each with everything that it would be in conflict with. */
  stopped: { entitlement: EntitlementRef; reason: string; violations: Violation[] }[];
  /**
   * Old access that must be gone, and read back, before the new is given: in grace no longer, or on its way out. Where `new`
   * is held already, the old may not stay beside it for a while, and goes now.
   */
  revokeFirst: { old: EntitlementRef; new: EntitlementRef }[];
}

type Rules = Pick<PolicyFile, 'separationOfDuties'>;

/** Every pair that one person may not have and does, sorted; the order of what is held makes no difference. */
export function violations(policy: Rules, held: readonly EntitlementRef[]): Violation[] {
  const keys = new Set(held.map(keyOf));
  const found = policy.separationOfDuties.flatMap(({ id, why, one, other }) =>
    heldOf(one, keys).flatMap((left) =>
      heldOf(other, keys)
        .filter((right) => keyOf(right) !== keyOf(left))
        .map((right) => ({ rule: id, why, one: left, other: right })),
    ),
  );
  return found.sort(byText);
}

/**
 * What of a plan may not be, so that at no moment anybody has both of what policy keeps apart: not while changes are made,
 * side by side and in any order, and not while old access is in grace: that has none beside what stays, however long both
 * were held. What was so before otherwise is no plan's fault and is left.
 */
export function separate(policy: Rules, plan: Separating): Separated {
  const wanted = new Map(plan.grants.map((each) => [keyOf(each), refOf(each)]));
  const leaving = leavingOf(plan, wanted);
  const held = new Map(plan.held.map((each) => [keyOf(each), refOf(each)]));
  const staying = [...held].filter(([key]) => !leaving.has(key)).map(([, ref]) => ref);
  const excepted = new Set(exceptionsOf(plan));
  const conflicts = (ref: EntitlementRef, others: readonly EntitlementRef[]) =>
    conflictsOf(policy, ref, others, excepted);

  const stopped = new Map<string, Violation[]>();
  const fresh = [...wanted].filter(([key]) => !held.has(key));
  for (const [key, ref] of fresh) {
    const found = conflicts(ref, staying);
    if (found.length > 0) stopped.set(key, found);
  }
  // Of two new ones neither is the right one to drop: somebody must say which.
  const left = fresh.filter(([key]) => !stopped.has(key));
  for (const [key, ref] of left) {
    const found = conflicts(
      ref,
      left.map(([, other]) => other),
    );
    if (found.length > 0) stopped.set(key, found);
  }
  const given = left.filter(([key]) => !stopped.has(key));
  const beforeNew = given.flatMap(([, ref]) =>
    [...leaving.values()].filter((old) => conflicts(ref, [old]).length > 0).map((old) => ({ old, new: ref })),
  );
  const inGrace = new Set(plan.grace.map(keyOf));
  const besideHeld = [...leaving]
    .filter(([key]) => inGrace.has(key))
    .flatMap(([, old]) =>
      staying.filter((other) => conflicts(old, [other]).length > 0).map((other) => ({ old, new: other })),
    );
  return {
    stopped: fresh
      .flatMap(([key, entitlement]) => {
        const found = stopped.get(key);
        return found === undefined ? [] : [{ entitlement, reason: reasonOf(entitlement, found), violations: found }];
      })
      .sort(byText),
    revokeFirst: [...beforeNew, ...besideHeld].sort(byText),
  };
}

/** What is held and goes, by this plan or after its grace, and is not wanted again. It goes only where every account of theirs loses it. */
function leavingOf(plan: Separating, wanted: ReadonlyMap<string, EntitlementRef>): Map<string, EntitlementRef> {
  const going = [...plan.revokes, ...plan.grace];
  const isGoing = (each: Held) =>
    going.some((one) => keyOf(one) === keyOf(each) && (one.account === undefined || one.account === each.account));
  const leaving = new Map<string, EntitlementRef>();
  for (const each of plan.held) {
    const key = keyOf(each);
    const holders = plan.held.filter((other) => keyOf(other) === key);
    if (!wanted.has(key) && holders.every(isGoing)) leaving.set(key, refOf(each));
  }
  return leaving;
}

/** Pairs of which `ref` is one; what has an exception is in conflict with nothing. */
function conflictsOf(
  policy: Rules,
  ref: EntitlementRef,
  others: readonly EntitlementRef[],
  excepted: ReadonlySet<string>,
): Violation[] {
  if (excepted.has(keyOf(ref))) return [];
  const key = keyOf(ref);
  const rest = others.filter((other) => keyOf(other) !== key && !excepted.has(keyOf(other)));
  return violations(policy, [ref, ...rest]).filter(({ one, other }) => keyOf(one) === key || keyOf(other) === key);
}

function exceptionsOf({ exceptions, now }: Separating): string[] {
  return exceptions
    .filter(({ origin, until }) => origin === 'exception' && until !== undefined && Date.parse(until) > Date.parse(now))
    .map(keyOf);
}

function reasonOf(ref: EntitlementRef, found: readonly Violation[]): string {
  const pairs = found.map(({ rule, why, one, other }) => {
    const against = keyOf(one) === keyOf(ref) ? other : one;
    return `${rule} (${why}): not together with ${against.entitlement} in ${against.target}`;
  });
  return `separation of duties stops ${ref.entitlement} in ${ref.target}; ${[...new Set(pairs)].join('; ')}`;
}

const keyOf = ({ target, entitlement }: EntitlementRef): string => JSON.stringify([target, entitlement]);
const refOf = ({ target, entitlement }: EntitlementRef): EntitlementRef => ({ target, entitlement });

/** The entitlements of a side that are held, each once. */
function heldOf(side: readonly EntitlementRef[], keys: ReadonlySet<string>): EntitlementRef[] {
  return [...new Map(side.map((each) => [keyOf(each), refOf(each)]))].flatMap(([key, ref]) =>
    keys.has(key) ? [ref] : [],
  );
}

/** One order for all, whatever the order of what came in. */
const byText = (one: unknown, other: unknown): number => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);
