import { finder } from '../src/directory/finder.ts';
import type { Transaction } from '../src/directory/store.ts';
import type { Approval, Delegation } from '../src/model/approval.ts';
import type { Person } from '../src/model/person.ts';
import { addPatience, type BusinessHours } from '../src/policy/business-time.ts';
import { zoneOf } from '../src/policy/engagements.ts';
import type { Policy } from '../src/policy/schema.ts';
import { type FindPerson, resolveWho } from '../src/policy/who.ts';

/** What approvers are looked for with. */
export interface Looking {
  tx: Transaction;
  policy: Policy;
  /** Whom it concerns. */
  person: Person;
  /** Who caused it. */
  requestedBy?: string;
  /** Somebody who is not asked (any more): a leaver. */
  without?: string;
  /** ISO instant. */
  now: string;
}

/** One question to one person or group. */
export interface ApprovalStep {
  by: string;
  within: string;
  remind?: string;
  /** For `owner`: each target has its own. */
  target?: string;
}

/** Who is asked, and until when. */
export interface AskedNow {
  /** Person ids, and `operator:<id>`. */
  approvers: string[];
  fallback: boolean;
  dueAt: string;
  remindAt?: string;
  /** Whom to tell. */
  tell: string[];
}

/** The steps of an approval's rule; `owner` is one step for each of its targets. None where policy has no such rule. */
export function stepsOf(
  policy: Pick<Policy, 'approvals'>,
  data: Pick<Approval['data'], 'rule' | 'items'>,
): ApprovalStep[] {
  const targets = [...new Set(data.items.map(({ target }) => target))].sort();
  const steps = policy.approvals.rules[data.rule]?.steps ?? [];
  return steps.flatMap((step) => (step.by === 'owner' ? targets.map((target) => ({ ...step, target })) : [step]));
}

/** Whom to ask at a step; where nobody is left, the fallback group; and where that is empty too: undefined, which is a no. */
export async function whomToAsk(looking: Looking, step: ApprovalStep | undefined): Promise<AskedNow | undefined> {
  const asked = step === undefined ? undefined : await askedBy(looking, step, false);
  return asked ?? whomToAskLast(looking);
}

/** The fallback group's members who may decide; undefined where there are none. */
export async function whomToAskLast(looking: Looking): Promise<AskedNow | undefined> {
  const { fallback, fallbackWithin } = looking.policy.approvals;
  if (fallback === undefined) return undefined;
  return askedBy(looking, { by: `group:${fallback}`, within: fallbackWithin }, true);
}

/** When the next reminder is due; none where the step is over by then, or policy wants none. */
export async function nextReminder(
  looking: Looking,
  step: ApprovalStep | undefined,
  { approvers, dueAt }: Pick<Approval, 'approvers' | 'dueAt'>,
): Promise<string | undefined> {
  if (step?.remind === undefined) return undefined;
  const people = await Promise.all(approvers.map(finder(looking.tx)));
  const at = latest(
    looking,
    people.filter((each) => each !== undefined),
    step.remind,
  );
  return at < dueAt ? at : undefined;
}

/** What finds people, and who decides for whom. */
export type Finding = Pick<Transaction, 'person' | 'personByAlias' | 'delegations'>;

/** Is this somebody who is asked, or who decides now for somebody who is? By a person's or an operator's id. */
export async function isAsked(tx: Finding, { approvers }: Approval, by: string, now: string): Promise<boolean> {
  if (approvers.some((each) => each === by || each === `operator:${by}`)) return true;
  const inForce = await tx.delegations({ at: now });
  const seen = new Set(approvers);
  // A set is walked to its end, what is added on the way included.
  for (const each of seen) for (const delegate of delegatesOf(inForce, each)) seen.add(delegate);
  return seen.has(by) && (await tx.person(by))?.state === 'Active';
}

/** Is this somebody whom it concerns, who asked for it, or who is leaving, by whatever name? */
export async function isBarred(
  { tx, person, requestedBy, without }: Pick<Looking, 'person' | 'requestedBy' | 'without'> & { tx: Finding },
  id: string,
): Promise<boolean> {
  const find = finder(tx);
  const barred = new Set([person.id]);
  for (const each of [requestedBy, without]) {
    if (each === undefined) continue;
    barred.add(bare(each));
    const known = await find(bare(each));
    if (known !== undefined) barred.add(known.id);
  }
  return barred.has(bare(id)) || barred.has((await find(bare(id)))?.id ?? '');
}

/** Whoever leaves is gone already, as far as asking goes: the chain of managers goes on above them. */
function remaining({ tx, without }: Looking): FindPerson {
  const find = finder(tx);
  return async (id) => {
    const person = await find(id);
    return person !== undefined && person.id === without ? { ...person, state: 'Terminating' } : person;
  };
}

const bare = (id: string): string => id.replace(/^operator:/, '');

async function askedBy(looking: Looking, step: ApprovalStep, fallback: boolean): Promise<AskedNow | undefined> {
  const { policy, now, person, requestedBy } = looking;
  const { people, operators } = await resolveWho(step.by, {
    policy,
    person,
    find: remaining(looking),
    now,
    ...(step.target === undefined ? {} : { target: step.target }),
    ...(requestedBy === undefined ? {} : { requester: requestedBy }),
    ...formerManagerOf(person),
  });
  const asked = await withDelegates(looking, people);
  const ids = [...asked.map(({ id }) => id), ...operators.map((operator) => `operator:${operator}`)];
  const approvers: string[] = [];
  for (const id of ids) if (!approvers.includes(id) && !(await isBarred(looking, id))) approvers.push(id);
  if (approvers.length === 0) return undefined;
  const calendars = asked.filter(({ id }) => approvers.includes(id));
  const dueAt = latest(looking, calendars, step.within);
  const remindAt = step.remind === undefined ? undefined : latest(looking, calendars, step.remind);
  return {
    approvers: approvers.sort(),
    fallback,
    dueAt,
    ...(remindAt === undefined || remindAt >= dueAt ? {} : { remindAt }),
    tell: tellOf(policy, step, approvers),
  };
}

/** A mover's record keeps who was their manager. */
function formerManagerOf({ attributes }: Person): { formerManager?: string } {
  const former = attributes['formerManagerId'];
  return typeof former === 'string' ? { formerManager: former } : {};
}

/** Those who are here, and whoever decides for them now. Somebody who is away may still answer. */
async function withDelegates(looking: Looking, ids: readonly string[]): Promise<Person[]> {
  const inForce = await looking.tx.delegations({ at: looking.now });
  const find = remaining(looking);
  const found: Person[] = [];
  const waiting = [...ids];
  const seen = new Set<string>();
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const person = await find(id);
    if (person?.state === 'Active') found.push(person);
    waiting.push(...delegatesOf(inForce, person?.id ?? id));
  }
  return found;
}

const delegatesOf = (inForce: readonly Delegation[], approver: string): string[] =>
  inForce.filter((each) => each.approver === approver).map(({ delegate }) => delegate);

/** Each by their own calendar; the last of them counts, so that everybody has had their time. A group of operators has the default one. */
function latest({ policy, now }: Looking, people: readonly Person[], patience: string): string {
  const calendars = people.map((person) => ({ hours: hoursOf(policy, person), zone: zoneOf(policy, person).zone }));
  if (calendars.length === 0) calendars.push({ hours: policy.businessHours.default, zone: policy.zones.default });
  const ends = calendars.map(({ hours, zone }) => addPatience(now, patience, hours, zone));
  return ends.sort().at(-1) ?? now;
}

function hoursOf({ businessHours }: Policy, { attributes: { location } }: Person): BusinessHours {
  return (location === undefined ? undefined : businessHours.byLocation[location]) ?? businessHours.default;
}

/** Whom to tell about a step: a group that reads its mail together is told together. */
export function tellOf({ groups, owners }: Policy, step: ApprovalStep | undefined, approvers: string[]): string[] {
  const { by = '', target } = step ?? {};
  const who = by === 'owner' && target !== undefined ? (owners[target] ?? '') : by;
  const name = /^group:(.+)$/.exec(who)?.[1];
  return name !== undefined && groups[name]?.email !== undefined ? [who] : approvers;
}
