import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { NewPerson } from '../../src/directory/store.ts';
import type { Approval } from '../../src/model/approval.ts';
import type { IdentityEvent, Settlement } from '../../src/model/event.ts';
import { decideUpdate, eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import type { Person } from '../../src/model/person.ts';
import { addDays, dateIn } from '../../src/model/time.ts';
import { proofOf } from '../../src/operator/person-update.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import type { FakeTarget } from './fake-target.ts';
import { type Line, type LineOptions, personOf, startLine, until } from './line.ts';
import { devServer, timeSkipping } from './temporal.ts';

type Given = Omit<Partial<IdentityEvent>, 'data'> & { id: string; data?: Record<string, unknown> };

/** People who work together, on a server whose time skips: what is said of them, and what it makes of their access. */
export class Team {
  readonly environment: TestWorkflowEnvironment;
  readonly targets: Record<string, FakeTarget>;
  readonly line: Line;

  private constructor(environment: TestWorkflowEnvironment, targets: Record<string, FakeTarget>, line: Line) {
    this.environment = environment;
    this.targets = targets;
    this.line = line;
  }

  static async open({
    policy: text,
    targets,
    durations = {},
    modes = {},
    real = false,
    ...options
  }: {
    policy: string;
    targets: Record<string, FakeTarget>;
    /** Parts of the policy that are not its text's. */
    durations?: NonNullable<LineOptions['policy']>;
    modes?: Record<string, FakeTarget['mode']>;
    /** A real server, for what is done to work in the air: the one whose time skips loses track of it. */
    real?: boolean;
  } & Partial<Omit<LineOptions, 'policy' | 'targets' | 'environment'>>): Promise<Team> {
    for (const [name, mode] of Object.entries(modes)) {
      const target = targets[name];
      if (target !== undefined) target.mode = mode;
    }
    const environment = real ? await devServer() : await timeSkipping();
    try {
      const { ends: _, retries: __, safeguards: ___, ...policy } = parsePolicy(text);
      // A pause that is over while its workflow decides something else makes this server forget the decision for ten seconds.
      const retries = { refused: 600_000, ...durations.retries };
      const line = await startLine({ environment, targets, ...options, policy: { ...policy, ...durations, retries } });
      return new Team(environment, targets, line);
    } catch (error) {
      await environment.teardown();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.line.stop();
    await this.environment.teardown();
  }

  /** Somebody who works here, with their accounts at the targets as the targets have them. */
  add(id: string, attributes: Person['attributes'] = {}, more: Partial<NewPerson> = {}): Promise<string> {
    const usual = personOf({ id }).attributes;
    return this.line.addPerson({ id, attributes: { ...usual, workerType: 'employee', ...attributes }, ...more });
  }

  /** Sends an event as its source does; without a date it counts from now. */
  async send({ data = {}, ...given }: Given): Promise<string> {
    const event = {
      type: 'attributes-changed',
      ...given,
      data: { effectiveDate: undefined, category: undefined, ...data },
    };
    // What is undefined is not said at all.
    await this.line.send(JSON.parse(JSON.stringify(event)) as Given);
    return `${given.source ?? 'workday'}:${given.id}`;
  }

  /** Sends it, and waits for its outcome. The server's time stands still meanwhile. */
  async say(given: Given): Promise<Pick<Settlement, 'outcome' | 'reason'>> {
    return this.outcome(await this.send(given));
  }

  outcome(key: string, wanted?: Settlement['outcome']): Promise<Pick<Settlement, 'outcome' | 'reason'>> {
    return until(
      async () => {
        const arrival = await this.line.store.read((reader) => reader.arrival(key));
        if (arrival?.outcome === undefined || (wanted !== undefined && arrival.outcome !== wanted)) return undefined;
        return { outcome: arrival.outcome, ...(arrival.reason === undefined ? {} : { reason: arrival.reason }) };
      },
      `the outcome ${wanted ?? ''} of ${key}`,
    );
  }

  async record(id: string): Promise<Person> {
    const person = await this.line.store.read((reader) => reader.person(id));
    if (person === undefined) throw new Error(`${id} is not in the directory`);
    return person;
  }

  /** What is on somebody's timeline: `grace 2026-01-05T…`. */
  async timeline(id: string): Promise<string[]> {
    const { pending } = await this.record(id);
    return pending.map(({ kind, dueAt }) => `${kind} ${dueAt}`).sort();
  }

  /** Whose timeline is empty and whose exceptions are settled: their workflow has ended. Time stands still. */
  quiet(id: string): Promise<unknown> {
    const handle = this.environment.client.workflow.getHandle(personWorkflowId(id));
    return until(async () => (await handle.describe()).status.name === 'COMPLETED', `${id} to be quiet`);
  }

  now(): Promise<number> {
    return this.environment.currentTimeMs();
  }

  async inDays(days: number): Promise<string> {
    return addDays(dateIn(await this.now(), 'America/New_York'), days);
  }

  /** Lets time pass. */
  pass(duration: string | number): Promise<void> {
    return this.environment.sleep(duration as number);
  }

  /** What somebody has everywhere: `ad: schen on sales,staff`; the login is the worker's id where a test has made the account. */
  access(worker: string): string[] {
    return Object.entries(this.targets).flatMap(([name, { accounts }]) =>
      [...accounts.values()]
        .filter((account) => account.worker === worker)
        .map(({ id, enabled, entitlements = [] }) =>
          `${name}: ${id} ${enabled ? 'on' : 'off'} ${[...entitlements].sort().join(',')}`.trim(),
        ),
    );
  }

  /** Waits until somebody's access is this. */
  async comesTo(worker: string, access: string[]): Promise<void> {
    const wanted = JSON.stringify(access);
    await until(() => JSON.stringify(this.access(worker)) === wanted, `${worker} to have ${wanted}`, 15_000).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}, and has ${JSON.stringify(this.access(worker))}`);
      },
    );
  }

  /** Whom the messages of a target went to, with their titles. */
  told(target: string): string[] {
    return (this.targets[target]?.messages ?? []).map(
      ({ to, title }) => `${'email' in to ? to.email : to.channel}: ${title}`,
    );
  }

  async exceptions(open = true): Promise<string[]> {
    const { items } = await this.line.store.read((reader) => reader.exceptions({ open }, { limit: 100 }));
    return items.map(({ kind, target }) => [kind, target].filter((part) => part !== undefined).join(' ')).sort();
  }

  async evidence(person: string, kind: string): Promise<Record<string, unknown>[]> {
    const { items } = await this.line.store.read((reader) => reader.evidence({ person }, { limit: 500 }));
    return items.filter((piece) => piece.kind === kind).map(({ data }) => data);
  }

  /** The open questions about somebody. */
  async questions(person: string): Promise<Approval[]> {
    return (await this.line.store.read((reader) => reader.approvals({ person, open: true }, {}))).items;
  }

  question(person: string, which: (approval: Approval) => boolean = () => true): Promise<Approval> {
    return until(async () => (await this.questions(person)).find(which), `a question about ${person}`);
  }

  /** Answers through the API, which vouches for who says it. */
  async decide(
    { id, person }: Pick<Approval, 'id' | 'person'>,
    decision: 'approve' | 'refuse',
    by: string,
  ): Promise<unknown> {
    const workflowId = personWorkflowId(person);
    const proof = await proofOf({ workflowId, item: id, action: decision, by }, async () => 'proof-key-of-the-tests');
    const handle = this.environment.client.workflow.getHandle(workflowId);
    return handle.executeUpdate(decideUpdate, { args: [{ approval: id, decision, by, proof }] });
  }

  /** Tries again what waits. */
  retry(person: string): Promise<unknown> {
    const handle = this.environment.client.workflow.getHandle(personWorkflowId(person));
    return handle.executeUpdate('resolve', { args: [{ action: 'retry' }] });
  }

  eventStatus(key: string): Promise<string> {
    const handle = this.environment.client.workflow.getHandle(eventWorkflowId(key));
    return handle.describe().then(({ status }) => status.name);
  }
}
