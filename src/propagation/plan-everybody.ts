import type { Reader } from '../directory/store.ts';
import type { Person } from '../model/person.ts';
import type { AccessPlan, Change } from '../model/plan.ts';
import type { PlannedTarget } from '../policy/plan.ts';
import { governedBy } from '../policy/policy-change.ts';
import { limitInWords, limitsOf, most } from '../policy/safeguards.ts';
import type { Policy } from '../policy/schema.ts';
import { governedBefore } from './rows.ts';
import { type Looked, lookAt, type PolicyQuestion } from './touched.ts';

/** A change that a policy would bring to somebody, and how far its target lets it go. */
export interface PolicyChange {
  id: string;
  target: string;
  action: Change['action'];
  entitlement?: string;
  summary: string;
  because: string;
  mode: PlannedTarget['mode'];
}

/** Somebody whom a policy would touch. */
export interface TouchedPerson {
  person: string;
  name: string;
  changes: PolicyChange[];
  /** What people would be asked to agree to first. */
  asks: string[];
  /** What separation of duties would stop. */
  stopped: string[];
}

/** What a policy would come to for everybody, in numbers. */
export interface PolicySummary {
  looked: number;
  touched: number;
  grants: number;
  revokes: number;
  /** By target and what is done there, each with the number of people. */
  targets: { target: string; mode: PlannedTarget['mode']; action: Change['action']; people: number }[];
  /** By the rule that gives it, or the one that gave it and does no more. */
  rules: { rule: string; gains: number; loses: number }[];
  asks: number;
  stopped: number;
  /** People who would lose something, how many of them policy lets go within an hour, and how many would be held. */
  safeguards: { removals: number; limit: string; held: number };
}

/** What a policy would come to: the numbers with the first page alone. */
export interface EverybodyPlan {
  /** Of the policy that was planned, and of the one in force. */
  policy: string;
  inForce: string;
  summary?: PolicySummary;
  items: TouchedPerson[];
  next?: string;
}

/** What is planned for everybody: `policy` instead of the one in force. */
export interface EverybodyQuestion {
  policy: Policy;
  inForce: Policy;
  targets: readonly PlannedTarget[];
  at: string;
}

const pageOfPeople = 500;

/**
 * Plans everybody under a policy, from what the directory knows, and changes nothing. The first page has the numbers of all;
 * a later one (`after`: a person's id) goes on with the names.
 */
export async function planEverybody(
  reader: Reader,
  { policy, inForce, targets, at }: EverybodyQuestion,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<EverybodyPlan> {
  const rows = (await reader.propagations(20)).filter((row) => row.policy !== policy.hash);
  const before = [...governedBefore(rows), ...(policy.hash === inForce.hash ? [] : governedBy(inForce))];
  const question: PolicyQuestion = { policy, before, targets, at };
  const numbers = new Numbers(inForce);
  const items: TouchedPerson[] = [];
  let from = after;
  for (;;) {
    const page = await lookAt(reader, question, { after: from, size: pageOfPeople }, true);
    for (const touched of page.touched) if (items.length <= limit) items.push(inWords(touched));
    numbers.add(page);
    from = page.last;
    if (from === undefined || (after !== undefined && items.length > limit)) break;
  }
  const shown = items.slice(0, limit);
  const next = items.length > limit ? shown.at(-1)?.person : undefined;
  return {
    ...{ policy: policy.hash, inForce: inForce.hash },
    ...(after === undefined ? { summary: numbers.summary(policy, await reader.countActive()) } : {}),
    items: shown,
    ...(next === undefined ? {} : { next }),
  };
}

function inWords({ person, plan }: Looked['touched'][number]): TouchedPerson {
  return {
    ...{ person: person.id, name: person.name },
    changes: changesOf(plan).map(({ change: { id, target, action, entitlement, summary, because }, mode }) => ({
      ...{ id, target, action, summary, because, mode },
      ...(entitlement === undefined ? {} : { entitlement }),
    })),
    asks: plan.asks.flatMap(({ summary }) => summary),
    stopped: plan.stopped.map(({ reason }) => reason),
  };
}

function changesOf({ changes, proposed, observed }: AccessPlan): { change: Change; mode: PlannedTarget['mode'] }[] {
  const of = (some: Change[], mode: PlannedTarget['mode']) => some.map((change) => ({ change, mode }));
  return [...of(changes, 'enforce'), ...of(proposed, 'propose'), ...of(observed, 'observe')];
}

const taking: ReadonlySet<Change['action']> = new Set(['revoke', 'disable', 'remove']);

/** Counts people, page by page. */
class Numbers {
  readonly #inForce: Policy;
  readonly #targets = new Map<
    string,
    { target: string; mode: PlannedTarget['mode']; action: Change['action']; people: number }
  >();
  readonly #rules = new Map<string, { rule: string; gains: number; loses: number }>();
  #looked = 0;
  #touched = 0;
  #grants = 0;
  #revokes = 0;
  #asks = 0;
  #stopped = 0;
  #removals = 0;

  constructor(inForce: Policy) {
    this.#inForce = inForce;
  }

  add({ looked, touched }: Looked): void {
    this.#looked += looked;
    this.#touched += touched.length;
    for (const { person, plan } of touched) this.#count(person, plan);
  }

  #count(person: Person, plan: AccessPlan): void {
    const targets = new Set<string>();
    const gains = new Set<string>();
    const loses = new Set<string>();
    for (const { change, mode } of changesOf(plan)) {
      const { target, action } = change;
      const key = `${target}/${mode}/${action}`;
      if (!this.#targets.has(key)) this.#targets.set(key, { target, mode, action, people: 0 });
      targets.add(key);
      if (action === 'grant') this.#grants += 1;
      if (action === 'revoke') this.#revokes += 1;
      const rules = taking.has(action) ? this.#gaveIt(person, change) : change.because.split('; ').map(ruleIn);
      for (const rule of rules) (taking.has(action) ? loses : gains).add(rule);
    }
    for (const key of targets) {
      const row = this.#targets.get(key);
      if (row !== undefined) row.people += 1;
    }
    for (const rule of gains) this.#rule(rule).gains += 1;
    for (const rule of loses) this.#rule(rule).loses += 1;
    this.#asks += plan.asks.length;
    this.#stopped += plan.stopped.length;
    if (plan.changes.some(({ action }) => taking.has(action))) this.#removals += 1;
  }

  #rule(rule: string): { rule: string; gains: number; loses: number } {
    const row = this.#rules.get(rule) ?? { rule, gains: 0, loses: 0 };
    this.#rules.set(rule, row);
    return row;
  }

  /** The rules of the policy in force that give them what would go; what none of them gives has its reason instead. */
  #gaveIt(person: Person, { target, entitlement, because }: Change): string[] {
    const rules = this.#inForce.rules.filter(
      (rule) =>
        rule.give.some(
          (access) =>
            access.target === target && (entitlement === undefined || access.entitlements.includes(entitlement)),
        ) && rule.holds(person),
    );
    return rules.length === 0 ? [because] : rules.map(({ id }) => id);
  }

  summary(policy: Policy, active: number): PolicySummary {
    const limits = limitsOf(policy, 'removal').map((limit) => ({ window: limit.window, most: most(limit, active) }));
    const least = limits.reduce((one, other) => (other.most < one.most ? other : one));
    const byKey = <T>(rows: Map<string, T>): T[] =>
      [...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
    return {
      ...{ looked: this.#looked, touched: this.#touched, grants: this.#grants, revokes: this.#revokes },
      ...{ targets: byKey(this.#targets), rules: byKey(this.#rules), asks: this.#asks, stopped: this.#stopped },
      safeguards: {
        removals: this.#removals,
        limit: limitInWords(least),
        held: Math.max(0, this.#removals - least.most),
      },
    };
  }
}

/** `sales: Sales sells` → `sales`. */
const ruleIn = (because: string): string => because.split(': ')[0] ?? because;
