import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { MusterActivities } from '../activities/activities.ts';
import type { EventOutcome, IdentityEvent, Settlement } from '../src/model/event.ts';
import {
  type EventInput,
  type EventTiming,
  personCreatedSignal,
  priorities,
  type ResolveMessage,
  resolveUpdate,
  settledSignal,
  statusQuery,
} from '../src/model/messages.ts';
import { priorityOf } from '../src/model/priority.ts';
import type { Admission, EventRequest, Match, Reading } from '../src/model/work.ts';
import { failureWords } from './failure-words.ts';
import { messages, now, records } from './muster-activities.ts';
import { checkResolution, type Resolution, refuse, vouchedFor } from './resolution.ts';
import { attributes } from './search-attributes.ts';

export const settled = defineSignal<[Settlement]>(settledSignal);
export const personCreated = defineSignal(personCreatedSignal);
export const resolve = defineUpdate<string, [ResolveMessage]>(resolveUpdate);
export const status = defineQuery<unknown>(statusQuery);

/** Page after page of another system's: longer than a message. */
const reading = proxyActivities<MusterActivities>({
  startToCloseTimeout: '5m',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});

/** A source that does not answer keeps an event no longer than this. */
const asking = proxyActivities<MusterActivities>({
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '5m',
  retry: { initialInterval: '2s', maximumInterval: '1m' },
});

const usualTiming: EventTiming = { lookAgainMs: 30_000, looks: 3, firstRedeliverMs: 60_000, redeliverMs: 300_000 };

/** One event from its arrival to its outcome. It is keyed by the event's id, so a second start of the same event is refused. */
export async function identityEvent(input: EventInput): Promise<Settlement> {
  const arrival = new ArrivalDesk(input);
  setHandler(settled, (message) => arrival.hear(message), { description: 'The person says what became of the event' });
  setHandler(personCreated, () => arrival.wake(), { description: 'The person this event waits for is there now' });
  setHandler(resolve, (message) => arrival.resolve(message), {
    validator: (message) => checkResolution(message, ['retry', 'attach', 'drop']),
    description: 'retry | attach | drop an event that waits for its person',
  });
  setHandler(status, () => arrival.status());

  const admission = await arrival.admit();
  if (admission.kind === 'duplicate')
    return arrival.end({ event: input.event.key, outcome: 'duplicate', reason: admission.outcome });
  if (admission.event !== undefined) arrival.goBy(admission.event);

  if (arrival.isForMany()) return arrival.end(await arrival.spread());
  const match = admission.match.kind === 'person' ? admission.match : await arrival.waitForPerson(admission.match);
  if (match === 'dropped') return arrival.end({ event: arrival.key, outcome: 'dropped' });
  return arrival.end(await arrival.deliver(match));
}

type Admitted = Exclude<Admission, { kind: 'stopped' }>;
type Found = Extract<Match, { kind: 'person' }>;

/** What somebody decided, and what came of it: said when it is done. */
interface Asked {
  resolution: Resolution;
  said?: string;
  refused?: string;
}

/** What `identityEvent` knows while it runs. */
class ArrivalDesk {
  #event: IdentityEvent;
  readonly #input: EventInput;
  readonly #timing: EventTiming;
  #settlement: Settlement | undefined;
  readonly #asked: Asked[] = [];
  #woken = false;
  #waitingFor = 'admission';

  constructor(input: EventInput) {
    this.#event = input.event;
    this.#input = input;
    this.#timing = input.timing ?? usualTiming;
  }

  get key(): string {
    return this.#event.key;
  }

  /** An equal event of long ago has the key it came with. */
  goBy(event: IdentityEvent): void {
    this.#event = event;
    upsertSearchAttributes([{ key: attributes.event, value: event.key }]);
  }

  hear(message: Settlement): void {
    if (message.event !== this.#event.key || (this.#settlement !== undefined && isFinal(this.#settlement))) return;
    this.#settlement = message;
  }

  #heard(): Settlement | undefined {
    return this.#settlement;
  }

  wake(): void {
    this.#woken = true;
  }

  /** Answers with what came of it, so that nobody need look again. */
  async resolve(message: ResolveMessage): Promise<string> {
    const asked: Asked = { resolution: { ...message, by: await vouchedFor(message, this.#event.key, message.action) } };
    this.#asked.push(asked);
    await condition(() => asked.said !== undefined || asked.refused !== undefined || this.#waitingFor !== 'person');
    return asked.said ?? refuse(asked.refused ?? `${this.#event.key} does not wait for anybody to say whose it is`);
  }

  status(): unknown {
    return {
      event: this.#event.key,
      type: this.#event.type,
      waitingFor: this.#waitingFor,
      settlement: this.#settlement ?? null,
    };
  }

  request(): EventRequest {
    const { workflowId, firstExecutionRunId } = workflowInfo();
    return { event: this.#event, now: now(), workflowId, firstRunId: firstExecutionRunId };
  }

  /** Enters the event; while its source is stopped it is kept, and asks again, urgent ones sooner. */
  async admit(): Promise<Admitted> {
    const isUrgent = priorityOf(this.#event) <= priorities.termination;
    for (let looks = 0; ; looks += 1) {
      const admission = await records.admitEvent(this.request());
      if (admission.kind !== 'stopped') {
        if (looks > 0) this.#showStop(false);
        return admission;
      }
      if (looks === 0) this.#showStop(true);
      if (workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof identityEvent>(this.#input);
      }
      const pause = isUrgent ? grown(1_000, 10_000, looks) : grown(2_000, 30_000, looks);
      await sleep(pause, { summary: `look whether the source ${this.#event.source} is still stopped` });
    }
  }

  #showStop(isStopped: boolean): void {
    this.#waitingFor = isStopped ? 'stop' : 'admission';
    upsertSearchAttributes([
      { key: attributes.outcome, value: isStopped ? 'held' : null },
      { key: attributes.waitingFor, value: isStopped ? ['stop'] : [] },
    ]);
  }

  /** An event may overtake the one that creates its person: look again a few times, then stay open until somebody decides. */
  async waitForPerson(first: Match): Promise<Found | 'dropped'> {
    let match = first;
    this.#waitingFor = 'person';
    for (let look = 0; look < this.#timing.looks && match.kind === 'nobody'; look += 1) {
      await this.#pause(this.#timing.lookAgainMs, `look again for ${this.#event.subject}`);
      match = await records.findPerson(this.request());
    }
    if (match.kind === 'person') return match;
    return this.#park(match);
  }

  async #park(unmatched: Match): Promise<Found | 'dropped'> {
    const kind = unmatched.kind === 'several' ? 'ambiguous-person' : 'unknown-person';
    await records.parkEvent({
      ...this.request(),
      exception: { step: kind, kind, event: this.#event.key, reason: whyParked(this.#event, unmatched) },
    });
    upsertSearchAttributes([
      { key: attributes.outcome, value: 'waiting' },
      { key: attributes.waitingFor, value: ['person', 'exception'] },
    ]);
    for (;;) {
      await this.#pause(7 * 24 * 3_600_000, `wait for somebody to say who ${this.#event.subject} is`);
      const asked = this.#asked.shift();
      const resolution = asked?.resolution;
      if (asked !== undefined && resolution?.action === 'drop') {
        await this.#settleParked(resolution, {
          event: this.#event.key,
          outcome: 'dropped',
          reason: resolution.reason ?? 'dropped',
        });
        asked.said = `${this.#event.key} is dropped`;
        return 'dropped';
      }
      const attachTo = resolution?.action === 'attach' ? resolution.person : undefined;
      const match = await records.findPerson({ ...this.request(), ...(attachTo === undefined ? {} : { attachTo }) });
      if (match.kind !== 'person') {
        if (asked !== undefined) asked.refused = whyParked(this.#event, match, attachTo);
        continue;
      }
      await this.#settleParked(resolution);
      if (asked !== undefined) asked.said = `${this.#event.key} goes to ${match.person}`;
      upsertSearchAttributes([{ key: attributes.waitingFor, value: [] }]);
      return match;
    }
  }

  #settleParked(resolution: Resolution | undefined, settlement?: Settlement): Promise<void> {
    return records.settleParked({
      ...this.request(),
      action: resolution?.action ?? 'retry',
      by: resolution?.by ?? 'muster',
      reason: resolution?.reason ?? 'the person is there now',
      ...(settlement === undefined ? {} : { settlement }),
    });
  }

  async #pause(ms: number, summary: string): Promise<void> {
    await condition(() => this.#woken || this.#asked.length > 0, ms, { summary });
    this.#woken = false;
  }

  /** Does it concern people who are not named in it, each in their own way? */
  isForMany(): boolean {
    return this.#event.type === 'certification-signed-off' && this.#event.data['items'] === undefined;
  }

  async spread(): Promise<Settlement> {
    this.#waitingFor = 'source';
    return reading.spreadCertification(this.request());
  }

  /** Delivers until the person has answered for good. Delivering again also revives a person's workflow that somebody ended by hand. */
  async deliver(match: Found): Promise<Settlement> {
    const { reading } = match;
    let beside: Promise<void> | undefined;
    if (reading === 'before') await this.#readAtSource(match.person, reading);
    this.#waitingFor = `person:${match.person}`;
    let pause = this.#timing.firstRedeliverMs;
    let shown: EventOutcome | undefined;
    for (;;) {
      await messages.deliverEvent({ event: this.#event, person: match.person, priority: match.priority });
      // An end that is due now has gone its way, and waits for nobody's word.
      if (reading === 'after') beside ??= this.#readAtSource(match.person, reading);
      await condition(() => this.#heard()?.outcome !== shown, pause, {
        summary: `deliver again to ${match.person} if there is no answer`,
      });
      const heard = this.#heard();
      if (heard !== undefined && isFinal(heard)) {
        await beside;
        return heard;
      }
      if (heard !== undefined && heard.outcome !== shown) this.#show(heard.outcome);
      shown = heard?.outcome;
      pause = this.#timing.redeliverMs;
      if (workflowInfo().continueAsNewSuggested) {
        await beside;
        await condition(allHandlersFinished);
        await continueAsNew<typeof identityEvent>(this.#input);
      }
    }
  }

  /** An event that does not say when it was entered: its source is asked what it has of the worker. */
  async #readAtSource(person: string, reading: Reading): Promise<void> {
    if (reading === 'before') this.#waitingFor = 'source';
    const request = { ...this.request(), person, reading };
    try {
      const said = await asking.readAtSource(request);
      if (reading === 'before') this.#event = { ...this.#event, ...said };
    } catch (error) {
      if (isCancellation(error)) throw error;
      await records.noteUnread({ ...request, now: now(), reason: failureWords(error) });
    }
    if (reading === 'before') this.#waitingFor = `person:${person}`;
  }

  #show(outcome: EventOutcome): void {
    upsertSearchAttributes([{ key: attributes.outcome, value: outcome }]);
  }

  async end(settlement: Settlement): Promise<Settlement> {
    this.#waitingFor = 'nothing';
    this.#show(settlement.outcome);
    await condition(allHandlersFinished);
    return settlement;
  }
}

const finalOutcomes: readonly EventOutcome[] = ['applied', 'scheduled', 'ignored', 'failed', 'dropped', 'duplicate'];

/** A pause that grows by half each time. */
const grown = (first: number, longest: number, times: number): number =>
  Math.min(Math.round(first * 1.5 ** times), longest);

const isFinal = (settlement: Settlement): boolean => finalOutcomes.includes(settlement.outcome);

function whyParked(event: IdentityEvent, match: Match, named = event.subject): string {
  const what = named === event.subject ? `${event.type} for worker ${named}` : `"${named}"`;
  const isNew = `if they are somebody new, "attach" it to ${event.subject}`;
  if (match.kind === 'several' && match.people.length === 0) {
    return `${what} says that they were here before, and nobody known is who they could be. "attach" it to who they are; ${isNew}; or "drop" it.`;
  }
  if (match.kind === 'several') {
    const hires = event.type === 'hired' || event.type === 'rehired' ? ` (${isNew})` : '';
    return `${what} fits ${match.people.length} people (${match.people.join(', ')}). Say which with "attach"${hires}, or "drop" it.`;
  }
  return `${what}: nobody by that id is in the directory. "retry" once they are, "attach" it to a person, or "drop" it.`;
}
