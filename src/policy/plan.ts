import type { IdentityEvent } from '../model/event.ts';
import type { Person } from '../model/person.ts';
import type { Change, Plan } from '../model/plan.ts';
import { dateIn } from '../model/time.ts';
import { desiredAccess } from './desired-access.ts';
import { statedDate } from './end-moment.ts';
import { engagementFor, zoneOf } from './engagements.ts';
import { sha256 } from './load.ts';
import { planNotices } from './notices.ts';
import type { Policy } from './schema.ts';

/** A connected target, as a plan needs to know it. */
export interface PlannedTarget {
  name: string;
  title: string;
  /** Names of what it can do: `accounts`, `tickets`, … */
  abilities: readonly string[];
  mode: 'observe' | 'propose' | 'enforce';
}

/** Plans the end of all access of a person who leaves; `at` is the ISO instant from which the end counts. */
export function planEnd(request: {
  person: Person;
  event: IdentityEvent;
  policy: Policy;
  targets: readonly PlannedTarget[];
  at: string;
}): Plan {
  const { person, event, policy, targets } = request;
  const date = effectiveDate(person, event, policy, request.at);
  const notices = planNotices({ person, policy, targets, transition: 'leaver', date });
  const all = [...closes(request), ...notices].sort((one, other) => (one.id < other.id ? -1 : 1));
  // A target that is not connected is no reason to be silent: its change is made, fails, and is seen.
  const modeOf = (change: Change) => targets.find(({ name }) => name === change.target)?.mode ?? 'enforce';
  const plan = {
    person: person.id,
    event: event.key,
    policy: policy.hash,
    changes: all.filter((change) => modeOf(change) === 'enforce'),
    proposed: all.filter((change) => modeOf(change) === 'propose'),
    observed: all.filter((change) => modeOf(change) === 'observe'),
  };
  return { ...plan, hash: sha256(plan) };
}

/** Desired access of somebody who has left, minus what any target may hold: whatever accounts there are, are closed. */
function closes({ person, policy, targets, at }: Parameters<typeof planEnd>[0]): Change[] {
  const desired = new Set(desiredAccess(policy, { ...person, state: 'Terminated' }, at).map(({ target }) => target));
  return targets
    .filter(({ name, abilities }) => abilities.includes('accounts') && !desired.has(name))
    .map(({ name, title }) => ({
      id: `close:${name}`,
      target: name,
      action: 'close',
      summary: `disable ${person.id} in ${title}`,
      because: 'leaver: no engagement is active any more',
      after: [],
    }));
}

/** The date in the person's zone: what the source says, or the day it happens where that is sooner. Midnight ends the day before. */
export function effectiveDate(person: Person, event: IdentityEvent, policy: Policy, at: string): string {
  const engagement = engagementFor(policy, person, event, Date.parse(at));
  const { zone } = zoneOf(policy, person, typeof engagement === 'string' ? undefined : engagement);
  const happens = dateIn(Date.parse(at) - 1, zone);
  // The date of a hire that said when its contract is over is no date of the end.
  const stated = event.type === 'terminated' ? statedDate(event, zone) : undefined;
  return stated !== undefined && stated < happens ? stated : happens;
}
