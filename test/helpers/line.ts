import { type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import type { NewPerson, Store } from '../../src/directory/store.ts';
import type { IdentityEvent, Settlement } from '../../src/model/event.ts';
import {
  type EventInput,
  type EventTiming,
  eventKey,
  eventWorkflowId,
  musterQueue,
  personWorkflowId,
} from '../../src/model/messages.ts';
import type { PersonTiming } from '../../src/model/work.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/schema.ts';
import type { SourceCallbacks } from '../../src/sources/callback.ts';
import type { SourceReports } from '../../src/sources/report.ts';
import type { Certifications } from '../../src/sources/sailpoint-certifications.ts';
import { type RunningWorkers, startWorkers } from '../../src/worker.ts';
import type { FakeTarget } from './fake-target.ts';
import { memoryStore } from './store.ts';
import { workflowBundle } from './temporal.ts';

/** Muster's line without its receiver: workers, a directory in memory, and targets that obey a test. */
export interface Line {
  store: Store;
  policy: Policy;
  /** Starts the event's workflow as the receiver does. */
  send(
    event: Partial<IdentityEvent> & { id: string },
  ): Promise<WorkflowHandle<(input: EventInput) => Promise<Settlement>>>;
  addPerson(person?: Partial<NewPerson>): Promise<string>;
  /** What `status` says of the person's workflow. */
  status(person: string): Promise<Record<string, unknown>>;
  restartWorkers(): Promise<void>;
  stopWorkers(): Promise<void>;
  stop(): Promise<void>;
}

export interface LineOptions {
  environment: TestWorkflowEnvironment;
  targets: Record<string, FakeTarget>;
  store?: Store;
  eventTiming?: EventTiming;
  timing?: Partial<PersonTiming>;
  reports?: SourceReports;
  callbacks?: SourceCallbacks;
  certifications?: Certifications;
  policy?: Partial<Omit<Policy, 'ends' | 'retries'>> & {
    ends?: Partial<Policy['ends']>;
    retries?: Partial<Policy['retries']>;
  };
}

/** Policy's durations in milliseconds that suit a test: long enough to happen in order, short enough not to be waited for. */
const quick = { first: 20, longest: 50, refused: 100, call: 10_000 };

/** A test that is about something else sends as many ends as it likes. */
const generous: Policy['safeguards'] = {
  ends: { hour: { least: 1_000, percent: 100 }, day: { least: 1_000, percent: 100 }, cap: 1_000 },
  security: { cap: 1_000 },
  removals: { hour: { least: 1_000, percent: 100 }, cap: 1_000 },
  blanks: { cap: 1_000 },
  aheadDays: 7,
};

export async function startLine(options: LineOptions): Promise<Line> {
  const { environment, targets } = options;
  const store = options.store ?? (await memoryStore());
  const usual = loadPolicy('policy.yaml');
  const { ends, retries, ...rest } = options.policy ?? {};
  const policy: Policy = {
    ...usual,
    safeguards: generous,
    transitions: {
      ...usual.transitions,
      leaver: {
        ...usual.transitions.leaver,
        tickets: usual.transitions.leaver.tickets.filter(({ target }) => target in targets),
        messages: usual.transitions.leaver.messages.filter(({ target }) => target in targets),
        later: usual.transitions.leaver.later.filter((step) => step.targets.every((target) => target in targets)),
      },
    },
    ...rest,
    ends: { ...usual.ends, readAgainAfter: 50, ...ends },
    retries: { ...quick, ...retries },
  };
  const start = () =>
    startWorkers({
      connection: environment.nativeConnection,
      namespace: environment.namespace ?? 'default',
      store,
      config: {
        folder: '.',
        sources: {
          workday: {
            kind: 'workday',
            authoritative: true,
            mode: 'enforce',
            authentication: [],
            duplicateWindow: 600_000,
            rateLimit: 1,
            settings: {},
          },
          cloudevents: {
            kind: 'cloudevents',
            authoritative: false,
            mode: 'enforce',
            authentication: [],
            duplicateWindow: 600_000,
            rateLimit: 1,
            settings: {},
          },
          watched: {
            kind: 'workday',
            authoritative: false,
            mode: 'observe',
            authentication: [],
            duplicateWindow: 600_000,
            rateLimit: 1,
            settings: {},
          },
          asked: {
            kind: 'workday',
            authoritative: false,
            mode: 'propose',
            authentication: [],
            duplicateWindow: 600_000,
            rateLimit: 1,
            settings: {},
          },
        },
        targets: {},
        operators: [],
        alerts: {},
      },
      policy,
      ...(options.timing === undefined ? {} : { timing: options.timing }),
      targets: new Map(Object.entries(targets).map(([name, target]) => [name, target.connected(name)])),
      ...(options.reports === undefined ? {} : { reports: options.reports }),
      ...(options.callbacks === undefined ? {} : { callbacks: options.callbacks }),
      ...(options.certifications === undefined ? {} : { certifications: options.certifications }),
      bundle: workflowBundle(),
      proofKey: async () => 'proof-key-of-the-tests',
      log: pino({ level: 'silent' }),
    });
  let workers: RunningWorkers = await start();
  // Tests that share a server share its workflow ids: what one leaves open would take part in the next.
  const opened = new Set<string>();
  return {
    store,
    policy,
    async send(given) {
      const event = eventOf(given, await environment.currentTimeMs());
      opened.add(eventWorkflowId(event.key)).add(personWorkflowId(event.subject));
      return environment.client.workflow.start<(input: EventInput) => Promise<Settlement>>('identityEvent', {
        workflowId: eventWorkflowId(event.key),
        taskQueue: musterQueue,
        args: [{ event, ...(options.eventTiming === undefined ? {} : { timing: options.eventTiming }) }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      });
    },
    async addPerson(given = {}) {
      const person = personOf(given);
      await store.transaction((tx) => tx.createPerson(person));
      opened.add(personWorkflowId(person.id));
      return person.id;
    },
    async status(person) {
      return environment.client.workflow.getHandle(personWorkflowId(person)).query<Record<string, unknown>>('status');
    },
    stopWorkers: () => workers.shutdown(),
    async restartWorkers() {
      await workers.shutdown();
      workers = await start();
    },
    async stop() {
      for (const id of opened)
        await environment.client.workflow.getHandle(id).terminate('the test is over').catch(ended);
      await workers.shutdown();
      if (options.store === undefined) await store.close();
    },
  };
}

function ended(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

function eventOf(given: Partial<IdentityEvent> & { id: string }, now: number): IdentityEvent {
  const source = given.source ?? 'workday';
  return {
    key: eventKey(source, given.id),
    source,
    type: 'terminated',
    subject: 'GT-48291',
    receivedAt: new Date(now).toISOString(),
    payloadHash: `hash-of-${given.id}`,
    ...given,
    data: { effectiveDate: '2025-11-15', category: 'voluntary', ...given.data },
  };
}

/** Somebody who works at GlobalTech; `id` is also their worker number. */
export function personOf(given: Partial<NewPerson> = {}): NewPerson {
  const id = given.id ?? 'GT-48291';
  return {
    id,
    name: `Person ${id}`,
    state: 'Active',
    privileged: false,
    attributes: { department: 'Engineering', location: 'New York', email: `${id.toLowerCase()}@globaltech.example` },
    identifiers: [{ source: 'workday', type: 'workerId', value: id }],
    engagements: [
      {
        id: `workday:${id}:2020-01-06`,
        source: 'workday',
        workerId: id,
        workerType: 'employee',
        startDate: '2020-01-06',
        location: 'New York',
        primary: true,
      },
    ],
    ...given,
  };
}

/** Waits until `check` gives something; for what happens beside the test, with no fixed sleep. */
export async function until<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
  ms = 30_000,
): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
