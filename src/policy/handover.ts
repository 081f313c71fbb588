import { type PendingChange, type Person, personalKinds } from '../model/person.ts';
import { dateIn } from '../model/time.ts';
import { remaining, zoneOf } from './engagements.ts';
import type { Policy } from './schema.ts';

/**
 * What somebody owns who leaves, and only people can hand over. Each kind is one exception.
 * - `reports`: people who have no other manager yet.
 * - `accounts`: shared, service and break-glass accounts, `target/id`.
 * - `targets`: those that policy.yaml names them the owner of.
 * - `groups`: groups of policy.yaml with nobody else in them.
 * - `delegations`: approvers for whom they decide, and nobody else up the chain can.
 * - `cases`: legal holds that they placed, by id; for security and administrators alone.
 */
export const handoverKinds = ['reports', 'accounts', 'targets', 'groups', 'delegations', 'cases'] as const;
export type HandoverKind = (typeof handoverKinds)[number];

/** Ids of what must be handed over, kind by kind and sorted; a kind may be empty. */
export type Belongings = Record<HandoverKind, string[]>;

/** One of their people, with what is known of who comes next. */
export interface Report {
  person: Person;
  /** Dated changes of their manager: to whom, and when (ISO instant). */
  nextManagers: { managerId: string; at: string }[];
}

type WhenPolicy = Pick<Policy, 'zones' | 'continuityGap'>;

/** Everything that `belongingsOf` looks at. */
export interface Looked {
  person: Person;
  policy: WhenPolicy & Pick<Policy, 'groups' | 'owners'>;
  reports: Report[];
  /** Names of those in policy's groups who work here. */
  here: ReadonlySet<string>;
  /** Approvers for whom nobody else can decide. */
  delegations: string[];
  /** Ids of legal holds that they placed. */
  cases: string[];
  /** When they leave, an ISO instant. */
  at: string;
}

/** Every name by which records and policy.yaml may call a person. */
export function callsOf({ id, identifiers, engagements, attributes: { email } }: Person): Set<string> {
  const names = [
    id,
    ...identifiers.map(({ value }) => value),
    ...engagements.flatMap(({ workerId, wid = '' }) => [workerId, wid]),
    email ?? '',
  ];
  return new Set(names.filter((name) => name !== ''));
}

/** What has to be handed over by people when somebody leaves. What hands itself over is not among it. */
export function belongingsOf({ person, policy, reports, here, delegations, cases, at }: Looked): Belongings {
  const calls = callsOf(person);
  const leftIn = ({ people, operators }: Policy['groups'][string]) =>
    [...people.filter((name) => here.has(name)), ...operators].filter((name) => !calls.has(name));
  return {
    reports: reports
      .filter((report) => staysWith(policy, report, calls, at))
      .map((report) => report.person.id)
      .sort(),
    accounts: person.accounts
      .filter(({ kind, status }) => !personalKinds.has(kind) && status !== 'absent')
      .map(({ target, id }) => `${target}/${id}`)
      .sort(),
    targets: Object.keys(policy.owners)
      .filter((target) => calls.has(policy.owners[target] ?? ''))
      .sort(),
    groups: Object.entries(policy.groups)
      .filter(([, group]) => [...group.people, ...group.operators].some((name) => calls.has(name)))
      .filter(([, group]) => leftIn(group).length === 0)
      .map(([name]) => name)
      .sort(),
    delegations: [...delegations].sort(),
    cases: [...cases].sort(),
  };
}

/** Will they still have nobody else to report to at that moment? Whoever is gone by then needs nobody. */
function staysWith(
  policy: WhenPolicy,
  { person, nextManagers }: Report,
  calls: ReadonlySet<string>,
  at: string,
): boolean {
  const by = Date.parse(at);
  if (person.state === 'Terminating' || person.state === 'Terminated' || person.state === 'Cancelled') return false;
  // An end that must not show is not told of by leaving somebody out.
  const seen = { ...person, pending: person.pending.filter(({ confidential }) => !confidential) };
  const isGone = seen.pending.some((change) => Date.parse(change.dueAt) <= by && endsAccess(policy, seen, change));
  const next = nextManagers
    .filter((change) => Date.parse(change.at) <= by)
    .sort((one, other) => one.at.localeCompare(other.at))
    .at(-1)?.managerId;
  return !isGone && (next === undefined || next === '' || calls.has(next));
}

function endsAccess(policy: WhenPolicy, person: Person, { kind, dueAt, data }: PendingChange): boolean {
  if (kind !== 'end') return false;
  const engagement = typeof data['engagement'] === 'string' ? data['engagement'] : undefined;
  return remaining(policy, person, engagement, Date.parse(dueAt), 'bridged') === undefined;
}

/**
 * The end that what they own is looked at for: the next that ends their access, by what shows at this moment. Undefined: there
 * is none, or it is that of a contract and its first reminder is still to come.
 */
export function endToLookAt(
  policy: WhenPolicy & Pick<Policy, 'contractEnds'>,
  person: Person,
  now: number,
): PendingChange | undefined {
  const shown = {
    ...person,
    pending: person.pending.filter(({ confidential, dueAt }) => !confidential || Date.parse(dueAt) <= now),
  };
  const [end] = shown.pending
    .filter((change) => endsAccess(policy, shown, change))
    .sort((one, other) => one.dueAt.localeCompare(other.dueAt));
  if (end?.data['contract'] !== true) return end;
  return Date.parse(end.dueAt) > now + aheadOfContracts(policy) ? undefined : end;
}

const day = 86_400_000;

/** A contract's end is known for years: it is looked at from the first reminder on, and where there are none at once. */
function aheadOfContracts({ contractEnds: { reminders, tell } }: Pick<Policy, 'contractEnds'>): number {
  // Reminders come at the beginning of a day and contracts end at the end of one.
  return reminders.length === 0 || tell.length === 0 ? Number.POSITIVE_INFINITY : (Math.max(...reminders) + 1) * day;
}

/** The step of a person's exception about one kind of belongings. */
export const handoverStep = (kind: HandoverKind | ''): string => `owns/${kind}`;

/** What is to be done about one kind of belongings, for people. `next`: who is asked in their place until it is done. */
export function handoverReason(
  kind: HandoverKind,
  ids: readonly string[],
  { person, policy, end, next }: { person: Person; policy: WhenPolicy; end: PendingChange; next: string },
): string {
  const date = end.date ?? dateIn(Date.parse(end.dueAt), zoneOf(policy, person).zone);
  return `${person.id} leaves on ${date} and ${toDo[kind](ids.join(', '), next)}`;
}

const toDo: Readonly<Record<HandoverKind, (list: string, next: string) => string>> = {
  reports: (list, next) =>
    `is the manager of ${list}. Have HR enter who is next; until they have, ${next} decides and is told in their place.`,
  accounts: (list) =>
    `owns accounts that are not theirs alone and are not disabled with them: ${list}. Give each a new owner, and new secrets when they are gone.`,
  targets: (list, next) =>
    `is the owner of ${list} in policy.yaml (owners). Name another one there; until then ${next} is asked in their place.`,
  groups: (list) =>
    `is the last one who works here of ${list} in policy.yaml (groups). Name others there, or nobody is left to ask.`,
  delegations: (list) =>
    `decides in the place of ${list}, which nobody else up the chain can. Have them name another: muster delegate.`,
  cases: (list) => `placed legal holds that are in force: ${list}. They stay; say who looks after them.`,
};
