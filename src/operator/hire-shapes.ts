import { z } from 'zod';
import { accountKinds, pendingKinds, personStates } from '../model/person.ts';

const moment = z.iso.datetime();
const date = z.iso.date();
const optional = <T extends z.ZodType>(schema: T) => schema.exactOptional();

const due = z.strictObject({
  id: z.string(),
  kind: z.enum(pendingKinds),
  dueAt: moment,
  date: optional(date),
  zone: optional(z.string()),
  event: z.string(),
  confidential: z.boolean(),
  what: z.string(),
});

const happened = z.strictObject({
  at: moment,
  recordedAt: moment,
  kind: z.string(),
  what: z.string(),
  event: optional(z.string()),
  target: optional(z.string()),
});

/** Somebody whose start is to come. */
export const hireShape = z.strictObject({
  person: z.string(),
  name: z.string(),
  state: z.enum(personStates),
  workerId: optional(z.string()),
  workerType: optional(z.string()),
  location: optional(z.string()),
  managerId: optional(z.string()),
  startDate: date,
  zone: optional(z.string()),
  /** 00:00 of that day, there. */
  startsAt: moment,
  /** The event that hired them. */
  event: z.string(),
  /** Every move of the date, the first one first. */
  moves: z.array(
    z.strictObject({ from: z.string(), to: z.string(), by: z.string(), event: z.string(), at: z.string() }),
  ),
  /** What is there already. */
  accounts: z.array(
    z.strictObject({
      target: z.string(),
      name: z.string(),
      kind: z.enum(accountKinds),
      status: z.enum(['enabled', 'disabled', 'absent']),
      entitlements: z.int(),
    }),
  ),
  /** What is to come, in order, the start among it. */
  due: z.array(due),
  workflowId: z.string(),
});

/** What happened to somebody, and what is to come. */
export const timelineShape = z.strictObject({
  person: z.string(),
  name: z.string(),
  state: z.enum(personStates),
  happened: z.array(happened),
  /** More of what happened: the next page's cursor. */
  next: optional(z.string()),
  due: z.array(due),
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
  workflowId: z.string(),
});

/** A legal hold in force, with whom it is on. */
export const legalHoldShape = z.strictObject({
  person: z.string(),
  id: z.string(),
  case: z.string(),
  by: z.string(),
  at: moment,
  liftAskedBy: optional(z.string()),
});
