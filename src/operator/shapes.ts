import { z } from 'zod';
import { endCategories, eventOutcomes, eventTypes } from '../model/event.ts';
import { exceptionKinds } from '../model/exception.ts';
import { accountKinds, pendingKinds, personStates } from '../model/person.ts';

const moment = z.iso.datetime();
const date = z.iso.date();
const optional = <T extends z.ZodType>(schema: T) => schema.exactOptional();

const identifier = z.strictObject({
  source: z.string(),
  type: z.enum(['workerId', 'wid', 'email', 'employeeNumber', 'id']),
  value: z.string(),
});

const engagement = z.strictObject({
  id: z.string(),
  source: z.string(),
  workerId: z.string(),
  wid: optional(z.string()),
  workerType: z.string(),
  startDate: date,
  endDate: optional(date),
  lastDayOfWork: optional(date),
  managerId: optional(z.string()),
  location: optional(z.string()),
  primary: z.boolean(),
});

const account = z.strictObject({
  target: z.string(),
  id: z.string(),
  name: z.string(),
  kind: z.enum(accountKinds),
  owner: z.string(),
  origin: z.enum(['created', 'adopted', 'found']),
  status: z.enum(['enabled', 'disabled', 'absent']),
  managedBy: optional(z.string()),
  entitlements: z.array(z.string()),
  seenAt: optional(moment),
});

const pendingChange = z.strictObject({
  id: z.string(),
  kind: z.enum(pendingKinds),
  dueAt: moment,
  date: optional(date),
  zone: optional(z.string()),
  event: z.string(),
  confidential: z.boolean(),
  data: z.record(z.string(), z.unknown()),
});

/** A person, as the list shows them. */
export const personShape = z.strictObject({
  id: z.string(),
  name: z.string(),
  state: z.enum(personStates),
  epoch: z.int(),
  privileged: z.boolean(),
  protection: optional(z.enum(['breakGlass', 'service', 'lastAdministrator'])),
  attributes: z.record(z.string(), z.unknown()),
  identifiers: z.array(identifier),
  engagements: z.array(engagement),
  accounts: z.array(account),
  pending: z.array(pendingChange),
  /** Access beside what the policy's rules give. */
  grants: z.array(
    z.strictObject({
      target: z.string(),
      entitlement: z.string(),
      origin: z.enum(['requested', 'adopted', 'grace', 'exception']),
      until: optional(moment),
      event: z.string(),
      because: z.string(),
      privileged: z.boolean(),
      approval: optional(z.string()),
      at: moment,
    }),
  ),
  /** For security and administrators alone. */
  legalHolds: optional(
    z.array(
      z.strictObject({
        id: z.string(),
        case: z.string(),
        by: z.string(),
        at: moment,
        liftAskedBy: optional(z.string()),
      }),
    ),
  ),
});

/** Something a person must see to. */
export const exceptionShape = z.strictObject({
  id: z.string(),
  kind: z.enum(exceptionKinds),
  person: optional(z.string()),
  event: optional(z.string()),
  target: optional(z.string()),
  workflowId: z.string(),
  reason: z.string(),
  /** What the reason lists, by ids. */
  about: optional(z.array(z.string())),
  owner: z.string(),
  openedAt: moment,
  dueAt: moment,
  alertedAt: optional(moment),
  alert: optional(z.string()),
  resolvedAt: optional(moment),
  resolution: optional(z.strictObject({ action: z.string(), by: z.string(), reason: z.string() })),
  alertClosedAt: optional(moment),
  /** Who sees to it. */
  takenBy: optional(z.string()),
  takenAt: optional(moment),
  /** Until when a step is skipped, or is to be once somebody else wants what `skipAskedBy` wants. */
  until: optional(moment),
  skipAskedBy: optional(z.string()),
});

/** How a target is, and who waits for it. */
export const targetShape = z.strictObject({
  name: z.string(),
  kind: z.string(),
  mode: z.enum(['observe', 'propose', 'enforce']),
  health: z.enum(['good', 'failing', 'resting', 'unknown']),
  failures: z.int(),
  failingSince: optional(moment),
  code: optional(z.string()),
  message: optional(z.string()),
  restUntil: optional(moment),
  lastGoodAt: optional(moment),
  concurrency: z.int(),
  ratePerSecond: optional(z.number()),
  queue: optional(
    z.strictObject({
      name: z.string(),
      backlog: z.int(),
      oldestSeconds: z.int(),
      perSecond: z.number(),
      polledAt: optional(moment),
    }),
  ),
  waiting: z.array(z.string()),
  more: z.boolean(),
});

/** What the workflow that an exception belongs to said, and the exception as it is after that. */
export const resolvedShape = z.strictObject({ said: z.string(), exception: exceptionShape });

/** A person by themselves: with their open exceptions. */
export const personDetailShape = personShape.extend({ exceptions: z.array(exceptionShape) });

/** An event, as the list shows it: without what it says of anybody. */
export const eventShape = z.strictObject({
  key: z.string(),
  id: z.string(),
  source: z.string(),
  type: z.enum(eventTypes),
  subject: z.string(),
  person: optional(z.string()),
  outcome: optional(z.enum(eventOutcomes)),
  reason: optional(z.string()),
  enteredAt: optional(moment),
  receivedAt: moment,
  effectiveDate: optional(date),
  effectiveAt: optional(moment),
  settledAt: optional(moment),
  workflowId: z.string(),
});

const evidence = z.strictObject({
  seq: z.int(),
  position: optional(z.int()),
  hash: optional(z.string()),
  kind: z.string(),
  step: z.string(),
  workflowId: z.string(),
  person: optional(z.string()),
  event: optional(z.string()),
  target: optional(z.string()),
  at: moment,
  recordedAt: moment,
  data: z.record(z.string(), z.unknown()),
});

/** An event by itself: what it says, and the evidence of what became of it. */
export const eventDetailShape = eventShape.extend({
  sequence: optional(z.string()),
  correction: optional(z.boolean()),
  rescinded: optional(z.boolean()),
  by: optional(z.string()),
  payloadHash: z.string(),
  /** `reason` is there for security, auditors and administrators alone. */
  data: z.looseObject({ category: optional(z.enum(endCategories)) }),
  evidence: z.array(evidence),
});

/** What an import did. */
export const importShape = z.strictObject({
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  conflicts: z.array(z.strictObject({ workerId: z.string(), problem: z.string() })),
});

/** A page of a list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), next: optional(z.string()) });

/** RFC 9457 problem details. */
export const problemShape = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: optional(z.string()),
  errors: optional(z.array(z.strictObject({ path: z.string(), problem: z.string() }))),
});
