import { z } from 'zod';
import type { ChangeAction } from '../model/plan.ts';

const moment = z.iso.datetime();
const mode = z.enum(['observe', 'propose', 'enforce']);
const actions = [
  'close',
  'create',
  'enable',
  'disable',
  'update',
  'remove',
  'grant',
  'revoke',
  'handOver',
  'credential',
  'restore',
  'ticket',
  'message',
] as const satisfies readonly ChangeAction[];
const action = z.enum(actions);

/** What is asked of a plan for everybody. */
export const policyPlanBody = z.strictObject({
  policy: z.string().min(1).max(1_000_000).exactOptional().describe('the text of a policy; absent: the one in force'),
  limit: z.int().min(1).max(500).default(50).describe('people named on a page'),
  cursor: z.string().min(1).exactOptional(),
});

/** What a policy would come to for everybody; `summary` stands on the first page. */
export const policyPlanShape = z.strictObject({
  policy: z.string(),
  inForce: z.string(),
  summary: z
    .strictObject({
      looked: z.int(),
      touched: z.int(),
      grants: z.int(),
      revokes: z.int(),
      targets: z.array(z.strictObject({ target: z.string(), mode, action, people: z.int() })),
      rules: z.array(z.strictObject({ rule: z.string(), gains: z.int(), loses: z.int() })),
      asks: z.int(),
      stopped: z.int(),
      safeguards: z.strictObject({ removals: z.int(), limit: z.string(), held: z.int() }),
    })
    .exactOptional(),
  items: z.array(
    z.strictObject({
      person: z.string(),
      name: z.string(),
      changes: z.array(
        z.strictObject({
          id: z.string(),
          target: z.string(),
          action,
          entitlement: z.string().exactOptional(),
          summary: z.string(),
          because: z.string(),
          mode,
        }),
      ),
      asks: z.array(z.string()),
      stopped: z.array(z.string()),
    }),
  ),
  next: z.string().exactOptional(),
});
export type ShownPolicyPlan = z.infer<typeof policyPlanShape>;

/** That a policy is on its way. */
export const policyAppliedShape = z.strictObject({
  /** `running`: somebody has had it applied before, and it is still on its way. */
  status: z.enum(['accepted', 'running']),
  policy: z.string(),
  workflowId: z.string(),
});

/** How far a policy has come. */
export const propagationShape = z.strictObject({
  id: z.string(),
  policy: z.string(),
  before: z.string().exactOptional(),
  state: z.enum(['running', 'stopped', 'finished']),
  by: z.string(),
  startedAt: moment,
  endedAt: moment.exactOptional(),
  looked: z.int(),
  people: z.int(),
  changed: z.int(),
  inFlight: z.int(),
  held: z.int(),
  reason: z.string().exactOptional(),
});
export type ShownPropagation = z.infer<typeof propagationShape>;

/** Why it is stopped. */
export const policyStopBody = z.strictObject({
  reason: z.string().trim().min(1, 'must say why').max(2_000, 'must be at most 2000 characters'),
});
