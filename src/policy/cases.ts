import { z } from 'zod';
import { parseYaml } from '../config.ts';
import { endCategories, type IdentityEvent } from '../model/event.ts';
import { accountKinds, type Person, personStates } from '../model/person.ts';
import type { AccessPlan, Change } from '../model/plan.ts';
import { dateIn, isDate } from '../model/time.ts';
import { type AccessQuestion, planAccess } from './access-plan.ts';
import { desiredAccess } from './desired-access.ts';
import { decideEnd, type EndDecision } from './ends.ts';
import { zoneOf } from './engagements.ts';
import { planNotices, type Transition } from './notices.ts';
import { type PlannedTarget, planEnd } from './plan.ts';
import type { Policy } from './schema.ts';

const instant = z.iso.datetime({ offset: true });
const date = z.string().refine(isDate, { error: 'must be a date such as 2026-02-02' });

const engagement = z.strictObject({
  id: z.string().default('e1'),
  source: z.string().default('workday'),
  workerId: z.string().exactOptional(),
  workerType: z.string().default('employee'),
  startDate: date.default('2020-01-01'),
  endDate: date.exactOptional(),
  location: z.string().exactOptional(),
});

const person = z.strictObject({
  id: z.string().default('GT-1'),
  name: z.string().default('Somebody'),
  state: z.enum(personStates).default('Active'),
  privileged: z.boolean().default(false),
  protection: z.enum(['breakGlass', 'service', 'lastAdministrator']).exactOptional(),
  attributes: z.record(z.string(), z.string()).default({}),
  engagements: z.array(engagement).prefault([{}]),
  accounts: z
    .array(
      z.strictObject({
        target: z.string(),
        kind: z.enum(accountKinds).default('primary'),
        status: z.enum(['enabled', 'disabled', 'absent']).default('enabled'),
        entitlements: z.array(z.string()).default([]),
        managedBy: z.string().exactOptional(),
      }),
    )
    .default([]),
  pendingEnds: z
    .array(
      z.strictObject({
        engagement: z.string().default('e1'),
        dueAt: instant,
        enteredAt: instant.exactOptional(),
        confidential: z.boolean().default(false),
      }),
    )
    .default([]),
});

const event = z.strictObject({
  source: z.string().default('workday'),
  subject: z.string().exactOptional(),
  enteredAt: instant.exactOptional(),
  receivedAt: instant.exactOptional(),
  rescinded: z.boolean().exactOptional(),
  effectiveDate: date.exactOptional(),
  effectiveAt: instant.exactOptional(),
  lastDayOfWork: date.exactOptional(),
  category: z.enum(endCategories).exactOptional(),
  immediate: z.boolean().exactOptional(),
});

/** Somebody is hired: what is said of them is in the person. */
const hired = z.strictObject({ startDate: date.exactOptional() });

/** What is said of somebody from now on. */
const moved = z.strictObject({ privileged: z.boolean().exactOptional() }).catchall(z.string());

const onLeave = z.strictObject({ type: z.string().exactOptional() });

/** An id of `requestable`, agreed to where that needs somebody to. */
const granted = z.strictObject({ privilege: z.string(), until: instant.exactOptional() });

const casesSchema = z.strictObject({
  targets: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      abilities: z.array(z.string()),
      mode: z.enum(['observe', 'propose', 'enforce']).default('enforce'),
    }),
  ),
  cases: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        now: instant,
        person: person.prefault({}),
        /** A termination; absent: what they have now is asked, and nothing else. */
        terminated: event.exactOptional(),
        hired: hired.exactOptional(),
        moved: moved.exactOptional(),
        onLeave: onLeave.exactOptional(),
        granted: granted.exactOptional(),
        expect: z.record(z.string(), z.unknown()),
      }),
    )
    .min(1),
});

type Case = z.infer<typeof casesSchema>['cases'][number];

/** What one case gives under a policy: the access that is due then, and what a termination or the plan would do. */
export interface CaseOutcome {
  access: Record<string, string[]>;
  end?: EndDecision;
  /** The plan's changes in words; what is only proposed or observed says so. */
  plan?: string[];
  /** Who must agree to what, by the name of the approval. */
  asks?: Record<string, string[]>;
  /** Old access that stays for a while: `salesforce 0PSk31o0zSlIDCWcI3`. */
  keeps?: string[];
  /** What separation of duties stops, and why. */
  stopped?: string[];
}

/** One case, what was expected of it, and what it gives now. */
export interface CaseResult {
  name: string;
  expected: Record<string, unknown>;
  actual: CaseOutcome;
}

/** Runs every case of policy.cases.yaml (`text`; `file` is what faults call it) under a policy. */
export function runCases(policy: Policy, text: string, file: string): CaseResult[] {
  const { targets, cases } = parseYaml(text, file, casesSchema);
  return cases.map((each) => ({ name: each.name, expected: each.expect, actual: outcomeOf(policy, targets, each) }));
}

function outcomeOf(policy: Policy, targets: PlannedTarget[], each: Case): CaseOutcome {
  const who = personOf(each);
  const question = questionOf(policy, targets, each, who);
  const access = Object.fromEntries(
    desiredAccess(policy, question?.person ?? who, each.now).map(({ target, entitlements }) => [
      target,
      entitlements.map(({ id }) => id),
    ]),
  );
  if (question !== undefined) return { access, ...planned(planAccess(question)) };
  if (each.terminated === undefined) return { access };
  const what = eventOf(each, each.terminated, who);
  const end = decideEnd({ person: who, event: what, policy, now: Date.parse(each.now) });
  if (end.decision === 'ignore' || end.decision === 'hold') return { access, end };
  if (!end.endsAccess) return { access, end, plan: [] };
  const at = end.decision === 'now' ? end.effective : end.at;
  const { changes, proposed, observed } = planEnd({ person: who, event: what, policy, targets, at });
  return { access, end, plan: wordsOf({ changes, proposed, observed }) };
}

const wordsOf = ({ changes, proposed, observed }: Pick<AccessPlan, 'changes' | 'proposed' | 'observed'>): string[] => [
  ...changes.map(inWords),
  ...proposed.map((change) => `propose to ${inWords(change)}`),
  ...observed.map((change) => `would ${inWords(change)}`),
];

function planned({ asks, kept, stopped, ...plan }: AccessPlan): Omit<CaseOutcome, 'access'> {
  return {
    plan: wordsOf(plan),
    ...(asks.length === 0 ? {} : { asks: Object.fromEntries(asks.map(({ rule, summary }) => [rule, summary])) }),
    ...(kept.length === 0 ? {} : { keeps: kept.map(({ target, entitlement }) => `${target} ${entitlement}`.trim()) }),
    ...(stopped.length === 0 ? {} : { stopped: stopped.map(({ reason }) => reason) }),
  };
}

/** What a hire, a move, a leave or a privilege asks of the plan; undefined where the case has none of them. */
function questionOf(
  policy: Policy,
  targets: PlannedTarget[],
  { now: at, ...each }: Case,
  who: Person,
): AccessQuestion | undefined {
  const asked = { person: who, policy, targets, event: 'workday:case', at, grace: false };
  const today = dateIn(Date.parse(at), zoneOf(policy, who).zone);
  const notices = (person: Person, transition: Transition, date = today) =>
    planNotices({ person, policy, targets, transition, date });
  if (each.hired !== undefined) {
    const { startDate = today } = each.hired;
    const isAhead = startDate > today;
    const person = { ...who, state: isAhead ? ('PreHire' as const) : ('Active' as const) };
    return { ...asked, person, attributes: true, more: notices(person, isAhead ? 'hired' : 'started', startDate) };
  }
  if (each.moved !== undefined) {
    const { privileged = who.privileged, ...said } = each.moved;
    const former = said['managerId'] === undefined ? undefined : who.attributes.managerId;
    const attributes = { ...who.attributes, ...said, ...(former === undefined ? {} : { formerManagerId: former }) };
    const person = { ...who, privileged, attributes };
    return { ...asked, person, grace: true, attributes: true, more: notices(person, 'moved') };
  }
  if (each.onLeave !== undefined) {
    const { type } = each.onLeave;
    const access = (type === undefined ? undefined : policy.leave.byType[type]) ?? policy.leave.default;
    return { ...asked, person: { ...who, state: 'OnLeave', attributes: { ...who.attributes, onLeave: access } } };
  }
  if (each.granted === undefined) return undefined;
  const { privilege, until } = each.granted;
  const wanted = policy.requestable.find(({ id }) => id === privilege);
  if (wanted === undefined) return asked;
  const { target, entitlement, privileged, why: because } = wanted;
  const grant = { target, entitlement, privileged, because, origin: 'requested' as const, event: asked.event, at };
  return { ...asked, person: { ...who, grants: [{ ...grant, ...(until === undefined ? {} : { until }) }] } };
}

function inWords({ summary, content, after }: Change): string {
  if (content !== undefined) return `${summary}: ${content.title}`;
  return after.length === 0 ? summary : `${summary}, after ${after.join(', ')}`;
}

function personOf({ person: given }: Case): Person {
  const { protection, accounts, pendingEnds, ...rest } = given;
  return {
    ...rest,
    epoch: 0,
    ...(protection === undefined ? {} : { protection }),
    identifiers: [],
    grants: [],
    facts: {},
    legalHolds: [],
    engagements: given.engagements.map((each, index) => ({ workerId: given.id, ...each, primary: index === 0 })),
    accounts: accounts.map((each, index) => ({
      ...each,
      id: String(index),
      name: String(index),
      owner: given.id,
      origin: 'adopted',
    })),
    pending: pendingEnds.map(({ engagement: of, dueAt, enteredAt, confidential }, index) => ({
      id: `pending-${index + 1}`,
      kind: 'end',
      dueAt,
      event: `workday:pending-${index + 1}`,
      confidential,
      data: { engagement: of, source: 'workday', ...(enteredAt === undefined ? {} : { enteredAt }) },
    })),
  };
}

function eventOf({ now }: Case, given: z.infer<typeof event>, { id }: Person): IdentityEvent {
  const { source, subject = id, enteredAt, receivedAt = now, rescinded, ...data } = given;
  return {
    key: `${source}:case`,
    source,
    id: 'case',
    type: 'terminated',
    subject,
    receivedAt,
    ...(enteredAt === undefined ? {} : { enteredAt }),
    ...(rescinded === undefined ? {} : { rescinded }),
    data,
    payloadHash: '',
  };
}
