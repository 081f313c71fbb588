import type { Account, Person } from '../model/person.ts';
import type { AccessPlan, Ask, Change } from '../model/plan.ts';
import { isByHand } from './by-hand.ts';
import { type Desired, type DesiredEntitlement, desiredAccess } from './desired-access.ts';
import { sha256 } from './load.ts';
import type { PlannedTarget } from './plan.ts';
import type { Policy } from './schema.ts';
import { byId, keyOf, separatePlan } from './separate-plan.ts';
import type { EntitlementRef } from './separation.ts';

/** What is asked: what must change so that this person has what the policy says. */
export interface AccessQuestion {
  /** As the directory has them, with the accounts that were seen and the grants that run. */
  person: Person;
  policy: Policy;
  targets: readonly PlannedTarget[];
  /** The event's key. */
  event: string;
  /** ISO instant for which it is planned. */
  at: string;
  /** A move leaves what is not privileged for a while; otherwise what is not due goes at once. */
  grace: boolean;
  /** Their names, department and the like have changed: targets that keep those are told. */
  attributes?: boolean;
  /** Hashes of asks that people have agreed to. */
  agreed?: ReadonlySet<string>;
  /** False: their access is left as it is, and only `more` is done. */
  align?: boolean;
  /** What is done besides, whatever rules say: tickets, messages, what was revoked by name. */
  more?: readonly Change[];
}

/**
 * Desired access minus known access, and what is done besides; at no moment of it anybody has what separation of duties keeps
 * apart. Applying it and planning again gives an empty plan.
 */
export function planAccess(question: AccessQuestion): AccessPlan {
  const { person, policy, event, at, align = true } = question;
  const planning = new Planning(question);
  const all = byId([...(align ? planning.changes() : []), ...planning.more()]);
  const plan = separatePlan(
    {
      person: person.id,
      event,
      policy: policy.hash,
      changes: all.filter((change) => planning.modeOf(change.target) === 'enforce'),
      proposed: all.filter((change) => planning.modeOf(change.target) === 'propose'),
      observed: all.filter((change) => planning.modeOf(change.target) === 'observe'),
      asks: align ? planning.asks() : [],
      kept: planning.kept.sort(byKey),
      stopped: [],
    },
    {
      ...{ policy, person, at, inGrace: align ? planning.inGrace() : [] },
      enforced: (target) => planning.modeOf(target) === 'enforce',
      revoke: ({ target, entitlement }, because) => planning.entitlement(target, 'revoke', entitlement, because),
      grant: ({ target, entitlement }, because) => planning.entitlement(target, 'grant', entitlement, because),
      without: (ask, stopped) =>
        planning.ask(
          ask.rule,
          ask.items.filter((item) => !stopped.has(keyOf(item))),
        ),
    },
  );
  return { ...plan, hash: sha256(plan) };
}

/** The account that the policy speaks of: their own, made for every day. Admin and test accounts are not planned. */
export function primaryAccount(person: Pick<Person, 'accounts'>, target: string): Account | undefined {
  const own = person.accounts.filter(
    (each) => each.target === target && each.kind === 'primary' && each.status !== 'absent',
  );
  return own.find((each) => each.status === 'enabled') ?? own[0];
}

class Planning {
  readonly kept: AccessPlan['kept'] = [];
  readonly #question: AccessQuestion;
  readonly #desired: Map<string, Desired>;
  readonly #asked = new Map<string, Ask['items']>();
  readonly #planned = new Set<string>();

  constructor(question: AccessQuestion) {
    this.#question = question;
    const { policy, person, at } = question;
    this.#desired = new Map(desiredAccess(policy, person, at).map((desired) => [desired.target, desired]));
  }

  changes(): Change[] {
    const { targets, person } = this.#question;
    const known = targets.filter(({ abilities }) => abilities.includes('accounts')).map(({ name }) => name);
    // A target that policy names and muster.yaml lacks is no reason to be silent: its change is made, fails, and is seen.
    const names = new Set([...known, ...this.#desired.keys()]);
    const changes = [...names].flatMap((target) =>
      isSuspended(person) ? this.#suspend(target) : this.#align(target, this.#desired.get(target)),
    );
    const revoked = new Set(this.#question.more?.flatMap((change) => grantUndoneBy(change) ?? []));
    const planned = changes.filter(({ id }) => !revoked.has(id));
    for (const { id } of planned) this.#planned.add(id);
    return planned;
  }

  /** What is done besides, each once; what is taken away by name is not given by the same plan. */
  more(): Change[] {
    const { more = [] } = this.#question;
    const nameOf = ({ id, content }: Change) => `${id} ${content?.correlationId ?? ''}`;
    return [...new Map(more.map((change) => [nameOf(change), change])).values()]
      .filter(({ id, action, target }) => !this.#planned.has(id) && !(action === 'revoke' && this.#isManaged(target)))
      .map((change) => (change.action === 'credential' ? { ...change, after: this.#opens(change.target) } : change));
  }

  /** What makes or opens an account at a target: a credential for it comes after that. */
  #opens(target: string): string[] {
    return [`create:${target}`, `enable:${target}`].filter((id) => this.#planned.has(id));
  }

  /** Old access whose time runs, and nothing else gives. */
  inGrace(): EntitlementRef[] {
    return [...this.#desired.values()].flatMap(({ target, entitlements }) =>
      entitlements.filter(({ kept }) => kept === true).map(({ id }) => ({ target, entitlement: id })),
    );
  }

  asks(): Ask[] {
    return [...this.#asked]
      .flatMap(([rule, items]) => this.ask(rule, items) ?? [])
      .sort((one, other) => (one.rule < other.rule ? -1 : 1));
  }

  /** A question of these items; none where nothing is left to ask. */
  ask(rule: string, unsorted: Ask['items']): Ask | undefined {
    const { person } = this.#question;
    if (unsorted.length === 0) return undefined;
    const items = [...unsorted].sort(byKey);
    return {
      rule,
      items,
      hash: sha256(items.map(({ hash }) => hash).sort()),
      summary: items.map(
        (item) => `${person.id} gets ${item.entitlement} in ${this.#title(item.target)} (${item.because})`,
      ),
    };
  }

  modeOf(target: string): PlannedTarget['mode'] {
    return this.#question.targets.find(({ name }) => name === target)?.mode ?? 'enforce';
  }

  /** Whoever is suspended keeps what they have, behind closed doors. */
  #suspend(target: string): Change[] {
    const { person } = this.#question;
    const open = person.accounts.some(
      (each) => each.target === target && each.status === 'enabled' && each.managedBy === undefined && isPersonal(each),
    );
    return open ? [this.#change(target, 'disable', 'suspended: closed until they are back')] : [];
  }

  #align(target: string, desired: Desired | undefined): Change[] {
    const account = primaryAccount(this.#question.person, target);
    // Another system provisions it; Muster never writes it.
    if (this.#isManaged(target)) return [];
    if (desired === undefined)
      return [...(account === undefined ? [] : this.#takeAway(account)), ...this.#admins(target)];
    const because = desired.because.join('; ');
    const changes: Change[] = this.#admins(target);
    if (account === undefined) {
      // What only stays for a while is not made again.
      if (desired.kept === true) return changes;
      changes.push({
        ...this.#change(target, 'create', because),
        ...(desired.account === 'disabled' ? { disabled: true } : {}),
      });
    } else if (desired.account === 'enabled' && account.status === 'disabled' && desired.kept !== true) {
      changes.push(this.#change(target, 'enable', because));
    }
    if (account !== undefined && this.#question.attributes === true && this.#can(target, 'update')) {
      changes.push(this.#change(target, 'update', 'attributes: what the source says of them has changed'));
    }
    const held = new Set(account?.entitlements);
    for (const entitlement of desired.entitlements) {
      if (held.has(entitlement.id) || entitlement.kept === true) continue;
      if (this.#mayGive(target, entitlement))
        changes.push(this.entitlement(target, 'grant', entitlement.id, entitlement.because.join('; ')));
    }
    const wanted = new Set(desired.entitlements.map(({ id }) => id));
    return [
      ...changes,
      ...this.#revokes(
        target,
        [...held].filter((id) => !wanted.has(id)),
      ),
    ];
  }

  /** Nothing there is due any more. */
  #takeAway(account: Account): Change[] {
    const { target } = account;
    const revokes = this.#revokes(target, account.entitlements);
    if (account.status !== 'enabled') return revokes;
    // Where Muster knows of no rule and no grant, it has no say: the account was there before, for a reason of its own.
    if (!this.#isGoverned(target) || this.#stays(target, '')) return revokes;
    return [...revokes, this.#change(target, 'disable', 'no rule gives an account there any more')];
  }

  /** Privileged access goes at once when somebody moves: so do their admin accounts where nothing privileged is due any more. */
  #admins(target: string): Change[] {
    const { grace, person, policy } = this.#question;
    if (!grace || !isHere(person)) return [];
    const open = person.accounts.some(
      (each) =>
        each.target === target && each.kind === 'admin' && each.status === 'enabled' && each.managedBy === undefined,
    );
    const speaksOfPrivilege =
      policy.rules.some((rule) => rule.privileged && rule.give.some((access) => access.target === target)) ||
      policy.requestable.some((each) => each.privileged && each.target === target);
    if (!open || !speaksOfPrivilege) return [];
    const due = this.#desired.get(target)?.entitlements ?? [];
    if (due.some(({ id, kept }) => kept !== true && this.#isPrivileged(target, id))) return [];
    const because = 'no rule gives privileged access there any more, and that goes at once';
    return [
      {
        ...this.#change(target, 'disable', because),
        id: `disable:${target}:admin`,
        summary: `disable the admin account of ${person.id} in ${this.#title(target)}`,
        accounts: 'admin',
      },
    ];
  }

  #isManaged(target: string): boolean {
    return primaryAccount(this.#question.person, target)?.managedBy !== undefined;
  }

  #revokes(target: string, entitlements: readonly string[]): Change[] {
    return entitlements
      .filter((id) => this.#isGoverned(target, id) && !this.#stays(target, id))
      .map((id) => this.entitlement(target, 'revoke', id, 'no rule gives it any more'));
  }

  /** Old access after a move: what is not privileged and was not yet given its time. */
  #stays(target: string, entitlement: string): boolean {
    const { grace, person, policy } = this.#question;
    if (!grace || !isHere(person) || policy.moves.grace === 0) return false;
    if (this.#isPrivileged(target, entitlement)) return false;
    const had = person.grants.some(
      (each) => each.target === target && each.entitlement === entitlement && each.origin === 'grace',
    );
    if (had) return false;
    this.kept.push({ target, entitlement, because: 'what they had before they moved' });
    return true;
  }

  #mayGive(target: string, entitlement: DesiredEntitlement): boolean {
    if (entitlement.approval === undefined) return true;
    const { person, policy, agreed } = this.#question;
    // Nobody is asked about what is only looked at.
    if (this.modeOf(target) === 'observe') return true;
    const because = entitlement.because.join('; ');
    const hash = askHash(person, policy, entitlement.approval, { target, entitlement: entitlement.id, because });
    if (agreed?.has(hash) === true) return true;
    const items = this.#asked.get(entitlement.approval) ?? [];
    this.#asked.set(entitlement.approval, [...items, { target, entitlement: entitlement.id, because, hash }]);
    return false;
  }

  /** Does policy, or a grant, speak of it at all? What it does not speak of is not Muster's to take away. */
  #isGoverned(target: string, entitlement?: string): boolean {
    const { policy, person } = this.#question;
    const speaksOf = (access: { target: string; entitlements: readonly string[] }) =>
      access.target === target && (entitlement === undefined || access.entitlements.includes(entitlement));
    return (
      policy.rules.some((rule) => rule.give.some(speaksOf)) ||
      policy.hires.preHire.some(speaksOf) ||
      policy.requestable.some(
        (each) =>
          each.order === undefined && each.target === target && each.entitlement === (entitlement ?? each.entitlement),
      ) ||
      person.grants.some(
        (each) => each.target === target && each.entitlement === (entitlement ?? '') && !isByHand(policy, each),
      )
    );
  }

  #isPrivileged(target: string, entitlement: string): boolean {
    const { policy, person } = this.#question;
    return (
      policy.rules.some(
        (rule) =>
          rule.privileged &&
          rule.give.some((access) => access.target === target && access.entitlements.includes(entitlement)),
      ) ||
      policy.requestable.some(
        (each) => each.privileged && each.target === target && each.entitlement === entitlement,
      ) ||
      person.grants.some((each) => each.privileged && each.target === target && each.entitlement === entitlement)
    );
  }

  #can(target: string, ability: string): boolean {
    return this.#question.targets.some(({ name, abilities }) => name === target && abilities.includes(ability));
  }

  entitlement(target: string, action: 'grant' | 'revoke', entitlement: string, because: string): Change {
    const change = this.#change(target, action, because);
    const words =
      action === 'grant'
        ? `give ${this.#question.person.id} ${entitlement}`
        : `take ${entitlement} from ${this.#question.person.id}`;
    return {
      ...change,
      id: `${action}:${target}:${entitlement}`,
      summary: `${words} in ${this.#title(target)}`,
      entitlement,
    };
  }

  #change(target: string, action: Change['action'], because: string): Change {
    const { person } = this.#question;
    return {
      id: `${action}:${target}`,
      target,
      action,
      summary: `${verbs[action] ?? action} ${person.id} in ${this.#title(target)}`,
      because,
      after: [],
    };
  }

  #title(target: string): string {
    return this.#question.targets.find(({ name }) => name === target)?.title ?? target;
  }
}

const verbs: Partial<Record<Change['action'], string>> = {
  create: 'create an account for',
  enable: 'enable',
  disable: 'disable',
  update: 'update the attributes of',
};

const isSuspended = ({ state, attributes }: Person): boolean =>
  state === 'Suspended' || (state === 'OnLeave' && attributes['onLeave'] === 'suspend');

/** Somebody whose old access may stay for a while after a move. */
const isHere = ({ state, attributes }: Person): boolean =>
  state === 'Active' || (state === 'OnLeave' && attributes['onLeave'] === 'keep');

const byKey = (one: EntitlementRef, other: EntitlementRef): number => (keyOf(one) < keyOf(other) ? -1 : 1);

const grantUndoneBy = ({ action, target, entitlement }: Change): string | undefined =>
  action === 'revoke' && entitlement !== undefined ? `grant:${target}:${entitlement}` : undefined;

const isPersonal = ({ kind }: Account): boolean => kind === 'primary' || kind === 'admin' || kind === 'test';

/**
 * What somebody agrees to, in a hash: for this person as they are, under this rule, and nothing else. What the conditions
 * looked at is part of it: agreed for one job is not agreed for another.
 */
export function askHash(
  person: Pick<Person, 'id' | 'privileged' | 'attributes'>,
  policy: Pick<Policy, 'approvals'>,
  rule: string,
  item: { target: string; entitlement: string; because: string; until?: string },
): string {
  const { department, jobTitle, location, workerType, managerId } = person.attributes;
  return sha256({
    person: person.id,
    privileged: person.privileged,
    about: [department, jobTitle, location, workerType, managerId].map((value) => value ?? null),
    rule,
    steps: policy.approvals.rules[rule] ?? null,
    item,
  });
}
