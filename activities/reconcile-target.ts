import { Context } from '@temporalio/activity';
import type { Transaction } from '../src/directory/store.ts';
import {
  type CheckRun,
  type Drift,
  type DriftAction,
  type DriftData,
  type Finding,
  findings,
  ownSource,
  type ReconcileActivities,
  type Reconciled,
  schedules,
} from '../src/model/checks.ts';
import type { IdentityEvent } from '../src/model/event.ts';
import type { Person } from '../src/model/person.ts';
import { startEvent } from '../src/receiver/event-start.ts';
import { insideEvent } from '../src/receiver/inside-event.ts';
import { correlate } from '../src/reconciliation/correlate.ts';
import { type Comparing, differencesOf, isMissed } from '../src/reconciliation/differences.ts';
import type { AccountsAbility, CallContext, ListedAccount } from '../src/targets/target.ts';
import type { Dependencies } from './dependencies.ts';
import { raise } from './exceptions.ts';
import { listedAccounts, readingContext, slices } from './reading-context.ts';
import { resolveSettled } from './resolve-settled.ts';
import { targetOf } from './target-of.ts';

/** Differences that are kept one by one; more of them are counted. A target with so many is another problem than drift. */
const mostKept = 20_000;
/** Differences in one piece of evidence. */
const perPiece = 200;

type Decided = Drift & { action: DriftAction };

/** Reads one target in full and says where it differs from what should be; what policy has repaired becomes events. */
export async function reconcileTarget(
  dependencies: Dependencies,
  request: CheckRun & { target: string },
): Promise<Reconciled> {
  return new Reading(dependencies, request).run();
}

/** Targets that can be listed: the others have no accounts, or none that Muster could look through. */
export function targetsToReconcile({ targets }: Dependencies): string[] {
  return [...targets.values()].filter(({ target }) => target.accounts?.list !== undefined).map(({ name }) => name);
}

/** A target that could not be read to its end; one exception until it can be. */
export async function targetUnread(
  dependencies: Dependencies,
  { target, message, run, now }: Parameters<ReconcileActivities['targetUnread']>[0],
): Promise<void> {
  const { title } = targetOf(dependencies, target);
  await dependencies.store.transaction(async (tx) => {
    const open = await openDrift(tx, target);
    if (open.some((id) => id.startsWith(`${schedules.reconcile}/${target}/unread/`))) return;
    await raise(tx, dependencies, {
      request: {
        step: `${target}/unread/${run}`,
        kind: 'drift',
        target,
        reason: `${title} could not be read in full: ${message} Whether leavers have open accounts there is unknown until it can be; this closes by itself then.`,
      },
      workflowId: schedules.reconcile,
      now,
    });
  });
}

/** One reading of one target. Memory holds differences and the ids of accounts that are known, never the target. */
class Reading {
  readonly #dependencies: Dependencies;
  readonly #request: CheckRun & { target: string };
  readonly #comparing: Comparing;
  readonly #accounts: AccountsAbility;
  readonly #list: (context: CallContext) => AsyncIterable<ListedAccount[]>;
  readonly #context: CallContext;
  readonly #observed: boolean;
  readonly #seen = new Set<string>();
  readonly #kept: Decided[] = [];
  readonly #found: Record<Finding, number> = { 'live-leaver': 0, unplanned: 0, orphan: 0, vanished: 0 };
  /** Differences to be repaired, by person. */
  readonly #repairs = new Map<string, Drift[]>();
  #read = 0;
  #started = 0;

  constructor(dependencies: Dependencies, request: CheckRun & { target: string }) {
    const { target, now, run } = request;
    const { accounts, list } = listedAccounts(dependencies, target);
    this.#dependencies = dependencies;
    this.#request = request;
    this.#comparing = { target, policy: dependencies.policy, now };
    this.#accounts = accounts;
    this.#list = list;
    this.#context = readingContext(`${schedules.reconcile}/${run}/${target}`, now);
    this.#observed = targetOf(dependencies, target).entry.mode === 'observe';
  }

  async run(): Promise<Reconciled> {
    for await (const page of this.#list(this.#context)) {
      for (const some of slices(page)) await this.#compare(some);
      this.#alive();
    }
    await this.#findMissed();
    for (const [person, drifts] of this.#repairs) await this.#repair(person, drifts);
    await this.#write();
    const { target } = this.#request;
    return { target, accounts: this.#read, found: this.#found, repairs: this.#started };
  }

  async #compare(page: readonly ListedAccount[]): Promise<void> {
    const { store } = this.#dependencies;
    const { target } = this.#request;
    this.#read += page.length;
    for (const { account, people } of await store.read((reader) => correlate(reader, target, page))) {
      const [person, ...more] = people;
      if (person === undefined || more.length > 0) {
        // Nobody can say whose it is: that is as good as nobody's.
        if (account.status === 'enabled') await this.#take({ target, account: account.id, finding: 'orphan' });
        continue;
      }
      if (person.accounts.some((each) => each.target === target && each.id === account.id)) this.#seen.add(account.id);
      if (differencesOf(this.#comparing, account, person).length === 0) continue;
      for (const drift of await this.#again(account.id, person.id)) await this.#take(drift);
      this.#alive();
    }
  }

  /** Reads account and person once more: a page is old when it is compared, and somebody may be at work on it. */
  async #again(account: string, id: string): Promise<Drift[]> {
    const seen = await this.#accounts.read(account, this.#context);
    const person = await this.#dependencies.store.read((reader) => reader.person(id));
    if (seen === undefined || seen.status === 'absent' || person === undefined) return [];
    return differencesOf(this.#comparing, seen, person);
  }

  /** Accounts that the directory has and the target did not list. */
  async #findMissed(): Promise<void> {
    const { store } = this.#dependencies;
    const { target } = this.#request;
    let cursor: string | undefined;
    do {
      const page = await store.read((reader) =>
        reader.people({ target }, { limit: 200, ...(cursor === undefined ? {} : { cursor }) }),
      );
      for (const person of page.items) {
        for (const account of person.accounts) {
          if (this.#seen.has(account.id) || !isMissed(this.#comparing, person, account)) continue;
          const seen = await this.#accounts.read(account.id, this.#context);
          if (seen !== undefined && seen.status !== 'absent') continue;
          await this.#take({ target, account: account.id, finding: 'vanished', person: person.id });
        }
      }
      this.#alive();
      cursor = page.next;
    } while (cursor !== undefined);
  }

  async #take(drift: Drift): Promise<void> {
    const action = await this.#actionFor(drift);
    this.#found[drift.finding] += 1;
    if (this.#kept.length < mostKept) this.#kept.push({ ...drift, action });
    if (action !== 'repair' || drift.person === undefined) return;
    if (drift.finding === 'live-leaver') return this.#repair(drift.person, [drift]);
    this.#repairs.set(drift.person, [...(this.#repairs.get(drift.person) ?? []), drift]);
  }

  /** What Muster may not write is never repaired, and a leaver's open account is never only a line in a report. */
  async #actionFor({ finding, person: id, account }: Drift): Promise<DriftAction> {
    const { drift } = this.#dependencies.policy;
    if (finding === 'live-leaver') {
      const person = id === undefined ? undefined : await this.#person(id);
      const known = person?.accounts.find((each) => each.target === this.#request.target && each.id === account);
      return this.#observed || known?.managedBy !== undefined ? 'ask' : 'repair';
    }
    return this.#observed ? 'report' : drift[finding];
  }

  #person(id: string): Promise<Person | undefined> {
    return this.#dependencies.store.read((reader) => reader.person(id));
  }

  /** One event for each person and reading; of a leaver's second account the first event's closing sees to as well. */
  async #repair(person: string, drifts: Drift[]): Promise<void> {
    if (await startEvent(this.#dependencies.workflows, eventOf(this.#request, person, drifts))) this.#started += 1;
    this.#alive();
  }

  async #write(): Promise<void> {
    const { target, workflowId, run, now } = this.#request;
    const piece = { workflowId, target, at: now };
    for (const [index, some] of [...slices(this.#kept, perPiece)].entries()) {
      await this.#dependencies.store.write({
        evidence: [
          {
            ...piece,
            step: `${target}/${String(index).padStart(4, '0')}`,
            kind: 'drift-found',
            data: { findings: some.map(({ target: _, ...drift }) => drift) },
          },
        ],
      });
      this.#alive();
    }
    const data = { run, accounts: this.#read, found: this.#found, kept: this.#kept.length, repairs: this.#started };
    await this.#dependencies.store.transaction(async (tx) => {
      await this.#ask(tx);
      // Under the schedule's name as well: the latest of each target is what the drift report begins with.
      await tx.addEvidence([
        { ...piece, step: target, kind: 'target-reconciled', data },
        {
          ...{ ...piece, workflowId: schedules.reconcile, step: `${run}/${target}`, kind: 'target-reconciled' },
          data: { ...data, workflowId },
        },
      ]);
    });
  }

  /** One exception for each person and kind of difference, and one for all that belongs to nobody; those that are so no more are closed. */
  async #ask(tx: Transaction): Promise<void> {
    const { target, run, now } = this.#request;
    const asked = new Map<string, Decided[]>();
    for (const drift of this.#kept.filter(({ action }) => action === 'ask')) {
      const about = `${schedules.reconcile}/${target}/${drift.finding}/${drift.person ?? 'nobody'}/`;
      asked.set(about, [...(asked.get(about) ?? []), drift]);
    }
    const abouts = [...asked.keys()];
    await resolveSettled(tx, {
      ...{ kind: 'drift', prefix: `${schedules.reconcile}/${target}/`, target, now, reason: 'it is so no more' },
      stillSo: (id) => abouts.some((about) => id.startsWith(about)),
    });
    const open = await openDrift(tx, target);
    for (const [about, drifts] of asked) {
      const [first] = drifts;
      if (first === undefined || open.some((id) => id.startsWith(about))) continue;
      await raise(tx, this.#dependencies, {
        request: {
          step: `${about.slice(schedules.reconcile.length + 1)}${run}`,
          kind: 'drift',
          target,
          reason: wordsOf(drifts, targetOf(this.#dependencies, target).title),
          ...(first.person === undefined ? {} : { person: first.person }),
        },
        workflowId: schedules.reconcile,
        now,
      });
    }
  }

  #alive(): void {
    Context.current().heartbeat(this.#read);
  }
}

async function openDrift(tx: Pick<Transaction, 'exceptions'>, target: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await tx.exceptions(
      { open: true, kind: 'drift', target },
      { limit: 500, ...(cursor === undefined ? {} : { cursor }) },
    );
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
}

function eventOf({ run, target, now }: CheckRun & { target: string }, person: string, drifts: Drift[]): IdentityEvent {
  const data: DriftData = { findings: drifts.map(({ person: _, ...drift }) => drift) };
  const id = `${schedules.reconcile}.${run}-${target}.${person}`;
  return insideEvent({ source: ownSource, id, type: 'drift-found', subject: person, data, now });
}

const most = 20;

function wordsOf(drifts: readonly Drift[], title: string): string {
  const [first] = drifts;
  const list = drifts
    .slice(0, most)
    .map(({ account, entitlement }) => (entitlement === undefined ? account : `${account}: ${entitlement}`));
  if (drifts.length > most) list.push(`and ${drifts.length - most} more, which \`muster drift\` lists`);
  const what = {
    'live-leaver': `${first?.person} has left and has open accounts in ${title}, which Muster may not close there`,
    unplanned: `${first?.person} has in ${title} what no rule and no grant gives`,
    orphan: `${title} has ${drifts.length} open accounts that belong to nobody`,
    vanished: `${first?.person} has lost in ${title} what is due to them`,
  }[first?.finding ?? findings[1]];
  return `${what}: ${list.join('; ')}. Mend it there, or say what is right in policy.yaml or the directory; this closes by itself when it is so no more.`;
}
