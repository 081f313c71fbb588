import type { Policy } from './schema.ts';

/** Is this given and taken by a team, at our order? Then no plan writes it: its system is asked by a ticket, and its grant is a record. */
export function isByHand(
  policy: { requestable?: Pick<Policy['requestable'][number], 'target' | 'entitlement' | 'order'>[] },
  { target, entitlement }: { target: string; entitlement: string },
): boolean {
  return (policy.requestable ?? []).some(
    (each) => each.order !== undefined && each.target === target && each.entitlement === entitlement,
  );
}
