import type { Person, PersonState } from '../model/person.ts';
import { isActive } from './engagements.ts';
import type { Policy } from './schema.ts';

/** What a person should have at one target, and the rules that say so. */
export interface Desired {
  target: string;
  /** `<rule id>: <why>` of every rule that gives an account here. */
  because: string[];
  entitlements: { id: string; because: string[] }[];
}

const withoutAccess: ReadonlySet<PersonState> = new Set([
  'PreHire',
  'Suspended',
  'Terminating',
  'Terminated',
  'Cancelled',
]);

/** Policy × person: what this person should have at `now`, sorted by target. The order of the rules makes no difference. */
export function desiredAccess(policy: Pick<Policy, 'rules' | 'zones'>, person: Person, now: string): Desired[] {
  const at = Date.parse(now);
  if (withoutAccess.has(person.state)) return [];
  if (!person.engagements.some((engagement) => isActive(policy, person, engagement, at))) return [];

  const targets = new Map<string, { because: Set<string>; entitlements: Map<string, Set<string>> }>();
  for (const rule of policy.rules.filter((each) => each.holds(person))) {
    const because = `${rule.id}: ${rule.why}`;
    for (const access of rule.give) {
      const desired = targets.get(access.target) ?? { because: new Set(), entitlements: new Map() };
      targets.set(access.target, desired);
      desired.because.add(because);
      for (const id of access.entitlements) {
        desired.entitlements.set(id, (desired.entitlements.get(id) ?? new Set()).add(because));
      }
    }
  }
  return [...targets]
    .map(([target, desired]) => ({
      target,
      because: [...desired.because].sort(),
      entitlements: [...desired.entitlements]
        .map(([id, because]) => ({ id, because: [...because].sort() }))
        .sort((one, other) => (one.id < other.id ? -1 : 1)),
    }))
    .sort((one, other) => (one.target < other.target ? -1 : 1));
}
