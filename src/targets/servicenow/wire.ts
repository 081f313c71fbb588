import { z } from 'zod';

/** What the token endpoint gives. */
export const tokenSchema = z.object({ access_token: z.string(), expires_in: z.coerce.number() });

/** A row of a table that keeps tickets. */
export const rowSchema = z.object({
  sys_id: z.string().min(1),
  number: z.string().default(''),
  state: z.string().default(''),
  active: z.string().default(''),
  /** Absent when an ACL hides the field. */
  correlation_id: z.string().exactOptional(),
});
/** A ticket's row. All values are strings; a field that may not be read is left out. */
export type Row = z.infer<typeof rowSchema>;

/** A row of sc_req_item. */
export const itemSchema = rowSchema.extend({ stage: z.string().default(''), approval: z.string().default('') });
/** A requested item: one thing of an order. */
export type RequestedItem = z.infer<typeof itemSchema>;

/** A row of sc_item_option_mtom with what it points to. */
export const answerSchema = z.object({
  request_item: z.string().default(''),
  'request_item.cat_item': z.string().exactOptional(),
  'sc_item_option.value': z.string().exactOptional(),
  'sc_item_option.item_option_new.name': z.string().exactOptional(),
});
/** What somebody answered to one variable of a requested item, and whose it is. */
export type VariableAnswer = z.infer<typeof answerSchema>;

/** A variable of a catalogue item; containers hold others. */
export interface Variable {
  name?: string | null | undefined;
  children?: Variable[] | null | undefined;
}
/** A variable as the catalogue shows it. */
export const variableSchema: z.ZodType<Variable> = z.lazy(() =>
  z.object({ name: z.string().nullish(), children: z.array(variableSchema).nullish() }),
);

/** What an order is answered with; without a request it is in the cart. */
export const orderedSchema = z.object({ request_id: z.string().min(1).exactOptional() });

const cartItem = z.object({ variables: z.record(z.string(), z.unknown()).nullish() });
/** Things in the cart that are paid for equally often. */
export const cartPart = z.object({ items: z.array(cartItem) });
