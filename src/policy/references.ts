import type { PlacedFault } from '../config.ts';
import { Failure } from '../model/failure.ts';
import { isByHand } from './by-hand.ts';
import type { PlannedTarget } from './plan.ts';
import type { PolicyFile } from './schema.ts';

/** What policy.yaml may name that stands in muster.yaml. */
export interface Surroundings {
  targets: readonly Pick<PlannedTarget, 'name' | 'abilities'>[];
  /** Names of sources. */
  sources: readonly string[];
  /** Ids of operators. */
  operators: readonly string[];
}

/** Throws `misconfigured` with every name in the policy that means nothing here. `muster policy check` says at which line. */
export function refuseUnknownReferences(policy: PolicyFile, surroundings: Surroundings): void {
  const faults = unknownReferences(policy, surroundings);
  if (faults.length === 0) return;
  const words = faults.map(({ path, problem }) => `policy: ${path.join('.')}: ${problem}`);
  throw new Failure('misconfigured', words.join('\n'), {
    advice: '`muster policy check` names line and column. Correct the policy, or add to muster.yaml what it names.',
  });
}

/**
 * Names that stand in a policy and mean nothing: targets that muster.yaml lacks or that cannot do what is asked of them,
 * groups, approvals, rules, sources and operators that are not there. Empty where all is well.
 */
export function unknownReferences(policy: PolicyFile, surroundings: Surroundings): PlacedFault[] {
  const references = new References(policy, surroundings);
  references.access();
  references.approvals();
  references.notices();
  references.rest();
  return references.faults;
}

type Path = readonly (string | number)[];
type Who = string | undefined;
interface Notices {
  tickets?: readonly { target: string }[];
  messages?: readonly { target: string; to?: Who }[];
}

const can: Readonly<Record<string, string>> = {
  accounts: 'keeps no accounts',
  entitlements: 'takes no entitlements',
  credentials: 'makes no first credentials',
  mailbox: 'has no mailboxes',
  tickets: 'takes no tickets',
  messages: 'takes no messages',
};

class References {
  readonly faults: PlacedFault[] = [];
  readonly #policy: PolicyFile;
  readonly #around: Surroundings;

  constructor(policy: PolicyFile, around: Surroundings) {
    this.#policy = policy;
    this.#around = around;
  }

  access(): void {
    const { rules, hires, requestable, separationOfDuties, leave } = this.#policy;
    rules.forEach(({ give, approval }, index) => {
      this.#accesses(['rules', index, 'give'], give);
      this.#approval(['rules', index, 'approval'], approval);
    });
    this.#accesses(['hires', 'preHire'], hires.preHire);
    hires.ahead.forEach((target, index) => {
      this.#target(['hires', 'ahead', index], target, 'accounts');
    });
    requestable.forEach(({ target, approval, order }, index) => {
      const path = ['requestable', index];
      this.#approval([...path, 'approval'], approval);
      // What a team serves by hand need not be connected: the order's target is.
      if (order === undefined) this.#target([...path, 'target'], target, 'entitlements');
      else this.#target([...path, 'order', 'target'], order.target, 'tickets');
    });
    separationOfDuties.forEach((duty, index) => {
      for (const side of ['one', 'other'] as const) {
        duty[side].forEach((ref, at) => {
          if (isByHand(this.#policy, ref)) return;
          this.#target(['separationOfDuties', index, side, at, 'target'], ref.target, 'entitlements');
        });
      }
    });
    const known = new Set(rules.map(({ id }) => id));
    leave.reducedTo.forEach((id, index) => {
      if (!known.has(id)) this.#fault(['leave', 'reducedTo', index], `no rule has the id "${id}"`);
    });
  }

  approvals(): void {
    const { approvals, owners, groups } = this.#policy;
    for (const [name, { steps }] of Object.entries(approvals.rules)) {
      steps.forEach(({ by }, index) => {
        this.#who(['approvals', 'rules', name, 'steps', index, 'by'], by);
      });
    }
    if (approvals.fallback !== undefined) this.#group(['approvals', 'fallback'], approvals.fallback);
    approvals.via.forEach((target, index) => {
      this.#target(['approvals', 'via', index], target, 'messages');
    });
    for (const [target, owner] of Object.entries(owners)) {
      this.#target(['owners', target], target);
      this.#who(['owners', target], owner);
    }
    for (const [name, { operators }] of Object.entries(groups)) {
      operators.forEach((id, index) => {
        if (this.#around.operators.includes(id)) return;
        this.#fault(['groups', name, 'operators', index], `muster.yaml has no operator "${id}"`);
      });
    }
  }

  notices(): void {
    const { transitions, contractEnds } = this.#policy;
    for (const [name, transition] of Object.entries(transitions)) this.#notices(['transitions', name], transition);
    this.#messages(['contractEnds', 'tell'], contractEnds.tell);
    transitions.leaver.later.forEach(({ do: action, targets }, index) => {
      const ability = { handOverMailbox: 'mailbox', removeLicences: 'entitlements', deleteAccounts: 'accounts' }[
        action
      ];
      targets.forEach((target, at) => {
        this.#target(['transitions', 'leaver', 'later', index, 'targets', at], target, ability);
      });
    });
  }

  rest(): void {
    const { hires, alerts, deliveryChecks } = this.#policy;
    if (hires.credential !== undefined) {
      const { target, via, to } = hires.credential;
      this.#target(['hires', 'credential', 'target'], target, 'credentials');
      this.#target(['hires', 'credential', 'via'], via, 'messages');
      this.#who(['hires', 'credential', 'to'], to);
    }
    alerts.routes.forEach(({ incident, channel, mail }, index) => {
      const path = ['alerts', 'routes', index];
      if (incident !== undefined) this.#target([...path, 'incident'], incident, 'tickets');
      if (channel !== undefined) this.#target([...path, 'channel', 'target'], channel.target, 'messages');
      if (mail === undefined) return;
      this.#target([...path, 'mail', 'target'], mail.target, 'messages');
      mail.to.forEach((who, at) => {
        this.#who([...path, 'mail', 'to', at], who);
      });
    });
    for (const source of Object.keys(deliveryChecks)) {
      if (this.#around.sources.includes(source)) continue;
      this.#fault(['deliveryChecks', source], `muster.yaml has no source "${source}"`);
    }
  }

  #accesses(path: Path, list: readonly { target: string; entitlements: readonly string[] }[]): void {
    list.forEach(({ target, entitlements }, index) => {
      const ability = entitlements.length === 0 ? 'accounts' : 'entitlements';
      this.#target([...path, index, 'target'], target, ability);
    });
  }

  #notices(path: Path, { tickets = [], messages = [] }: Notices): void {
    tickets.forEach(({ target }, index) => {
      this.#target([...path, 'tickets', index, 'target'], target, 'tickets');
    });
    this.#messages([...path, 'messages'], messages);
  }

  #messages(path: Path, messages: NonNullable<Notices['messages']>): void {
    messages.forEach(({ target, to }, index) => {
      this.#target([...path, index, 'target'], target, 'messages');
      this.#who([...path, index, 'to'], to);
    });
  }

  #target(path: Path, name: string, ability?: string): void {
    const target = this.#around.targets.find((each) => each.name === name);
    if (target === undefined) this.#fault(path, `muster.yaml has no target "${name}"`);
    else if (ability !== undefined && !target.abilities.includes(ability)) {
      this.#fault(path, `the target "${name}" ${can[ability] ?? `cannot do ${ability}`}`);
    }
  }

  #approval(path: Path, name: string | undefined): void {
    if (name === undefined || Object.hasOwn(this.#policy.approvals.rules, name)) return;
    this.#fault(path, `approvals.rules has no "${name}"`);
  }

  #who(path: Path, who: Who): void {
    if (who?.startsWith('group:') === true) this.#group(path, who.slice('group:'.length));
  }

  #group(path: Path, name: string): void {
    if (!Object.hasOwn(this.#policy.groups, name)) this.#fault(path, `groups has no "${name}"`);
  }

  #fault(path: Path, problem: string): void {
    this.faults.push({ path, problem });
  }
}
