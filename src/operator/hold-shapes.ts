import { z } from 'zod';

const moment = z.iso.datetime();
const optional = <T extends z.ZodType>(schema: T) => schema.exactOptional();
const reason = z.string().trim().min(1, 'must say why').max(2_000, 'must be at most 2000 characters');

/** A hold, as the list shows it: numbers are of what this operator may see. */
export const holdShape = z.strictObject({
  id: z.string(),
  kind: z.enum(['end', 'security', 'removal', 'blank']),
  state: z.enum(['open', 'released', 'rejected']),
  reason: z.string(),
  limit: z.string(),
  /** Sources and operators; none of them decides. */
  causes: z.array(z.string()),
  openedAt: moment,
  closedAt: optional(moment),
  /** Ends that are still to come. */
  ahead: optional(z.strictObject({ window: z.enum(['hour', 'day']), from: moment, until: moment })),
  /** Who has said "release", and of whom; all that was held then where they named nobody. */
  releasing: z.array(
    z.strictObject({ by: z.string(), at: moment, reason: z.string(), people: optional(z.array(z.string())) }),
  ),
  held: z.int(),
  released: z.int(),
  rejected: z.int(),
});

/** A hold by itself: with what it would do to whom. */
export const holdDetailShape = holdShape.extend({
  items: z.array(
    z.strictObject({
      person: z.string(),
      event: z.string(),
      source: z.string(),
      at: moment,
      state: z.enum(['taken', 'held', 'rejected']),
      summary: z.string(),
      priority: z.int(),
      confidential: z.boolean(),
      decidedBy: optional(z.string()),
      decidedAt: optional(moment),
    }),
  ),
});

/** What is posted to a hold. */
export const releaseShape = z.strictObject({
  decision: z.enum(['release', 'reject'], 'must be release or reject'),
  people: z
    .array(z.string().min(1))
    .min(1, 'must name somebody; leave it away for everybody')
    .exactOptional()
    .describe('only these, by id or any other name that is theirs alone; everybody where it is absent'),
  reason,
});

/** What came of it, and the hold as it is after that. */
export const decidedShape = z.strictObject({
  said: z.string(),
  released: z.array(z.string()),
  rejected: z.array(z.string()),
  waitsForSecond: z.boolean(),
  hold: holdDetailShape,
});

/** A stop in force. */
export const stopShape = z.strictObject({
  /** `all`, `source:<name>`, `target:<name>`. */
  scope: z.string(),
  by: z.string(),
  reason: z.string(),
  at: moment,
});

const scope = { source: optional(z.string().min(1)), target: optional(z.string().min(1)) };
const oneScope = { error: 'name a source or a target, not both; neither stands for everything' };
const isOne = (body: { source?: string; target?: string }) => body.source === undefined || body.target === undefined;

/** What is posted to stop something: everything, a source or a target. */
export const stopBody = z.strictObject({ ...scope, reason }).refine(isOne, oneScope);

/** What is posted to let it go on. */
export const goBody = z.strictObject({ ...scope, reason: optional(reason) }).refine(isOne, oneScope);

/** What is stopped from now on, or no longer, and what else is. */
export const stoppedShape = z.strictObject({ said: z.string(), stops: z.array(stopShape) });
