import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { beginAccess, finishAccess, plannedTargets } from '../../activities/access.ts';
import { admitEvent } from '../../activities/admit-event.ts';
import { comeDue } from '../../activities/come-due.ts';
import { decideEvent } from '../../activities/decide-event.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import { beginEnd, finishEnd } from '../../activities/ends.ts';
import type { SourceConfig } from '../config.ts';
import type { Store } from '../directory/store.ts';
import type { Approval } from '../model/approval.ts';
import type { EventOutcome, IdentityEvent } from '../model/event.ts';
import type { OpenException } from '../model/exception.ts';
import { Failure } from '../model/failure.ts';
import { eventWorkflowId, personWorkflowId } from '../model/messages.ts';
import type { Account, PendingChange, Person, PersonState } from '../model/person.ts';
import type { AccessPlan, Plan } from '../model/plan.ts';
import type { BegunEnd } from '../model/work.ts';
import { planEnd } from '../policy/plan.ts';
import type { Policy } from '../policy/schema.ts';
import type { ConnectedTargets } from '../targets/connect.ts';
import { accountsAfter } from './accounts-after.ts';
import { type DryStore, silentWorkflows, takenBack } from './dry-store.ts';
import { planOfEvidence } from './plan-of-evidence.ts';
import { type Seen, seeTargets } from './see.ts';

/** What plans are made with. */
export interface Planning {
  store: Store;
  policy: Policy;
  targets: ConnectedTargets;
  sources: Record<string, Pick<SourceConfig, 'authoritative' | 'duplicateWindow' | 'mode'>>;
  /** May targets be asked what they hold? Otherwise what the directory knows of it counts. */
  live: boolean;
  log: Logger;
}

/** What would happen. */
export interface DryRun {
  /** Absent: nobody is known, and nobody would be made. */
  person?: string;
  outcome: EventOutcome;
  reason?: string;
  /** `before` is absent for somebody who would be made. */
  state: { before?: PersonState; after?: PersonState };
  /** Every moment at which something of this would be done, now the first. */
  moments: Moment[];
  /** What would be put on the timeline, or moved, and what would be taken off it. */
  due: PendingChange[];
  gone: PendingChange[];
  /** What somebody would have to see to. */
  exceptions: OpenException[];
  /** What they have now, as it was planned from. */
  accounts: Account[];
  /** Targets that were read, and that did not answer. */
  seen?: Pick<Seen, 'read' | 'unread'>;
}

export interface Moment {
  /** ISO instant. */
  at: string;
  state: PersonState;
  /** A plan of access, or of the end of all of it; absent where nothing is to be changed. */
  plan?: Plan | AccessPlan;
  /** Who would be asked what. */
  asks: Approval[];
  /** The safeguard's hold that would keep it. */
  held?: string;
}

export interface DryRequest {
  event: IdentityEvent;
  /** Whose it is, where that is known; otherwise they are looked for as always. */
  person?: string;
  /** What this operator must not learn is as if it were not there. */
  hides(change: PendingChange): boolean;
  /** ISO instant. */
  now: string;
}

/** So many moments, and so far ahead, are looked at. */
const mostMoments = 40;
const horizonMs = 400 * 24 * 3_600_000;

/**
 * What an event would do, by the very functions that a real one goes through, in a transaction that is taken back: nothing is
 * written, nobody is told, and no target is asked for more than what it holds.
 */
export async function dryRun(planning: Planning, request: DryRequest): Promise<DryRun> {
  const first = await attempt(planning, request);
  if (!('see' in first)) return first;
  // Outside any transaction: a slow target must keep nobody waiting.
  return finished(await attempt(planning, request, await seeTargets(planning.targets, first.see, request.now)));
}

function finished(result: DryRun | { see: Person }): DryRun {
  if ('see' in result) throw new Failure('protocol', 'a dry run wants to see what it has seen');
  return result;
}

function attempt(planning: Planning, request: DryRequest, seen?: Seen): Promise<DryRun | { see: Person }> {
  return takenBack(planning.store, (dry) => new Rehearsal(planning, request, dry, seen).run());
}

class Rehearsal {
  readonly #planning: Planning;
  readonly #request: DryRequest;
  readonly #dry: DryStore;
  readonly #dependencies: Dependencies;
  readonly #seen: Seen | undefined;
  readonly #moments: Moment[] = [];
  readonly #asked = new Set<string>();
  #now: string;

  constructor(planning: Planning, request: DryRequest, dry: DryStore, seen: Seen | undefined) {
    const { policy, targets, sources, log } = planning;
    this.#planning = planning;
    this.#request = request;
    this.#dry = dry;
    this.#seen = seen;
    this.#now = request.now;
    const { ends, retries } = policy;
    this.#dependencies = {
      ...{ store: dry.store, policy, targets, log, workflows: silentWorkflows() },
      // What a source that is only watched would do is the question here.
      sources: Object.fromEntries(
        Object.entries(sources).map(([name, source]) => [name, { ...source, mode: 'enforce' as const }]),
      ),
      timing: {
        ...{ readAgainMs: ends.readAgainAfter, slowRetryMs: retries.refused, seeMs: retries.call },
        ...{ retryInitialMs: retries.first, retryMaximumMs: retries.longest, hopMs: horizonMs, callMs: retries.call },
      },
      proofKey: () => Promise.reject(new Failure('refused', 'a dry run vouches for nobody')),
    };
  }

  async run(): Promise<DryRun | { see: Person }> {
    const { event, person: given, now } = this.#request;
    const { tx } = this.#dry;
    const people = given === undefined ? await tx.peopleWith({ type: 'workerId', value: event.subject }) : [given];
    for (const id of people) await this.#hide(id);
    const before = given ?? (people.length === 1 ? people[0] : undefined);
    const known = before === undefined ? undefined : await tx.person(before);
    const workflowId = eventWorkflowId(event.key);
    const attach = given === undefined ? {} : { attachTo: given };
    const admission = await admitEvent(this.#dependencies, {
      ...{ event, now, workflowId, firstRunId: `dry-run-${randomUUID()}`, ...attach },
    });
    if (admission.kind !== 'admitted') {
      const why = admission.kind === 'stopped' ? `the source ${event.source} is stopped` : 'it was settled before';
      return this.#nobody(admission.kind === 'stopped' ? 'held' : 'duplicate', why);
    }
    const { match } = admission;
    if (match.kind === 'nobody') return this.#nobody('waiting', `nobody is known as ${event.subject}`);
    if (match.kind === 'several') {
      const who = match.people.length === 1 ? 'may be' : 'is somebody of';
      return this.#nobody('waiting', `it ${who} ${match.people.join(', ')}: a person must say which`);
    }
    return this.#rehearse(match.person, known?.id === match.person ? known : undefined);
  }

  #nobody(outcome: EventOutcome, reason: string): DryRun {
    const { exceptions } = this.#dry.noted;
    return { outcome, reason, state: {}, moments: [], due: [], gone: [], exceptions, accounts: [] };
  }

  async #hide(id: string): Promise<void> {
    const { tx } = this.#dry;
    const person = await tx.person(id);
    for (const change of person?.pending ?? []) if (this.#request.hides(change)) await tx.removePending(id, change.id);
  }

  async #rehearse(id: string, before: Person | undefined): Promise<DryRun | { see: Person }> {
    const { event, now } = this.#request;
    const workflowId = personWorkflowId(id);
    const decision = await decideEvent(this.#dependencies, { person: id, event, now, workflowId });
    if (decision.end !== undefined) await this.#ends(id, decision.end);
    else await this.#onlyAsked(id);
    if (await this.#mustSee(id)) return { see: await this.#person(id) };
    await this.#moment(id);
    const after = await this.#person(id);
    const said = await this.#dry.tx.personEvent(id, event.key);
    const pending = before?.pending ?? [];
    const due = after.pending.filter((row) => !pending.some((was) => same(was, row)) && this.#isOwn(row));
    const gone = pending.filter(
      (was) => !this.#request.hides(was) && !after.pending.some((row) => row.id === was.id || same(was, row)),
    );
    const exceptions = [...this.#dry.noted.exceptions];
    const first: Omit<DryRun, 'moments'> = {
      ...{
        person: id,
        outcome: said?.outcome ?? 'applied',
        ...(said?.reason === undefined ? {} : { reason: said.reason }),
      },
      state: { ...(before === undefined ? {} : { before: before.state }), after: after.state },
      ...{ due, gone, exceptions: exceptions.filter((each) => each.event === event.key) },
      accounts: this.#seen === undefined ? (before?.accounts ?? []) : merged(before, this.#seen.accounts),
      ...(this.#seen === undefined ? {} : { seen: { read: this.#seen.read, unread: this.#seen.unread } }),
    };
    await this.#ahead(id);
    return { ...first, moments: this.#moments };
  }

  /** Would the real run read the targets now? Then it is done, once, and everything begins again with what they said. */
  async #mustSee(id: string): Promise<boolean> {
    if (!this.#planning.live || this.#seen !== undefined) return false;
    const person = await this.#person(id);
    const ended = this.#moments.some(({ plan }) => plan !== undefined);
    return ended || person.pending.some((row) => isAccess(row) && row.data['see'] === true && this.#isDue(row));
  }

  /** All that is due at this moment, until nothing is. */
  async #moment(id: string): Promise<void> {
    for (let step = 0; step < mostMoments; step += 1) {
      const person = await this.#person(id);
      const due = person.pending.filter((row) => this.#isDue(row));
      const state = due.find(({ kind }) => kind === 'start' || kind === 'change' || kind === 'leave');
      const end = due.find(({ kind }) => kind === 'end');
      const rows = due.filter(isAccess);
      const workflowId = personWorkflowId(id);
      if (end !== undefined) {
        const begun = await beginEnd(this.#dependencies, { person: id, pending: end.id, now: this.#now, workflowId });
        if (begun.end !== undefined) await this.#ends(id, begun.end);
        else if ((await this.#person(id)).pending.some((row) => same(row, end))) return;
      } else if (state !== undefined) {
        await comeDue(this.#dependencies, { person: id, pending: state.id, now: this.#now, workflowId });
      } else if (rows.length > 0) {
        await this.#access(id, rows);
      } else {
        return;
      }
    }
  }

  async #access(id: string, rows: PendingChange[]): Promise<void> {
    const { tx, noted } = this.#dry;
    const workflowId = personWorkflowId(id);
    const request = { person: id, pending: rows.map((row) => row.id), now: this.#now, workflowId };
    const before = noted.evidence.length;
    let begun = await beginAccess(this.#dependencies, { ...request, seen: null });
    if (begun.see !== undefined) {
      const first = this.#now === this.#request.now;
      for (const account of first ? (this.#seen?.accounts ?? []) : []) await tx.putAccount(account);
      const seen = first ? (this.#seen?.read ?? begun.see.targets) : begun.see.targets;
      begun = await beginAccess(this.#dependencies, { ...request, seen });
    }
    const person = await this.#person(id);
    const made = noted.evidence.slice(before).find(({ kind }) => kind === 'plan-made');
    const plan = begun.access?.plan ?? (made === undefined ? undefined : planOfEvidence(id, made));
    const held = person.pending.find((row) => request.pending.includes(row.id) && row.data['hold'] !== undefined);
    await this.#note(person, rows, plan, held === undefined ? undefined : String(held.data['hold']));
    if (begun.access === undefined) return;
    await accountsAfter(tx, person, begun.access.plan.changes);
    await finishAccess(this.#dependencies, { person: id, access: begun.access, now: this.#now, workflowId });
  }

  async #ends(id: string, end: BegunEnd): Promise<void> {
    const person = await this.#person(id);
    const rows = person.pending.filter((row) => row.id === end.pending);
    await this.#note(person, rows, end.plan, undefined);
    await accountsAfter(this.#dry.tx, person, end.plan.changes);
    await finishEnd(this.#dependencies, { person: id, end, now: this.#now, workflowId: personWorkflowId(id) });
  }

  /** What is decided without a plan: people are asked first, or a safeguard would hold an end, which is shown as it would be. */
  async #onlyAsked(id: string): Promise<void> {
    const { event } = this.#request;
    const person = await this.#person(id);
    const asks = await this.#newAsks(id);
    if (asks.length > 0) this.#moments.push({ at: this.#now, state: person.state, asks });
    const row = person.pending.find(({ kind, data, event: of }) => kind === 'end' && of === event.key && data['hold']);
    if (row === undefined) return;
    const { policy, targets } = this.#planning;
    const at = typeof row.data['effective'] === 'string' ? row.data['effective'] : row.dueAt;
    const plan = planEnd({ person, event, policy, at, targets: plannedTargets({ targets }) });
    await this.#note(person, [row], plan, String(row.data['hold']));
  }

  /** Keeps what concerns the event; what else is due in between goes on unseen. */
  async #note(person: Person, rows: PendingChange[], plan: Moment['plan'], held: string | undefined): Promise<void> {
    const asks = await this.#newAsks(person.id);
    if (!rows.some((row) => this.#isOwn(row))) return;
    this.#moments.push({
      ...{ at: this.#now, state: person.state, asks },
      ...(plan === undefined ? {} : { plan }),
      ...(held === undefined ? {} : { held }),
    });
  }

  async #newAsks(person: string): Promise<Approval[]> {
    const { items } = await this.#dry.tx.approvals({ person, open: true }, { limit: 500 });
    const asks = items.filter((each) => each.event === this.#request.event.key && !this.#asked.has(each.id));
    for (const { id } of asks) this.#asked.add(id);
    return asks;
  }

  /** What comes of it on later days. */
  async #ahead(id: string): Promise<void> {
    const last = Date.parse(this.#request.now) + horizonMs;
    for (let moment = 0; moment < mostMoments; moment += 1) {
      const person = await this.#person(id);
      const rows = person.pending.filter((row) => isLookedAt(row) && row.data['hold'] === undefined);
      if (!rows.some((row) => this.#isOwn(row))) return;
      const next = Math.min(...rows.map(({ dueAt }) => Date.parse(dueAt)));
      if (next > last || next < Date.parse(this.#now)) return;
      this.#now = new Date(next).toISOString();
      await this.#moment(id);
    }
  }

  #isDue(row: PendingChange): boolean {
    return isLookedAt(row) && row.data['hold'] === undefined && Date.parse(row.dueAt) <= Date.parse(this.#now);
  }

  #isOwn({ event, data }: PendingChange): boolean {
    const { key } = this.#request.event;
    return (
      event === key || (Array.isArray(data['moves']) && data['moves'].some((move) => Object(move)['event'] === key))
    );
  }

  async #person(id: string): Promise<Person> {
    const person = await this.#dry.tx.person(id);
    if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
    return person;
  }
}

const accessKinds: ReadonlySet<PendingChange['kind']> = new Set(['access', 'grace', 'later']);

const isAccess = ({ kind, data }: PendingChange): boolean => accessKinds.has(kind) && data['action'] !== 'readAgain';

/** Reminders, questions and orders change no access: they are on the timeline, and nothing is planned for them. */
const isLookedAt = (row: PendingChange): boolean =>
  isAccess(row) || row.kind === 'start' || row.kind === 'end' || row.kind === 'change' || row.kind === 'leave';

const same = (one: PendingChange, other: PendingChange | undefined): boolean =>
  other !== undefined && one.id === other.id && one.dueAt === other.dueAt;

function merged(person: Person | undefined, seen: Account[]): Account[] {
  const rest = (person?.accounts ?? []).filter(
    (known) => !seen.some(({ target, id }) => target === known.target && id === known.id),
  );
  return [...seen, ...rest];
}
