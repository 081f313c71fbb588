import { z } from 'zod';
import type { Approval } from '../model/approval.ts';

const moment = z.iso.datetime();
const optional = <T extends z.ZodType>(schema: T) => schema.exactOptional();

/** What somebody is, or was, asked to agree to. */
export const approvalShape = z.strictObject({
  id: z.string(),
  person: z.string().describe('whom it concerns; they never decide'),
  event: z.string(),
  state: z.enum(['open', 'approved', 'refused', 'void', 'expired']),
  rule: z.string().describe('its name in policy.yaml'),
  summary: z.array(z.string()),
  items: z.array(
    z.strictObject({
      target: z.string(),
      entitlement: z.string(),
      because: z.string(),
      until: optional(moment),
    }),
  ),
  hash: z.string(),
  step: z.int().describe('which of its steps is asked, from 0'),
  approvers: z.array(z.string()).describe('who may decide now: ids of people, and operator:<id>'),
  fallback: z.boolean().describe('the fallback group is asked: nobody is left after it'),
  requestedBy: optional(z.string()),
  said: z.array(
    z.strictObject({
      step: z.int(),
      by: z.string(),
      decision: z.literal('approve'),
      at: moment,
      comment: optional(z.string()),
    }),
  ),
  reminders: z.int(),
  openedAt: moment,
  dueAt: moment,
  decidedAt: optional(moment),
  decidedBy: optional(z.string()),
  comment: optional(z.string()),
});

/** An approval as answers show it. */
export function shownApproval({ data, ...approval }: Approval): z.input<typeof approvalShape> {
  const { rule, summary, items, said, fallback, reminders, requestedBy } = data;
  return {
    ...{ ...approval, rule, summary, said, fallback, reminders },
    items: items.map(({ target, entitlement, because, requested }) => ({
      ...{ target, entitlement, because },
      ...(requested?.until === undefined ? {} : { until: requested.until }),
    })),
    ...(requestedBy === undefined ? {} : { requestedBy }),
  };
}

/** What is posted to an approval. */
export const decisionShape = z.strictObject({
  decision: z.enum(['approve', 'refuse'], 'must be approve or refuse'),
  comment: z.string().trim().min(1, 'must say something').max(2_000, 'must be at most 2000 characters').exactOptional(),
});

/** What the workflow said, and the approval as it is after that. */
export const decidedApprovalShape = z.strictObject({ said: z.string(), approval: approvalShape });

/** Who decides for whom while they are away. */
export const delegationShape = z.strictObject({
  approver: z.string(),
  delegate: z.string(),
  from: moment,
  until: moment,
  by: z.string(),
});

const name = z.string().min(1, 'must name a person').describe('by id, or by any other name that is theirs alone');

/** What is posted to delegations. */
export const delegateShape = z.strictObject({
  approver: name,
  delegate: name,
  from: z.iso.datetime({ offset: true }).exactOptional().describe('now, if absent'),
  until: z.iso.datetime({ offset: true }).describe('a moment that is past, or now, ends it'),
});
