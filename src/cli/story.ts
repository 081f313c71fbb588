import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { EvidenceRow } from '../directory/store.ts';
import type { Embedded } from '../embedded.ts';
import type { Person } from '../model/person.ts';
import type { Change } from '../model/plan.ts';
import { planEnd } from '../policy/plan.ts';
import { abilitiesOf } from '../targets/connect.ts';
import { request } from './api.ts';

/** One moment of an event's way, for people. */
export interface Moment {
  /** ISO instant. */
  at: string;
  line: string;
}

/** What became of it. `closedAt` is when the last target was read back without access. */
export type Ending = { done: true; closedAt: string } | { done: false; why: string };

const callsSchema = z.array(
  z.object({ target: z.string(), operation: z.string(), at: z.string(), subject: z.string().optional() }),
);
const planMade = z.object({ hash: z.string(), changes: z.array(z.object({ id: z.string() })) });
const endBegun = z.object({ effectiveAt: z.string() });
const accessClosed = z.object({
  readBackAt: z.string(),
  residualUntil: z.string().optional(),
  accounts: z.array(z.object({ kind: z.string(), entitlements: z.number(), sessions: z.number() })),
});
const ticketOpened = z.object({ number: z.string(), kind: z.string(), readBackAt: z.string() });

/**
 * Tells an end as it happens, from the ledger's evidence and the sandbox's own list of calls, until the person is Terminated
 * or `patienceMs` are over.
 */
export class Story {
  readonly #muster: Embedded;
  readonly #person: string;
  readonly #event: string;
  readonly #tell: (moment: Moment) => void;
  readonly #told = new Set<string>();
  #effectiveAt: string | undefined;
  #closedAt = '';
  #done = false;

  constructor(muster: Embedded, about: { person: string; event: string }, tell: (moment: Moment) => void) {
    this.#muster = muster;
    this.#person = about.person;
    this.#event = about.event;
    this.#tell = tell;
  }

  async follow(patienceMs: number): Promise<Ending> {
    const deadline = Date.now() + patienceMs;
    while (!this.#done) {
      await this.#look();
      if (Date.now() > deadline) return { done: false, why: await this.#whatIsMissing() };
      if (!this.#done) await pause(60);
    }
    return { done: true, closedAt: this.#closedAt };
  }

  async #look(): Promise<void> {
    const [evidence, calls] = await Promise.all([this.#evidence(), this.#calls()]);
    const moments: (Moment & { key: string; row?: EvidenceRow })[] = [
      ...calls.map(({ target, operation, at, subject }) => ({
        key: `call/${target}/${operation}/${at}/${subject ?? ''}`,
        at,
        line: `${this.#title(target)}: ${operation}${subject === undefined ? '' : ` ${subject}`}`,
      })),
    ];
    for (const row of evidence) {
      const key = `evidence/${row.seq}`;
      if (this.#told.has(key)) continue;
      moments.push(
        ...(await this.#tellRow(row)).map((moment, index) => ({
          ...moment,
          key: index === 0 ? key : `${key}/${index}`,
        })),
      );
      this.#told.add(key);
    }
    const fresh = moments.filter(({ key }) => key.startsWith('evidence/') || !this.#told.has(key));
    fresh.sort((one, other) => (one.at < other.at ? -1 : 1));
    for (const { key, at, line } of fresh) {
      this.#told.add(key);
      this.#tell({ at, line });
    }
  }

  async #evidence(): Promise<EvidenceRow[]> {
    const page = await this.#muster.store.read((tx) => tx.evidence({ event: this.#event }, { limit: 500 }));
    return page.items;
  }

  async #calls() {
    const { sandbox } = this.#muster.ready;
    if (sandbox === undefined) return [];
    const answer = await request(new URL(`/calls?worker=${encodeURIComponent(this.#person)}`, sandbox), {});
    return callsSchema.parse(answer.json);
  }

  async #tellRow(row: EvidenceRow): Promise<Moment[]> {
    const at = row.recordedAt;
    switch (row.kind) {
      case 'event-accepted':
        return [{ at, line: `event accepted: ${this.#event}` }];
      case 'person-identified':
        return [{ at, line: `identity found: ${await this.#who()}` }];
      case 'accounts-found':
        // The calls that follow say it better.
        return [];
      case 'end-begun':
        this.#effectiveAt = endBegun.parse(row.data).effectiveAt;
        return [];
      case 'plan-made':
        return this.#plan(row);
      case 'access-closed': {
        const { readBackAt, accounts, residualUntil } = accessClosed.parse(row.data);
        if (readBackAt > this.#closedAt) this.#closedAt = readBackAt;
        const rest = residualUntil === undefined ? '' : `; what is already issued lives on until ${residualUntil}`;
        return [{ at: readBackAt, line: `${this.#title(row.target)}: confirmed, ${inWords(accounts)}${rest}` }];
      }
      case 'ticket-opened': {
        const { number, kind, readBackAt } = ticketOpened.parse(row.data);
        return [{ at: readBackAt, line: `${this.#title(row.target)}: ${kind} ticket ${number} opened` }];
      }
      case 'person-terminated':
        this.#done = true;
        return [{ at, line: `${this.#person} is Terminated` }];
      default:
        return [
          {
            at,
            line: `${row.kind.replaceAll('-', ' ')}${row.target === undefined ? '' : ` (${this.#title(row.target)})`}`,
          },
        ];
    }
  }

  async #who(): Promise<string> {
    const person = await this.#read();
    if (person === undefined) return this.#person;
    const { jobTitle, managerId } = person.attributes;
    const facts = [jobTitle, managerId === undefined ? undefined : `reports to ${managerId}`].filter(Boolean);
    return `${person.id} ${person.name}${facts.length === 0 ? '' : `, ${facts.join(', ')}`}`;
  }

  /** Evidence keeps a plan's hash and not its words, so it is made again; only the very same plan's words are shown. */
  async #plan(row: EvidenceRow): Promise<Moment[]> {
    const made = planMade.parse(row.data);
    const again = await this.#planAgain();
    const words = new Map<string, Change>(
      again?.hash === made.hash ? again.changes.map((change) => [change.id, change]) : [],
    );
    return [
      { at: row.recordedAt, line: `plan of ${made.changes.length} changes, ${made.hash.slice(0, 19)}…` },
      ...made.changes.map(({ id }) => {
        const change = words.get(id);
        return {
          at: row.recordedAt,
          line: change === undefined ? `  ${id}` : `  ${change.summary} (${change.because})`,
        };
      }),
    ];
  }

  async #planAgain() {
    const { store, policy, targets } = this.#muster;
    const arrival = await store.read((tx) => tx.arrival(this.#event));
    const person = await this.#read();
    if (arrival === undefined || person === undefined || this.#effectiveAt === undefined) return undefined;
    return planEnd({
      person,
      event: arrival.event,
      policy,
      at: this.#effectiveAt,
      targets: [...targets.values()].map(({ name, title, entry, target }) => ({
        name,
        title,
        mode: entry.mode,
        abilities: abilitiesOf(target),
      })),
    });
  }

  #read(): Promise<Person | undefined> {
    return this.#muster.store.read((tx) => tx.person(this.#person));
  }

  #title(target: string | undefined): string {
    return target === undefined ? '' : (this.#muster.targets.get(target)?.title ?? target);
  }

  async #whatIsMissing(): Promise<string> {
    const { items } = await this.#muster.store.read((tx) => tx.exceptions({ open: true, person: this.#person }, {}));
    const person = await this.#read();
    const open = items.map((exception) => `  - ${exception.reason}`);
    return [`${this.#person} is ${person?.state ?? 'unknown'}, and not Terminated`, ...open].join('\n');
  }
}

function inWords(accounts: z.infer<typeof accessClosed>['accounts']): string {
  if (accounts.length === 0) return 'no account there';
  const sum = (of: (account: (typeof accounts)[number]) => number) =>
    accounts.reduce((total, each) => total + of(each), 0);
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
  const entitlements = sum((account) => account.entitlements);
  const sessions = sum((account) => account.sessions);
  const parts = [
    `${count(accounts.length, 'account')} closed (${accounts.map((account) => account.kind).join(', ')})`,
    ...(entitlements === 0 ? [] : [`${count(entitlements, 'entitlement')} taken away`]),
    ...(sessions === 0 ? [] : [`${count(sessions, 'session')} ended`]),
  ];
  return parts.join(', ');
}
