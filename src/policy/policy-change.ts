import type { Person } from '../model/person.ts';
import type { AccessPlan, Change } from '../model/plan.ts';
import { type AccessQuestion, planAccess, primaryAccount } from './access-plan.ts';
import { isByHand } from './by-hand.ts';
import type { Policy, PolicyFile } from './schema.ts';
import type { EntitlementRef } from './separation.ts';

/** Everything that a policy's rules, pre-hire access and requests speak of: what it does not speak of is not its to take. */
export function governedBy({
  rules,
  hires,
  requestable,
}: Pick<PolicyFile, 'rules' | 'hires' | 'requestable'>): EntitlementRef[] {
  const lists = [...rules.flatMap(({ give }) => give), ...hires.preHire];
  const given = lists.flatMap(({ target, entitlements }) =>
    entitlements.map((entitlement) => ({ target, entitlement })),
  );
  const asked = requestable.filter(({ order }) => order === undefined);
  const all = [...given, ...asked.map(({ target, entitlement }) => ({ target, entitlement }))];
  return [...new Map(all.map((ref) => [keyOf(ref), ref])).values()].sort((one, other) =>
    keyOf(one) < keyOf(other) ? -1 : 1,
  );
}

/**
 * What a person has by a policy that speaks of it no more. A rule that is gone takes back what it gave: left to the new policy
 * alone it would stay for ever, because that does not know it.
 */
export function forgotten(person: Person, policy: Policy, before: readonly EntitlementRef[]): EntitlementRef[] {
  const now = new Set(governedBy(policy).map(keyOf));
  const kept = new Set(person.grants.map(keyOf));
  return before.filter(
    (ref) =>
      !now.has(keyOf(ref)) &&
      !kept.has(keyOf(ref)) &&
      !isByHand(policy, ref) &&
      primaryAccount(person, ref.target)?.entitlements.includes(ref.entitlement) === true,
  );
}

/** What a changed policy comes to for one person: the plan, and what of it is revoked by name. */
export interface PolicyTouch {
  plan: AccessPlan;
  revoke: EntitlementRef[];
}

/** Plans one person under a policy that has changed, from what the directory knows. Nothing is kept for a while. */
export function planUnder(
  question: Omit<AccessQuestion, 'grace' | 'event' | 'more'> & { before: readonly EntitlementRef[] },
): PolicyTouch {
  const { person, policy, before, targets } = question;
  const revoke = forgotten(person, policy, before);
  const title = (target: string) => targets.find(({ name }) => name === target)?.title ?? target;
  const more = revoke.map(
    ({ target, entitlement }): Change => ({
      ...{ id: `revoke:${target}:${entitlement}`, target, action: 'revoke', entitlement, after: [] },
      ...{
        summary: `take ${entitlement} from ${person.id} in ${title(target)}`,
        because: 'the rule that gave it is gone',
      },
    }),
  );
  return { plan: planAccess({ ...question, event: 'policy', grace: false, more }), revoke };
}

const keyOf = ({ target, entitlement }: EntitlementRef): string => `${target}/${entitlement}`;
