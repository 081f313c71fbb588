import { cursorAfter } from '../directory/cursor.ts';
import type { Reader } from '../directory/store.ts';
import { agreedItems } from '../ledger/agreed.ts';
import type { Person, PersonState } from '../model/person.ts';
import type { AccessPlan } from '../model/plan.ts';
import type { PlannedTarget } from '../policy/plan.ts';
import { type PolicyTouch, planUnder } from '../policy/policy-change.ts';
import type { Policy } from '../policy/schema.ts';
import type { EntitlementRef } from '../policy/separation.ts';

/** Under what people are planned, and at which moment. */
export interface PolicyQuestion {
  policy: Policy;
  /** What the policies before spoke of. */
  before: readonly EntitlementRef[];
  targets: readonly PlannedTarget[];
  /** An ISO instant. */
  at: string;
}

/** Some people as they were looked at; those whom the policy touches with what comes to them. */
export interface Looked {
  looked: number;
  touched: ({ person: Person } & PolicyTouch)[];
  /** The last who was looked at; absent where nobody follows. */
  last?: string;
}

type Known = Pick<Reader, 'people' | 'approvals'>;

const gone: ReadonlySet<PersonState> = new Set(['Terminating', 'Terminated', 'Cancelled']);

/** Plans the next people after `cursor` (a person's id), in the order of their ids. Nothing is changed. `observed`: also those of whom something is only looked at. */
export async function lookAt(
  reader: Known,
  question: PolicyQuestion,
  { after, size }: { after?: string | undefined; size: number },
  observed = false,
): Promise<Looked> {
  const cursor = after === undefined ? {} : { cursor: cursorAfter('people', after) };
  const page = await reader.people({}, { limit: size, ...cursor });
  const touched: Looked['touched'] = [];
  for (const person of page.items) {
    if (gone.has(person.state)) continue;
    const touch = await planOne(reader, question, person);
    if (touches(touch.plan) || (observed && touch.plan.observed.length > 0)) touched.push({ person, ...touch });
  }
  const last = page.next === undefined ? undefined : page.items.at(-1)?.id;
  return { looked: page.items.length, touched, ...(last === undefined ? {} : { last }) };
}

async function planOne(reader: Known, question: PolicyQuestion, person: Person): Promise<PolicyTouch> {
  const first = planUnder({ ...question, person });
  // Few people have anything to ask for: only theirs is looked up.
  if (first.plan.asks.length === 0) return first;
  return planUnder({ ...question, person, agreed: await agreedItems(reader, person.id) });
}

/** Does anything come of it? What is only looked at is not changed. */
const touches = ({ changes, proposed, asks, stopped }: AccessPlan): boolean =>
  changes.length + proposed.length + asks.length + stopped.length > 0;
