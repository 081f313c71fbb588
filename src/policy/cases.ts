import { z } from 'zod';
import { parseYaml } from '../config.ts';
import { endCategories, type IdentityEvent } from '../model/event.ts';
import { accountKinds, type Person, personStates } from '../model/person.ts';
import type { Change } from '../model/plan.ts';
import { isDate } from '../model/time.ts';
import { desiredAccess } from './desired-access.ts';
import { decideEnd, type EndDecision } from './ends.ts';
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
        expect: z.record(z.string(), z.unknown()),
      }),
    )
    .min(1),
});

type Case = z.infer<typeof casesSchema>['cases'][number];

/** What one case gives under a policy: the access they have, and what a termination would do. */
export interface CaseOutcome {
  access: Record<string, string[]>;
  end?: EndDecision;
  /** The plan's changes in words; what is only proposed or observed says so. */
  plan?: string[];
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
  const access = Object.fromEntries(
    desiredAccess(policy, who, each.now).map(({ target, entitlements }) => [target, entitlements.map(({ id }) => id)]),
  );
  if (each.terminated === undefined) return { access };
  const what = eventOf(each, each.terminated, who);
  const end = decideEnd({ person: who, event: what, policy, now: Date.parse(each.now) });
  if (end.decision === 'ignore' || end.decision === 'hold') return { access, end };
  if (!end.endsAccess) return { access, end, plan: [] };
  const at = end.decision === 'now' ? end.effective : end.at;
  const { changes, proposed, observed } = planEnd({ person: who, event: what, policy, targets, at });
  const plan = [
    ...changes.map(inWords),
    ...proposed.map((change) => `propose to ${inWords(change)}`),
    ...observed.map((change) => `would ${inWords(change)}`),
  ];
  return { access, end, plan };
}

const inWords = (change: Change): string =>
  change.content === undefined ? change.summary : `${change.summary}: ${change.content.title}`;

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
      entitlements: [],
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
