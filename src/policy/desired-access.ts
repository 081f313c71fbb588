import type { Person, PersonState } from '../model/person.ts';
import { addDays, dateIn } from '../model/time.ts';
import { isByHand } from './by-hand.ts';
import { isActive, wasCalledOff, zoneOf } from './engagements.ts';
import type { Policy } from './schema.ts';
import { preHirePrefix } from './start-rows.ts';

/** What a person should have at one target, and the rules that say so. */
export interface Desired {
  target: string;
  /** `disabled`: made ahead of its time. */
  account: 'enabled' | 'disabled';
  /** `<rule id>: <why>` of every rule that gives an account here. */
  because: string[];
  entitlements: DesiredEntitlement[];
  /** Due for a while alone: what is there stays, and nothing is made or opened for it. */
  kept?: true;
}

export interface DesiredEntitlement {
  id: string;
  because: string[];
  /** The approval (a name in policy.yaml) without which it is not given. Absent: one of its rules asks nobody. */
  approval?: string;
  /** Old access that stays for a while: never given anew. */
  kept?: true;
}

const withoutAccess: ReadonlySet<PersonState> = new Set(['Suspended', 'Terminating', 'Terminated', 'Cancelled']);

type Known = Pick<Policy, 'rules' | 'zones'> &
  Partial<Pick<Policy, 'hires' | 'leave' | 'requestable' | 'continuityGap'>>;

/** Policy × person: what this person should have at `now`, sorted by target. The order of the rules makes no difference. */
export function desiredAccess(policy: Known, person: Person, now: string): Desired[] {
  const at = Date.parse(now);
  if (withoutAccess.has(person.state)) return [];
  if (person.state === 'PreHire') return beforeTheStart(policy, person, at);
  const active = person.engagements.some((engagement) => isActive(policy, person, engagement, at));
  if (!active && !isBetween(policy, person, at)) return [];

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
        { keeps: grant.origin === 'grace' },
      );
    }
  }
  return desired.sorted();
}

/** One employment is over and the next begins within policy's gap: one passage, and nothing goes in between. */
function isBetween(policy: Known, person: Person, at: number): boolean {
  const { continuityGap = 0 } = policy;
  return person.engagements.some((next) => {
    const today = dateIn(at, zoneOf(policy, person, next).zone);
    return (
      !wasCalledOff(next) &&
      next.startDate > today &&
      next.startDate <= addDays(today, continuityGap) &&
      person.engagements.some(
        ({ startDate, endDate }) => startDate <= today && endDate !== undefined && endDate < next.startDate,
      )
    );
  });
}

/** What somebody has who is hired and has not begun; nothing where it is still on their timeline. */
function beforeTheStart(policy: Known, person: Person, at: number): Desired[] {
  const waits = person.pending.some(({ id, dueAt }) => id.startsWith(preHirePrefix) && Date.parse(dueAt) > at);
  if (waits) return [];
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
  kept: boolean;
  entitlements: Map<string, { because: Set<string>; approvals: Set<string | undefined>; kept: boolean }>;
}

/** Collects what several rules give. */
class DesiredSet {
  readonly #targets = new Map<string, Collected>();

  add(
    target: string,
    entitlements: readonly string[],
    because: string,
    {
      account = 'enabled',
      approval,
      keeps = false,
    }: { account?: Desired['account']; approval?: string | undefined; keeps?: boolean } = {},
  ): void {
    const known = this.#targets.get(target) ?? { account, because: new Set(), kept: true, entitlements: new Map() };
    this.#targets.set(target, known);
    if (account === 'enabled') known.account = 'enabled';
    known.kept &&= keeps;
    known.because.add(because);
    for (const id of entitlements) {
      const entitlement = known.entitlements.get(id) ?? { because: new Set(), approvals: new Set(), kept: true };
      known.entitlements.set(id, entitlement);
      entitlement.because.add(because);
      entitlement.kept &&= keeps;
      // Having had it is no leave to be given it again.
      if (!keeps) entitlement.approvals.add(approval);
    }
  }

  sorted(): Desired[] {
    return [...this.#targets]
      .map(([target, { account, because, kept, entitlements }]) => ({
        target,
        account,
        because: [...because].sort(),
        entitlements: [...entitlements]
          .map(([id, collected]) => ({
            id,
            because: [...collected.because].sort(),
            ...approvalOf(collected.approvals),
            ...keptOf(collected.kept),
          }))
          .sort((one, other) => (one.id < other.id ? -1 : 1)),
        ...keptOf(kept),
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

const keptOf = (kept: boolean): { kept?: true } => (kept ? { kept } : {});
