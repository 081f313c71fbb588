import { z } from 'zod';
import type { Evidence } from '../model/evidence.ts';
import type { AccessPlan, Change, ChangeAction } from '../model/plan.ts';

const actions = [
  ...(['close', 'create', 'enable', 'disable', 'update', 'remove'] as const),
  ...(['grant', 'revoke', 'handOver', 'credential', 'restore', 'ticket', 'message'] as const),
] satisfies ChangeAction[];

const change = z.object({
  id: z.string(),
  target: z.string(),
  action: z.enum(actions),
  because: z.string().default(''),
});

const planMade = z.object({
  hash: z.string(),
  policy: z.string(),
  changes: z.array(change),
  proposed: z.array(change),
  observed: z.array(change),
  kept: z.array(z.object({ target: z.string(), entitlement: z.string(), because: z.string() })).default([]),
  stopped: z.array(z.object({ id: z.string(), reason: z.string() })).default([]),
});

/** The plan as its evidence has it, which is all there is of one that changes nothing: words are made of its ids. */
export function planOfEvidence(person: string, { event = '', data }: Evidence): AccessPlan | undefined {
  const read = planMade.safeParse(data);
  if (!read.success) return undefined;
  const { hash, policy, changes, proposed, observed, kept, stopped } = read.data;
  const all = (some: z.infer<typeof change>[]) => some.map((each) => changeOf(person, each));
  return {
    ...{ person, event, policy, hash, kept, asks: [] },
    ...{ changes: all(changes), proposed: all(proposed), observed: all(observed) },
    stopped: stopped.map(({ id, reason }) => {
      const [action = '', target = ''] = id.split(':');
      const known = actions.find((each) => each === action) ?? 'grant';
      return { change: changeOf(person, { id, target, action: known, because: reason }), reason };
    }),
  };
}

function changeOf(person: string, { id, target, action, because }: z.infer<typeof change>): Change {
  const entitlement = id.split(':').slice(2).join(':');
  const what = action === 'grant' || action === 'revoke' ? ` ${entitlement} of` : '';
  return {
    ...{ id, target, action, because, after: [], summary: `${action}${what} ${person} in ${target}` },
    ...(what === '' ? {} : { entitlement }),
  };
}
