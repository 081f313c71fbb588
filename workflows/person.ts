import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { DecideMessage } from '../src/model/approval.ts';
import type { IdentityEvent } from '../src/model/event.ts';
import type { ReleaseMessage } from '../src/model/hold.ts';
import {
  decideUpdate,
  deliverUpdate,
  type PersonInput,
  personSignals,
  type ResolveMessage,
  releasedSignal,
  releaseUpdate,
  resolveUpdate,
  statusQuery,
} from '../src/model/messages.ts';
import type { PendingChange } from '../src/model/person.ts';
import type { ExceptionRequest, PersonView } from '../src/model/work.ts';
import { adjust } from './adjust.ts';
import { answer } from './answer.ts';
import { Superseded } from './carry-out.ts';
import { Display } from './display.ts';
import { leaver } from './leaver.ts';
import { messages, now, records } from './muster-activities.ts';
import { order } from './order.ts';
import { readAgain } from './read-again.ts';
import { checkDecision, checkRelease, checkResolution, refuse, vouchedFor } from './resolution.ts';

export const deliver = defineUpdate<string, [IdentityEvent]>(deliverUpdate);
export const resolve = defineUpdate<string, [ResolveMessage]>(resolveUpdate);
export const decide = defineUpdate<string, [DecideMessage]>(decideUpdate);
export const release = defineUpdate<string, [ReleaseMessage]>(releaseUpdate);
export const released = defineSignal<[{ hold: string }]>(releasedSignal);
export const status = defineQuery<unknown>(statusQuery);

/**
 * One person in flight: the only writer of that person's access. It is open exactly while something is under way or
 * waits for its day; everything it knows rests in the directory, so a lost run is simply started again.
 */
export async function person(input: PersonInput): Promise<void> {
  const desk = new PersonDesk(input);
  setHandler(deliver, (event) => desk.take(event), {
    validator: checkDelivery,
    description: 'An event about this person (sent by its identityEvent workflow)',
  });
  setHandler(resolve, (message) => desk.resolve(message), {
    validator: (message) => checkResolution(message, ['retry', 'skip', 'done', 'drop', 'release']),
    description: '{"exception", "action": "retry"}: try a step again now; "done" and "drop" through Muster’s API',
  });
  setHandler(decide, (message) => desk.decide(message), {
    validator: checkDecision,
    description:
      '{"approval", "decision": "approve|refuse", "comment"}: through Muster’s API, which vouches for who decides',
  });
  setHandler(release, (message) => desk.releaseOne(message), {
    validator: checkRelease,
    description: '{"hold", "decision": "release|reject", "reason"}: through Muster’s API; for this person alone',
  });
  setHandler(released, ({ hold }) => desk.release(hold), {
    description: 'A safeguard’s hold was released or rejected',
  });
  for (const [name, description] of Object.entries(personSignals)) {
    setHandler(defineSignal<[unknown]>(name), (payload) => desk.signalled(name, payload), { description });
  }
  setHandler(status, () => desk.status(), { description: 'The whole state as JSON' });
  await desk.work();
}

/** A person's workflow at work: its box of events, its timeline, and the processes under way. */
export class PersonDesk {
  readonly person: string;
  readonly workflowId = workflowInfo().workflowId;
  readonly display = new Display();
  readonly #box: IdentityEvent[];
  /** Keys of events taken in this run; the server refuses repeats of an update within a run, this those after a reset. */
  readonly #taken = new Set<string>();
  readonly #processes = new Map<string, CancellationScope>();
  readonly #retries = new Map<string, (how: 'again' | 'skipped') => void>();
  /** What runs at each target: work for one person is never in the air twice at one of them. */
  readonly #busy = new Map<string, Promise<unknown>>();
  /** How much of it has begun or waits there. */
  readonly #inAir = new Map<string, number>();
  readonly #signals = new Map<string, number>();
  readonly #refusedSignals: string[] = [];
  #adjusting: { scope: CancellationScope; rows: ReadonlySet<string> } | undefined;
  /** Rows of the timeline that tell somebody something, and are being told. */
  readonly #telling = new Set<string>();
  #view: PersonView | undefined;
  #stirred = false;

  constructor(input: PersonInput) {
    this.person = input.person;
    this.#box = [...(input.box ?? [])];
    for (const event of this.#box) this.#taken.add(event.key);
  }

  take(event: IdentityEvent): string {
    if (this.#taken.has(event.key)) return 'taken before';
    this.#taken.add(event.key);
    this.#box.push(event);
    return 'taken';
  }

  /** `retry` tries a step again now. `done` and `drop` settle what waits for a person; a step is done when its target says so. */
  async resolve(message: ResolveMessage): Promise<string> {
    const by = await vouchedFor(message, message.exception ?? '', message.action);
    await condition(() => this.#view !== undefined);
    const open = this.view.exceptions.find(({ id }) => id === message.exception);
    const waitsForTarget = open === undefined || this.#retries.has(baseOf(open.id));
    if (message.action === 'retry' && open !== undefined && !waitsForTarget && open.id !== baseOf(open.id)) {
      this.refresh(await records.takeUpAgain({ person: this.person, exception: open.id, now: now() }));
      return `${open.id} is taken up again`;
    }
    if (message.action === 'retry' || (message.action === 'done' && waitsForTarget))
      return this.#retry(message.exception);
    if (message.action === 'skip') return this.#skip(message, by);
    if (message.action === 'release') return this.#releaseHeld(message, by);
    if (open === undefined || waitsForTarget) {
      refuse('nothing open by that name can be dropped: a step is done when its target says so, and tried until then');
    }
    if (message.action !== 'done' && message.action !== 'drop') return 'nothing done';
    this.refresh(
      await records.resolveByHand({
        person: this.person,
        exception: open.id,
        action: message.action,
        by,
        reason: message.reason ?? '',
        now: now(),
        workflowId: this.workflowId,
      }),
    );
    this.#stirred = true;
    return `${open.id}: ${message.action} by ${by}`;
  }

  /** Security's word lets go on what was nobody's: the event is decided as it came. */
  async #releaseHeld({ exception = '', reason = '' }: ResolveMessage, by: string): Promise<string> {
    const { view, end, refused } = await records.releaseHeld({
      ...{ person: this.person, exception, by, reason, now: now(), workflowId: this.workflowId },
    });
    this.refresh(view);
    if (end !== undefined) this.#end(end.pending, () => leaver(this, end));
    return refused === undefined ? `${exception}: released by ${by}` : refuse(refused);
  }

  /** Two people leave a step undone until a day: it is not tried any more, and comes back then. */
  async #skip(message: ResolveMessage, by: string): Promise<string> {
    const { exception, until, reason = '' } = message;
    const waiting = exception === undefined ? undefined : this.#retries.get(baseOf(exception));
    if (exception === undefined || waiting === undefined) refuse('nothing that is being tried goes by that name');
    this.refresh(
      await records.resolveExceptions({
        person: this.person,
        ids: [exception],
        action: 'skip',
        by,
        reason,
        now: now(),
        workflowId: this.workflowId,
      }),
    );
    waiting('skipped');
    return `${exception}: skipped by ${by} until ${until ?? 'it is opened again'}`;
  }

  /** An approver's word. The directory decides who may, and which of two that come at once counts. */
  async decide(message: DecideMessage): Promise<string> {
    const by = await vouchedFor(message, message.approval, message.decision);
    await condition(() => this.#view !== undefined);
    const { view, said, refused } = await records.decideApproval({
      person: this.person,
      approval: message.approval,
      decision: message.decision,
      by,
      now: now(),
      workflowId: this.workflowId,
      ...(message.comment === undefined ? {} : { comment: message.comment }),
    });
    this.refresh(view);
    return refused === undefined ? said : refuse(refused);
  }

  /** Somebody lets this one person go on out of a hold, or says that it never happens. */
  async releaseOne(message: ReleaseMessage): Promise<string> {
    const by = await vouchedFor(message, message.hold, message.decision);
    const answer = await messages.releaseOne({
      ...{
        person: this.person,
        hold: message.hold,
        decision: message.decision,
        by,
        reason: message.reason,
        now: now(),
      },
    });
    return 'said' in answer ? answer.said : refuse(answer.refused);
  }

  /** What a safeguard kept goes on, or is off. */
  release(hold: string): void {
    this.#startToTheEnd(`release:${hold}`, async () => {
      this.refresh(await records.letGo({ person: this.person, hold }));
    });
  }

  /** An order from the Web UI or the command line: it becomes an event, or leaves a line that says why not. */
  signalled(signal: string, payload: unknown): void {
    const nth = this.#signals.get(signal) ?? 0;
    this.#signals.set(signal, nth + 1);
    const id = uuid4();
    this.#startToTheEnd(`signal:${id}`, async () => {
      const { workflowId, runId } = workflowInfo();
      const taken = await messages.takeSignal({
        ...{ person: this.person, signal, nth, payload, id, now: now(), workflowId, runId },
      });
      if ('refused' in taken) {
        this.#refusedSignals.push(`${now()} ${taken.refused}`);
        log.warn('a signal was not obeyed', { signal, why: taken.refused });
      }
    });
  }

  /** A message that was taken is nowhere else: a run that starts afresh waits until it is dealt with. */
  #startToTheEnd(id: string, run: () => Promise<void>): void {
    this.#start(id, run, new CancellationScope({ cancellable: false }));
  }

  #retry(exception: string | undefined): string {
    const wanted = [...this.#retries].filter(([id]) => exception === undefined || id === baseOf(exception));
    for (const [, retry] of wanted) retry('again');
    return wanted.length === 0 ? 'nothing is waiting to be retried' : `retrying ${wanted.map(([id]) => id).join(', ')}`;
  }

  status(): unknown {
    return {
      person: this.person,
      ...this.#view,
      // What is confidential shows to nobody here before its time.
      ...(this.#view === undefined ? {} : { timeline: this.#view.timeline.filter(shows) }),
      box: this.#box.map((event) => event.key),
      underWay: [...this.#processes.keys()],
      refusedSignals: this.#refusedSignals,
    };
  }

  get view(): PersonView {
    if (this.#view === undefined) throw new Error('the desk is not open yet');
    return this.#view;
  }

  /** What an activity has just committed. The Web UI follows in the same workflow task, once, whatever else changes in it. */
  refresh(view: PersonView): void {
    this.#view = view;
    this.#stirred = true;
  }

  async open(): Promise<void> {
    this.#view = await records.openPerson({ person: this.person, workflowId: this.workflowId });
  }

  /** Until nothing is in flight any more. Leaving happens with no await between the last look at the box and the return. */
  async work(): Promise<void> {
    // An event's decision brings the person along; without one they are read from the directory.
    if (this.#box.length === 0) await this.open();
    for (;;) {
      for (let event = this.#box.shift(); event !== undefined; event = this.#box.shift()) await this.#decide(event);
      for (const due of this.#dueNow()) this.#fire(due);
      this.#adjust();
      this.display.show(this.view);
      if (this.#isQuiet() && this.#box.length === 0 && allHandlersFinished()) return;
      if (this.#isLong()) await this.#startAfresh();
      await this.#waitForSomething();
    }
  }

  #isLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength >= (this.view.timing.historyEvents ?? Number.POSITIVE_INFINITY);
  }

  async #decide(event: IdentityEvent): Promise<void> {
    const decision = await records.decideEvent({ person: this.person, event, now: now(), workflowId: this.workflowId });
    this.refresh(decision.view);
    const { end } = decision;
    if (end !== undefined) this.#end(end.pending, () => leaver(this, end));
  }

  /** An end overtakes whatever else is done about their access; each target's own running call is waited for there. */
  #end(id: string, run: () => Promise<void>): void {
    this.#adjusting?.scope.cancel();
    this.#start(id, run);
  }

  #fire(due: PendingChange): void {
    if (due.kind === 'end') {
      this.#end(due.id, async () => {
        const begun = await records.beginEnd({
          person: this.person,
          pending: due.id,
          now: now(),
          workflowId: this.workflowId,
        });
        this.refresh(begun.view);
        if (begun.end !== undefined) await leaver(this, begun.end);
      });
    } else if (due.kind === 'later' && due.data['action'] === 'readAgain') {
      this.#start(due.id, () => readAgain(this, due));
    } else if (due.kind === 'start' || due.kind === 'change' || due.kind === 'leave') {
      this.#start(due.id, () => this.#refreshBy(records.comeDue, due));
    } else if (due.kind === 'approval') {
      this.#start(due.id, () => this.#refreshBy(records.dueApproval, due));
    } else if (due.kind === 'order') {
      this.#start(due.id, () => order(this, due));
    } else if (due.kind === 'answer') {
      this.#start(due.id, () => answer(this, due));
    } else if (due.kind === 'reminder' && due.confidential) {
      this.#start(due.id, () => this.#refreshBy(messages.tellConfidentially, due));
    } else {
      log.warn('a pending change of a kind this version does not know is left as it is', {
        pending: due.id,
        kind: due.kind,
      });
      this.#processes.set(due.id, new CancellationScope());
    }
  }

  async #refreshBy(
    work: (request: { person: string; pending: string; now: string; workflowId: string }) => Promise<PersonView>,
    { id }: PendingChange,
  ): Promise<void> {
    this.refresh(await work({ person: this.person, pending: id, now: now(), workflowId: this.workflowId }));
  }

  /** Access is planned for all rows that are due, as one. A row that comes while a plan is carried out has it made anew. */
  #adjust(): void {
    const due = this.view.timeline.filter((change) => isAccess(change) && this.#isDue(change));
    this.#tell(due.filter(({ kind, id }) => kind === 'reminder' && !this.#telling.has(id)).map(({ id }) => id));
    const rows = due.filter(({ kind }) => kind !== 'reminder').map(({ id }) => id);
    if (rows.length === 0 || rows.every((id) => this.#adjusting?.rows.has(id))) return;
    this.#adjusting?.scope.cancel();
    const scope = new CancellationScope();
    const own = { scope, rows: new Set(rows) };
    this.#adjusting = own;
    const id = `access:${uuid4()}`;
    this.#start(
      id,
      async () => {
        try {
          await adjust(this, rows);
        } finally {
          if (this.#adjusting === own) this.#adjusting = undefined;
        }
      },
      scope,
    );
  }

  /** What only tells somebody something goes beside: it overtakes nothing, and nothing overtakes it. */
  #tell(rows: string[]): void {
    if (rows.length === 0) return;
    for (const id of rows) this.#telling.add(id);
    this.#start(`tell:${uuid4()}`, async () => {
      try {
        await adjust(this, rows);
      } finally {
        for (const id of rows) this.#telling.delete(id);
      }
    });
  }

  /** One piece of work for this person at a time at each target: whatever comes waits for the call that is in the air there. */
  atTarget<T>(target: string, work: () => Promise<T>): Promise<T> {
    const next = this.afterTarget(target, work);
    const count = (by: number) => this.#inAir.set(target, (this.#inAir.get(target) ?? 0) + by);
    count(1);
    this.#busy.set(
      target,
      next.then(
        () => count(-1),
        () => count(-1),
      ),
    );
    return next;
  }

  /** What changes nothing waits for what does, and keeps nothing waiting. */
  afterTarget<T>(target: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(target) ?? Promise.resolve();
    return before.then(work);
  }

  /** Is a call for this person in the air there, or waits for one that is? */
  isBusyAt(target: string): boolean {
    return (this.#inAir.get(target) ?? 0) > 0;
  }

  /** Has the process that asks been cancelled? */
  isCutOff(): boolean {
    return CancellationScope.current().consideredCancelled;
  }

  /** Runs a process beside the others. It never fails: what cannot be done now waits inside it, in sight. */
  #start(id: string, run: () => Promise<void>, scope = new CancellationScope()): void {
    this.#processes.set(id, scope);
    scope
      .run(run)
      .catch(async (error: unknown) => {
        // Newer work holds a later epoch, or this run is about to start afresh: the directory has what is due now.
        if (error instanceof Superseded) await this.open();
        else if (!isCancellation(error)) throw error;
      })
      .finally(() => {
        this.#processes.delete(id);
        this.#stirred = true;
      })
      .catch((error: unknown) => {
        this.#broken = error;
        this.#stirred = true;
      });
  }
  #broken: unknown;

  /** What is due and not under way. What changes the person's state happens one after the other, in effective order. */
  #dueNow(): PendingChange[] {
    const due = this.view.timeline.filter((change) => this.#isDue(change) && !isAccess(change));
    const next = due.find(({ kind }) => inOrder.has(kind));
    return due.filter((change) => !this.#processes.has(change.id) && (!inOrder.has(change.kind) || change === next));
  }

  #isDue(change: PendingChange): boolean {
    return Date.parse(change.dueAt) <= Date.now() && !this.#isBlocked(change);
  }

  /** Held by a safeguard; or they are on their way out, and what begins after that waits until they are. */
  #isBlocked(change: PendingChange): boolean {
    if (typeof change.data['hold'] === 'string') return true;
    return this.view.state === 'Terminating' && (change.kind === 'start' || isAccess(change));
  }

  #isQuiet(): boolean {
    return this.#processes.size === 0 && this.view.timeline.length === 0 && this.view.exceptions.length === 0;
  }

  async #waitForSomething(): Promise<void> {
    const stirred = () => this.#box.length > 0 || this.#stirred;
    const next = this.view.timeline.find((change) => !this.#needsNoTimer(change));
    if (next === undefined) await condition(stirred);
    else {
      const left = Math.max(1, Date.parse(next.dueAt) - Date.now());
      await condition(stirred, Math.min(left, this.view.timing.hopMs), { summary: this.display.waitsFor(next) });
    }
    this.#stirred = false;
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** It is under way, or waits for something else than its day. */
  #needsNoTimer(change: PendingChange): boolean {
    const { id } = change;
    const isUnderWay = this.#processes.has(id) || this.#telling.has(id) || this.#adjusting?.rows.has(id) === true;
    return isUnderWay || this.#isBlocked(change) || (inOrder.has(change.kind) && this.#isDue(change));
  }

  /** A new run with a short history. What was under way is in the directory and is taken up there. */
  async #startAfresh(): Promise<void> {
    for (const scope of this.#processes.values()) scope.cancel();
    await condition(() => this.#processes.size === 0 && allHandlersFinished());
    await continueAsNew<typeof person>({ person: this.person, box: this.#box });
  }

  /** Waits until somebody asks for another try, or `ms` have passed. */
  async untilRetry(exception: string, ms: number | undefined, summary: string): Promise<'again' | 'skipped'> {
    let asked: 'again' | 'skipped' | undefined;
    this.#retries.set(exception, (how) => {
      asked = how;
    });
    try {
      if (ms === undefined) await condition(() => asked !== undefined);
      else await condition(() => asked !== undefined, ms, { summary });
    } finally {
      this.#retries.delete(exception);
    }
    return asked ?? 'again';
  }

  /** While `work` runs, `resolve retry` for this exception cuts its pause short. */
  async retryable<T>(
    exceptions: string[],
    cut: (how: 'again' | 'skipped') => void,
    work: () => Promise<T>,
  ): Promise<T> {
    for (const exception of exceptions) this.#retries.set(exception, cut);
    try {
      return await work();
    } finally {
      for (const exception of exceptions) this.#retries.delete(exception);
    }
  }

  exceptionId(step: string): string {
    return `${this.workflowId}/${step}`;
  }

  async raise(owner: string, requests: ExceptionRequest[]): Promise<void> {
    if (requests.length === 0) return;
    this.refresh(
      await records.openExceptions({ person: this.person, requests, owner, now: now(), workflowId: this.workflowId }),
    );
  }

  /** Closes the exceptions of a step whose target has confirmed after all. */
  async settle(steps: string[]): Promise<void> {
    const bases = new Set(steps.map((step) => this.exceptionId(step)));
    const ids = this.view.exceptions.map(({ id }) => id).filter((id) => bases.has(baseOf(id)));
    if (ids.length === 0) return;
    this.refresh(
      await records.resolveExceptions({
        person: this.person,
        ids,
        action: 'done',
        by: 'muster',
        reason: 'the target has confirmed',
        now: now(),
        workflowId: this.workflowId,
      }),
    );
  }
}

/** Kinds of rows that change the person's state. */
const inOrder: ReadonlySet<PendingChange['kind']> = new Set(['start', 'change', 'leave', 'end']);

/** May anybody who looks at the workflow see it? */
const shows = ({ confidential, dueAt }: PendingChange): boolean => !confidential || Date.parse(dueAt) <= Date.now();

/** Rows that one plan of access answers. */
function isAccess({ kind, confidential, data }: PendingChange): boolean {
  if (kind === 'reminder') return !confidential;
  return kind === 'access' || kind === 'grace' || (kind === 'later' && data['action'] !== 'readAgain');
}

/** An exception that came back has its first id and a number. */
const baseOf = (exception: string): string => exception.replace(/#\d+$/, '');

function checkDelivery(event: IdentityEvent): void {
  if (typeof event?.key !== 'string' || typeof event.type !== 'string') throw new TypeError('not an event');
}
