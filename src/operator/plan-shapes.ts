import { z } from 'zod';
import { eventOutcomes, eventTypes } from '../model/event.ts';
import { exceptionKinds } from '../model/exception.ts';
import { pendingKinds, personStates } from '../model/person.ts';

const moment = z.iso.datetime();
const optional = <T extends z.ZodType>(schema: T) => schema.exactOptional();
const id = z.string().min(1, 'must not be empty').max(200, 'must be at most 200 characters');

/** An event as it would be sent, or a person whose access is to be looked at as it would be planned now. */
export const planRequest = z
  .strictObject({
    event: z
      .strictObject({
        type: z
          .string()
          .transform((type) => type.replace(/^muster\./, ''))
          .pipe(z.enum(eventTypes, 'is no type that Muster knows')),
        subject: id.describe('the worker id'),
        source: id.exactOptional().describe('a source of muster.yaml; absent: an operator says it'),
        data: z.looseObject({}).default({}),
      })
      .exactOptional(),
    person: id.exactOptional().describe('by any name; with an event: whose it is'),
  })
  .refine(({ event, person }) => event !== undefined || person !== undefined, 'must have an event or a person');

const change = z.strictObject({
  id: z.string(),
  target: z.string(),
  action: z.string(),
  summary: z.string(),
  because: z.string(),
  after: z.array(z.string()),
  entitlement: optional(z.string()),
  disabled: optional(z.boolean()),
  content: optional(z.looseObject({})),
});

const plan = z.strictObject({
  hash: z.string(),
  policy: z.string(),
  changes: z.array(change),
  /** At targets in mode "propose": a person does it. */
  proposed: z.array(change),
  /** At targets in mode "observe": nobody does. */
  observed: z.array(change),
  /** What stays for a while. */
  kept: z.array(z.strictObject({ target: z.string(), entitlement: z.string(), because: z.string() })),
  /** What separation of duties stops. */
  stopped: z.array(z.strictObject({ id: z.string(), summary: z.string(), reason: z.string() })),
});

const due = z.strictObject({
  id: z.string(),
  kind: z.enum(pendingKinds),
  dueAt: moment,
  date: optional(z.iso.date()),
  zone: optional(z.string()),
  what: z.string(),
});

/** What would happen. */
export const planShape = z.strictObject({
  /** Absent: nobody is known by that, and nobody would be made. */
  person: optional(z.string()),
  event: z.strictObject({ type: z.enum(eventTypes), subject: z.string(), source: z.string() }),
  /** How far Muster may go for that source today; planned is as if it were "enforce". */
  mode: z.enum(['observe', 'propose', 'enforce']),
  outcome: z.enum(eventOutcomes),
  reason: optional(z.string()),
  state: z.strictObject({ before: optional(z.enum(personStates)), after: optional(z.enum(personStates)) }),
  moments: z.array(
    z.strictObject({
      at: moment,
      state: z.enum(personStates),
      plan: optional(plan),
      /** Who would be asked. */
      asks: z.array(
        z.strictObject({
          rule: z.string(),
          state: z.string(),
          approvers: z.array(z.string()),
          dueAt: moment,
          summary: z.array(z.string()),
        }),
      ),
      /** The safeguard's hold that would keep it. */
      held: optional(z.string()),
    }),
  ),
  due: z.array(due),
  gone: z.array(due),
  exceptions: z.array(
    z.strictObject({ kind: z.enum(exceptionKinds), target: optional(z.string()), reason: z.string() }),
  ),
  accounts: z.array(
    z.strictObject({
      target: z.string(),
      name: z.string(),
      kind: z.string(),
      status: z.string(),
      entitlements: z.array(z.string()),
    }),
  ),
  /** Targets that were read for it, and that did not answer; absent where it is planned from the directory alone. */
  seen: optional(z.strictObject({ read: z.array(z.string()), unread: z.array(z.string()) })),
});
