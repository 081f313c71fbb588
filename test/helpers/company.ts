import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { IdentityEvent, Settlement } from '../../src/model/event.ts';
import { eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import type { PendingChange, Person } from '../../src/model/person.ts';
import { addDays, dateIn } from '../../src/model/time.ts';
import { companyPolicy } from './company-policy.ts';
import { FakeTarget } from './fake-target.ts';
import { type Line, type LineOptions, startLine, until } from './line.ts';
import { devServer, timeSkipping } from './temporal.ts';

export const newYork = 'America/New_York';

/** Somebody who is hired, as HR describes them. */
export const newcomer = {
  firstName: 'Nadia',
  lastName: 'Berg',
  department: 'Sales',
  jobTitle: 'Account Executive',
  location: 'New York',
  workerType: 'employee',
};

type Given = Omit<Partial<IdentityEvent>, 'data'> & { id: string; data?: Record<string, unknown> };

/** A company on a server whose time skips, with one person who is hired, moved and ended: the words of the tests about dates. */
export class Company {
  readonly person = 'GT-50001';
  #entered = 0;

  readonly environment: TestWorkflowEnvironment;
  readonly targets: Record<'ad' | 'crm' | 'portal', FakeTarget>;
  readonly line: Line;

  private constructor(environment: TestWorkflowEnvironment, targets: Company['targets'], line: Line) {
    this.environment = environment;
    this.targets = targets;
    this.line = line;
  }

  /** `real`: on a server whose time does not skip, and which hands what a dead worker had to another. */
  static async open({
    policy,
    real = false,
    ...options
  }: Partial<Pick<LineOptions, 'policy' | 'eventTiming' | 'timing'>> & { real?: boolean } = {}): Promise<Company> {
    const environment = await (real ? devServer() : timeSkipping());
    const targets = { ad: new FakeTarget(), crm: new FakeTarget(), portal: new FakeTarget() };
    try {
      const { ends: _, retries: __, safeguards: ___, ...usual } = companyPolicy;
      const line = await startLine({ environment, targets, ...options, policy: { ...usual, ...policy } });
      return new Company(environment, targets, line);
    } catch (error) {
      await environment.teardown();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.line.stop();
    await this.environment.teardown();
  }

  async today(zone = newYork): Promise<string> {
    return dateIn(await this.environment.currentTimeMs(), zone);
  }

  async inDays(days: number, zone = newYork): Promise<string> {
    return addDays(await this.today(zone), days);
  }

  /** An entry moment later than any before it. */
  entered(): string {
    this.#entered += 1;
    return new Date(Date.UTC(2026, 0, 1) + this.#entered * 60_000).toISOString();
  }

  /** Sends an event as its source does, and does not wait for what becomes of it. */
  async send({ data = {}, ...given }: Given): Promise<string> {
    // The line's own termination is not what they say here: what is undefined is left out on its way.
    const event = { subject: this.person, ...given, data: { effectiveDate: undefined, category: undefined, ...data } };
    await this.line.send(event as unknown as Parameters<Line['send']>[0]);
    return `${given.source ?? 'workday'}:${given.id}`;
  }

  /** Sends it, and waits for its outcome; `held` is one as well. The server's time stands still meanwhile. */
  async say(given: Given): Promise<Pick<Settlement, 'outcome' | 'reason'>> {
    const key = await this.send(given);
    return until(async () => {
      const arrival = await this.line.store.read((reader) => reader.arrival(key));
      if (arrival?.outcome === undefined) return undefined;
      return { outcome: arrival.outcome, ...(arrival.reason === undefined ? {} : { reason: arrival.reason }) };
    }, `the outcome of ${key}`);
  }

  async hire(startDate: string, more: Partial<Given> = {}): Promise<Pick<Settlement, 'outcome' | 'reason'>> {
    const { data = {}, ...rest } = more;
    return this.say({
      id: 'hired',
      type: 'hired',
      effectiveDate: startDate,
      data: { ...newcomer, startDate, ...data },
      ...rest,
    });
  }

  /** Lets time pass, until the moment given in epoch milliseconds. */
  async goTo(moment: number): Promise<void> {
    const left = moment - (await this.environment.currentTimeMs());
    if (left > 0) await this.environment.sleep(left);
  }

  /** Waits until the person's workflow has nothing left to do, however many years that takes. */
  async finished(): Promise<void> {
    await this.environment.client.workflow.getHandle(personWorkflowId(this.person)).result();
  }

  async record(): Promise<Person> {
    const person = await this.line.store.read((reader) => reader.person(this.person));
    if (person === undefined) throw new Error(`${this.person} is not in the directory`);
    return person;
  }

  /** Waits until the record has come so far. */
  async until(check: (person: Person) => boolean, what: string): Promise<Person> {
    return until(async () => {
      const person = await this.line.store.read((reader) => reader.person(this.person));
      return person !== undefined && check(person) && person;
    }, what);
  }

  /** The timeline in the person's own words: `start 2026-12-07`. */
  async timeline(): Promise<string[]> {
    const { pending } = await this.record();
    return [...pending].sort((one, other) => one.dueAt.localeCompare(other.dueAt)).map(inShort);
  }

  /** The accounts of every target: `ad: nadia.berg@GT-50001 on sales,staff`. */
  access(): Record<string, string[]> {
    return Object.fromEntries(
      Object.entries(this.targets).map(([name, target]) => [
        name,
        [...target.accounts.values()].map(({ id, enabled, entitlements = [] }) =>
          `${id} ${enabled ? 'on' : 'off'} ${[...entitlements].sort().join(',')}`.trim(),
        ),
      ]),
    );
  }

  async evidence(kind?: string): Promise<{ kind: string; at: string; data: Record<string, unknown> }[]> {
    const { items } = await this.line.store.read((reader) => reader.evidence({ person: this.person }, { limit: 500 }));
    return items.filter((piece) => kind === undefined || piece.kind === kind);
  }

  /** When something happened, by the workflow's clock and to the second. */
  async happened(kind: string): Promise<string[]> {
    return (await this.evidence(kind)).map(({ at }) => at.replace(/\.\d+Z$/, '.000Z'));
  }

  async openExceptions(): Promise<string[]> {
    const { items } = await this.line.store.read((reader) => reader.exceptions({ open: true }, { limit: 100 }));
    return items.map(({ kind, reason }) => `${kind}: ${reason}`);
  }

  async outcome(id: string): Promise<string | undefined> {
    return (await this.line.store.read((reader) => reader.arrival(id.includes(':') ? id : `workday:${id}`)))?.outcome;
  }

  /** Everything that Temporal keeps of a workflow, as text. */
  async history(workflowId: string): Promise<string> {
    const history = await this.environment.client.workflow.getHandle(workflowId).fetchHistory();
    return decoded(history);
  }

  personHistory(): Promise<string> {
    return this.history(personWorkflowId(this.person));
  }

  eventHistory(id: string): Promise<string> {
    return this.history(eventWorkflowId(id.includes(':') ? id : `workday:${id}`));
  }

  signal(name: string, payload: unknown): Promise<void> {
    return this.environment.client.workflow.getHandle(personWorkflowId(this.person)).signal(name, payload);
  }

  status(): Promise<Record<string, unknown>> {
    return this.line.status(this.person);
  }
}

const inShort = ({ kind, date, data }: PendingChange): string =>
  [kind, typeof data['action'] === 'string' ? data['action'] : '', date ?? ''].filter((each) => each !== '').join(' ');

/** Payloads are bytes in a history; what they say is wanted here. */
function decoded(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(decoded).join('\n');
  if (typeof value === 'object' && value !== null) return Object.values(value).map(decoded).join('\n');
  return String(value);
}
