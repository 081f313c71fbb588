import '../helpers/quiet-runtime.ts';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import type { Dependencies } from '../../activities/dependencies.ts';
import type { NewPerson, Store } from '../../src/directory/store.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import type { EventInput } from '../../src/model/messages.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/schema.ts';
import type { ReportedChange, SourceReport } from '../../src/sources/report.ts';
import type { FakeTarget } from '../helpers/fake-target.ts';

/** Noon, at which the checks of these tests run. */
export const noon = '2025-11-15T12:00:00.000Z';

/** A source's list that says what a test wants, or fails. */
export class FakeReport implements SourceReport {
  list: ReportedChange[] = [];
  /** Thrown after the list. */
  failure: Error | undefined;

  query(): string {
    return 'the list of a test';
  }

  async *changes(): AsyncGenerator<ReportedChange> {
    yield* this.list;
    if (this.failure !== undefined) throw this.failure;
  }

  async close(): Promise<void> {}
}

/** What activities are made of, with a Temporal that only takes starts, each id once. */
export function dependenciesOf(
  store: Store,
  more: {
    policy?: Partial<Policy>;
    reports?: Record<string, SourceReport>;
    targets?: Record<string, FakeTarget>;
    mode?: 'observe' | 'propose' | 'enforce';
  } = {},
): { dependencies: Dependencies; started: IdentityEvent[]; startedIds: string[] } {
  const started: IdentityEvent[] = [];
  const startedIds: string[] = [];
  const workflows = {
    async start(type: string, { workflowId, args }: { workflowId: string; args: [EventInput] }) {
      if (startedIds.includes(workflowId)) {
        throw new WorkflowExecutionAlreadyStartedError('it runs', workflowId, type);
      }
      startedIds.push(workflowId);
      started.push(args[0].event);
    },
  } as unknown as Dependencies['workflows'];
  const targets = Object.entries(more.targets ?? {}).map(([name, target]) => {
    const connected = target.connected(name);
    return [name, { ...connected, entry: { ...connected.entry, mode: more.mode ?? 'enforce' } }] as const;
  });
  const dependencies: Dependencies = {
    store,
    policy: { ...loadPolicy('policy.yaml'), ...more.policy },
    targets: new Map(targets),
    workflows,
    sources: { workday: { authoritative: true, mode: more.mode ?? 'enforce', duplicateWindow: 600_000 } },
    reports: new Map(Object.entries(more.reports ?? {})),
    timing: {} as Dependencies['timing'],
    proofKey: async () => 'key',
    log: pino({ level: 'silent' }),
  };
  return { dependencies, started, startedIds };
}

/** Runs an activity as a worker would. */
export function asActivity<T>(work: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment().run(work);
}

/** Somebody who works at GlobalTech; `id` is also their worker number. */
export function worker(id: string, more: Partial<NewPerson> = {}): NewPerson {
  return {
    ...{ id, name: `Person ${id}`, state: 'Active', privileged: false },
    attributes: { department: 'Engineering', location: 'New York', workerType: 'employee' },
    identifiers: [
      { source: 'workday', type: 'workerId', value: id },
      { source: 'workday', type: 'email', value: `${id.toLowerCase()}@globaltech.example` },
    ],
    engagements: [
      {
        ...{ id: `workday:${id}:2020-01-06`, source: 'workday', workerId: id, workerType: 'employee' },
        ...{ startDate: '2020-01-06', location: 'New York', primary: true },
      },
    ],
    ...more,
  };
}
