import type { Person } from '../src/model/person.ts';
import type { AccessPlan } from '../src/model/plan.ts';
import type { Policy } from '../src/policy/schema.ts';

/** Placeholder. */
export function separatePlan(_policy: Policy, _person: Person, plan: AccessPlan, _now: string): AccessPlan {
  return plan;
}
