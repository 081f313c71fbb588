import type { Person, PersonState } from '../model/person.ts';
import { addDays, dateIn } from '../model/time.ts';
import { isByHand } from './by-hand.ts';
import { isActive, zoneOf } from './engagements.ts';
import type { Policy } from './schema.ts';

/** What a person should have at one target, and the rules that say so. */
export interface Desired {
  target: string;
  /** `disabled`: made ahead of its time. */
  account: 'enabled' | 'disabled';
  /** `<rule id>: <why>` of every rule that gives an account here. */
  because: string[];
  entitlements: DesiredEntitlement[];
}

export interface DesiredEntitlement {
  id: string;
  because: string[];
  /** The approval (a name in policy.yaml) without which it is not given. Absent: one of its rules asks nobody. */
  approval?: string;
}

const withoutAccess: ReadonlySet<PersonState> = new Set(['Suspended', 'Terminating', 'Terminated', 'Cancelled']);

type Known = Pick<Policy, 'rules' | 'zones'> &
  Partial<Pick<Policy, 'hires' | 'leave' | 'requestable' | 'continuityGap'>>;

/** Policy × person: what this person should have at `now`, sorted by target. The order of the rules makes no difference. */
export function desiredAccess(policy: Known, person: Person, now: string): Desired[] {
  const at = Date.parse(now);
  if (withoutAccess.has(person.state)) return [];
  if (person.state === 'PreHire') return beforeTheStart(policy, person);
  if (!person.engagements.some((engagement) => isActive(policy, person, engagement, at))) return [];

  const desired = new DesiredSet();
  const reducedTo =
    person.state === 'OnLeave' && person.attributes['onLeave'] === 'reduce' ? policy.leave?.reducedTo : undefined;
  for (const rule of policy.rules.filter((each) => each.holds(person))) {
    if (reducedTo !== undefined && !reducedTo.includes(rule.id)) continue;
    for (const access of rule.give) {
      desired.add(access.target, access.entitlements, `${rule.id}: ${rule.why}`, { approval: rule.approval });
    }
  }
  if (reducedTo === undefined) {
    for (const grant of person.grants) {
      if (grant.until !== undefined && Date.parse(grant.until) <= at) continue;
      if (isByHand(policy, grant)) continue;
      desired.add(
        grant.target,
        grant.entitlement === '' ? [] : [grant.entitlement],
        `${grant.origin}: ${grant.because}`,
      );
    }
  }
  return desired.sorted();
}

/** What somebody has who is hired and has not begun; whether its time has come is on their timeline. */
function beforeTheStart(policy: Known, person: Person): Desired[] {
  const desired = new DesiredSet();
  const { preHire = [], ahead = [] } = policy.hires ?? {};
  for (const access of preHire) desired.add(access.target, access.entitlements, 'hires.preHire: before the first day');
  const whenActive = policy.rules.filter((rule) => rule.holds(person)).flatMap((rule) => rule.give);
  for (const target of ahead.filter((each) => whenActive.some((access) => access.target === each))) {
    desired.add(target, [], 'hires.ahead: made before the first day', { account: 'disabled' });
  }
  return desired.sorted();
}

interface Collected {
  account: Desired['account'];
  because: Set<string>;
  entitlements: Map<string, { because: Set<string>; approvals: Set<string | undefined> }>;
}

/** Collects what several rules give. */
class DesiredSet {
  readonly #targets = new Map<string, Collected>();

  add(
    target: string,
    entitlements: readonly string[],
    because: string,
    { account = 'enabled', approval }: { account?: Desired['account']; approval?: string | undefined } = {},
  ): void {
    const known = this.#targets.get(target) ?? { account, because: new Set(), entitlements: new Map() };
    this.#targets.set(target, known);
    if (account === 'enabled') known.account = 'enabled';
    known.because.add(because);
    for (const id of entitlements) {
      const entitlement = known.entitlements.get(id) ?? { because: new Set(), approvals: new Set() };
      known.entitlements.set(id, entitlement);
      entitlement.because.add(because);
      entitlement.approvals.add(approval);
    }
  }

  sorted(): Desired[] {
    return [...this.#targets]
      .map(([target, { account, because, entitlements }]) => ({
        target,
        account,
        because: [...because].sort(),
        entitlements: [...entitlements]
          .map(([id, collected]) => ({
            id,
            because: [...collected.because].sort(),
            ...approvalOf(collected.approvals),
          }))
          .sort((one, other) => (one.id < other.id ? -1 : 1)),
      }))
      .sort((one, other) => (one.target < other.target ? -1 : 1));
  }
}

/** One way to it that asks nobody is enough. */
function approvalOf(approvals: ReadonlySet<string | undefined>): { approval?: string } {
  if (approvals.has(undefined)) return {};
  const [first] = [...approvals].sort();
  return first === undefined ? {} : { approval: first };
}
