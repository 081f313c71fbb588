import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { IdentityEvent } from '../src/model/event.ts';
import {
  deliverUpdate,
  type PersonInput,
  type ResolveMessage,
  resolveUpdate,
  statusQuery,
} from '../src/model/messages.ts';
import type { PendingChange } from '../src/model/person.ts';
import type { ExceptionRequest, PersonView } from '../src/model/work.ts';
import { Superseded } from './carry-out.ts';
import { Display } from './display.ts';
import { leaver } from './leaver.ts';
import { now, records } from './muster-activities.ts';
import { readAgain } from './read-again.ts';
import { checkResolution, refuse, vouchedFor } from './resolution.ts';

export const deliver = defineUpdate<string, [IdentityEvent]>(deliverUpdate);
export const resolve = defineUpdate<string, [ResolveMessage]>(resolveUpdate);
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
    validator: (message) => checkResolution(message, ['retry', 'done', 'drop']),
    description: '{"exception", "action": "retry"}: try a step again now; "done" and "drop" through Muster’s API',
  });
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
  readonly #retries = new Map<string, () => void>();
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
    const by = await vouchedFor(message, message.exception ?? '');
    await condition(() => this.#view !== undefined);
    const open = this.view.exceptions.find(({ id }) => id === message.exception);
    const waitsForTarget = open === undefined || this.#retries.has(open.id);
    if (message.action === 'retry' || (message.action === 'done' && waitsForTarget))
      return this.#retry(message.exception);
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

  #retry(exception: string | undefined): string {
    const wanted = [...this.#retries].filter(([id]) => exception === undefined || id === exception);
    for (const [, retry] of wanted) retry();
    return wanted.length === 0 ? 'nothing is waiting to be retried' : `retrying ${wanted.map(([id]) => id).join(', ')}`;
  }

  status(): unknown {
    return {
      person: this.person,
      ...this.#view,
      box: this.#box.map((event) => event.key),
      underWay: [...this.#processes.keys()],
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
      this.display.show(this.view);
      if (this.#isQuiet() && this.#box.length === 0 && allHandlersFinished()) return;
      if (workflowInfo().continueAsNewSuggested) await this.#startAfresh();
      await this.#waitForSomething();
    }
  }

  async #decide(event: IdentityEvent): Promise<void> {
    const decision = await records.decideEvent({ person: this.person, event, now: now(), workflowId: this.workflowId });
    this.refresh(decision.view);
    const { end } = decision;
    if (end !== undefined) this.#start(end.pending, () => leaver(this, end));
  }

  #fire(due: PendingChange): void {
    if (due.kind === 'end') {
      this.#start(due.id, async () => {
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
    } else if (due.kind === 'start') {
      this.#start(due.id, () => this.#begin(due));
    } else {
      log.warn('a pending change of a kind this version does not know is left as it is', {
        pending: due.id,
        kind: due.kind,
      });
      this.#processes.set(due.id, new CancellationScope());
    }
  }

  /** 00:00 on the start date has come. */
  async #begin(due: PendingChange): Promise<void> {
    this.refresh(
      await records.finishPending({
        person: this.person,
        pending: due.id,
        now: now(),
        workflowId: this.workflowId,
        step: due.id,
        kind: 'person-active',
        data: { startDate: due.date ?? null, zone: due.zone ?? null },
      }),
    );
  }

  /** Runs a process beside the others. It never fails: what cannot be done now waits inside it, in sight. */
  #start(id: string, run: () => Promise<void>): void {
    const scope = new CancellationScope();
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

  #dueNow(): PendingChange[] {
    return this.view.timeline.filter(
      (change) => Date.parse(change.dueAt) <= Date.now() && !this.#processes.has(change.id),
    );
  }

  #isQuiet(): boolean {
    return this.#processes.size === 0 && this.view.timeline.length === 0 && this.view.exceptions.length === 0;
  }

  async #waitForSomething(): Promise<void> {
    const stirred = () => this.#box.length > 0 || this.#stirred;
    const next = this.view.timeline.find((change) => !this.#processes.has(change.id));
    if (next === undefined) await condition(stirred);
    else {
      const left = Math.max(1, Date.parse(next.dueAt) - Date.now());
      await condition(stirred, Math.min(left, this.view.timing.hopMs), { summary: this.display.waitsFor(next) });
    }
    this.#stirred = false;
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** A new run with a short history. What was under way is in the directory and is taken up there. */
  async #startAfresh(): Promise<void> {
    for (const scope of this.#processes.values()) scope.cancel();
    await condition(() => this.#processes.size === 0 && allHandlersFinished());
    await continueAsNew<typeof person>({ person: this.person, box: this.#box });
  }

  /** Waits until somebody asks for another try, or `ms` have passed. */
  async untilRetry(exception: string, ms: number, summary: string): Promise<void> {
    let asked = false;
    this.#retries.set(exception, () => {
      asked = true;
    });
    await condition(() => asked, ms, { summary });
    this.#retries.delete(exception);
  }

  /** While `work` runs, `resolve retry` for this exception cuts its pause short. */
  async retryable<T>(exception: string, cut: () => void, work: () => Promise<T>): Promise<T> {
    this.#retries.set(exception, cut);
    try {
      return await work();
    } finally {
      this.#retries.delete(exception);
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
    const ids = steps
      .map((step) => this.exceptionId(step))
      .filter((id) => this.view.exceptions.some((open) => open.id === id));
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

function checkDelivery(event: IdentityEvent): void {
  if (typeof event?.key !== 'string' || typeof event.type !== 'string') throw new TypeError('not an event');
}
