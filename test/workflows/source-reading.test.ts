import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdentityEvent } from '../../src/model/event.ts';
import { Failure } from '../../src/model/failure.ts';
import { eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import type { SourceReport, WorkerChange } from '../../src/sources/report.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { devServer, timeSkipping } from '../helpers/temporal.ts';
import { type Asking, asking } from '../operator/asking.ts';

/** A source that says of one worker what a test wants, or does not answer. */
class AskedSource implements SourceReport {
  list: WorkerChange[] = [];
  asked: string[] = [];
  answer: () => Promise<void> = async () => undefined;

  query(): string {
    return 'the list of a test';
  }

  async *changes(): AsyncGenerator<never> {}

  async worker(workerId: string): Promise<WorkerChange[]> {
    this.asked.push(workerId);
    await this.answer();
    return this.list;
  }

  async close(): Promise<void> {}
}

let environment: TestWorkflowEnvironment;
let line: Line;
let api: Asking | undefined;
let source: AskedSource;
let ad: FakeTarget;

async function begin(on: Promise<TestWorkflowEnvironment>, retries: { refused?: number } = {}): Promise<void> {
  environment = await on;
  line = await startLine({
    environment,
    targets: { ad },
    reports: new Map([['workday', source]]),
    policy: { retries },
  });
  await line.addPerson();
}

// A server of its own for each test: what one test leaves would be in the next one's way.
beforeEach(() => {
  source = new AskedSource();
  ad = new FakeTarget([{ id: 'schen', worker: 'GT-48291', enabled: true }]);
});
afterEach(async () => {
  await api?.close();
  api = undefined;
  await line?.stop();
  await environment?.teardown();
});

const person = 'GT-48291';
const later = '2099-03-31';
const entered = '2026-01-02T09:00:00.000Z';
const end = (effectiveDate: string): WorkerChange => ({
  ...{ workerId: person, kind: 'terminated', effectiveDate, enteredAt: entered, data: { effectiveDate } },
});

type Given = Partial<IdentityEvent> & { id: string };
const leaver = (more: Partial<IdentityEvent> = {}): Given => ({
  ...{ id: 'leaver', effectiveDate: later },
  ...more,
  data: { effectiveDate: more.effectiveDate ?? later, ...more.data },
});
const key = 'workday:leaver';

const say = async (event: Given) => {
  await line.send(event);
  return until(async () => {
    const arrival = await line.store.read((reader) => reader.arrival(`workday:${event.id}`));
    return arrival?.outcome !== undefined && arrival;
  }, 'the outcome');
};
const record = async () => {
  const found = await line.store.read((reader) => reader.person(person));
  if (found === undefined) throw new Error('nobody');
  return found;
};
const evidence = async (kind: string) => {
  const { items } = await line.store.read((reader) => reader.evidence({ person }, { limit: 500 }));
  return items.filter((piece) => piece.kind === kind).map(({ data }) => data);
};
const exceptions = async () =>
  (await line.store.read((reader) => reader.exceptions({ open: true }, { limit: 100 }))).items;
const ends = async () => (await record()).pending.filter(({ kind }) => kind === 'end');
const eventIs = async () => (await environment.client.workflow.getHandle(eventWorkflowId(key)).describe()).status.name;
async function resolve(id: string, action: string, role: string) {
  api = await asking(line.store, { client: environment.client });
  return api.post(`/api/exceptions/${encodeURIComponent(id)}`, { action, reason: 'HR was asked' }, role);
}

describe('an event that does not say when it was entered', () => {
  beforeEach(() => begin(devServer()));

  it('takes the moment from its source, where that says the same', async () => {
    source.list = [end(later)];
    expect(await say(leaver())).toMatchObject({ outcome: 'scheduled', event: { enteredAt: entered } });
    expect(await ends()).toMatchObject([{ date: later, data: { enteredAt: entered } }]);
    expect(await evidence('source-read')).toEqual([
      { verdict: 'agrees', enteredAt: entered, reading: 'before', listed: 1 },
    ]);
  });

  it('goes on where its source has nothing of it, and is not read for what it is not, or where it says when', async () => {
    expect(await say(leaver())).toMatchObject({ outcome: 'scheduled' });
    expect(await evidence('source-read')).toEqual([{ verdict: 'silent', reading: 'before', listed: 0 }]);
    await say({ id: 'dated', enteredAt: entered, effectiveDate: later, data: { effectiveDate: later } });
    await say({ id: 'moved', type: 'department-changed', effectiveDate: later, data: { department: 'Sales' } });
    expect(source.asked).toEqual([person]);
  });

  it('is held where its source says otherwise, until security lets it go on', async () => {
    source.list = [end('2099-04-30')];
    expect(await say(leaver())).toMatchObject({ outcome: 'held' });
    expect(await ends()).toEqual([]);
    const [held, ...more] = await exceptions();
    expect(more).toEqual([]);
    expect(held).toMatchObject({
      id: `person:${person}/${key}/to-release`,
      kind: 'needs-decision',
      event: key,
      reason: expect.stringMatching(
        /^terminated for GT-48291 is held: workday: the event says an end on 2099-03-31; .* it has an end on 2099-04-30 .*"release".*"drop"/,
      ),
    });
    expect(await evidence('source-read')).toMatchObject([
      { verdict: 'contradicts', reason: expect.stringContaining('2099-04-30') },
    ]);
    expect(await resolve(held?.id ?? '', 'release', 'security')).toMatchObject({ status: 200 });
    await until(async () => (await ends()).length === 1, 'the end');
    expect(await ends()).toMatchObject([{ date: later, event: key }]);
    await until(async () => (await eventIs()) === 'COMPLETED', 'the event to be settled');
    expect(source.asked).toEqual([person]);
  });

  it('that is dropped by an operator comes to nothing', async () => {
    source.list = [{ ...end(later), takenBack: {} }];
    expect(await say(leaver())).toMatchObject({ outcome: 'held' });
    const [held] = await exceptions();
    expect(await resolve(held?.id ?? '', 'drop', 'operator')).toMatchObject({ status: 200 });
    await until(async () => (await eventIs()) === 'COMPLETED', 'the event to be settled');
    expect(await line.store.read((reader) => reader.arrival(key))).toMatchObject({ outcome: 'dropped' });
    expect([await ends(), await exceptions(), ad.changes]).toEqual([[], [], []]);
  });

  it('and must not show before its time tells nothing of what the source has', async () => {
    source.list = [end('2099-04-30')];
    const arrival = await say(leaver({ data: { category: 'involuntary' } }));
    const [held] = await exceptions();
    for (const words of [arrival.reason, held?.reason]) {
      expect(words).toMatch(
        /^an event for GT-48291 is held: workday: asked about the worker, the source says otherwise/,
      );
      expect(words).not.toMatch(/2099|terminat|end on/);
    }
    // Those who may know find it in the evidence, which is hidden from others as the event is.
    expect(await evidence('source-read')).toMatchObject([{ reason: expect.stringContaining('2099-04-30') }]);
    expect(await resolve(held?.id ?? '', 'drop', 'operator')).toMatchObject({ status: 404 });
  });

  it('makes a hire wait as well: nothing is given before somebody has looked', async () => {
    source.list = [{ ...end('2099-02-02'), workerId: 'GT-7', kind: 'hired', data: { startDate: '2099-02-02' } }];
    const hire = { startDate: '2020-01-06', lastName: 'Berg', location: 'New York' };
    expect(await say({ id: 'hire', type: 'hired', subject: 'GT-7', data: hire })).toMatchObject({ outcome: 'held' });
    expect((await line.store.read((reader) => reader.person('GT-7')))?.state).not.toBe('Active');
    expect(ad.changes).toEqual([]);
  });
});

describe('an end that is due now', () => {
  beforeEach(() => begin(devServer()));

  it('waits for no source: it is carried out, and a contradiction alerts and changes nothing', async () => {
    let letGo: () => void = () => undefined;
    source.answer = () => new Promise((resolve) => (letGo = resolve));
    source.list = [end('2099-04-30')];
    await line.send(leaver({ data: { immediate: true } }));
    await until(async () => (await record()).state === 'Terminated' && source.asked.length > 0, 'the end');
    expect(ad.changes).toEqual(['disable schen']);
    expect(await exceptions()).toEqual([]);
    letGo();
    const [alert] = await until(async () => {
      const open = await exceptions();
      return open.length > 0 && open;
    }, 'the alert');
    expect(alert).toMatchObject({
      id: `person:${person}/${key}/contradicted`,
      kind: 'needs-decision',
      reason: expect.stringMatching(/went its way at once, and its source contradicts it. workday: .* 2099-04-30 /),
    });
    await until(async () => (await eventIs()) === 'COMPLETED', 'the event to be settled');
    expect(await resolve(alert?.id ?? '', 'done', 'operator')).toMatchObject({ status: 200 });
    expect(await exceptions()).toEqual([]);
    expect(await line.store.read((reader) => reader.arrival(key))).toMatchObject({ outcome: 'applied' });
    expect((await record()).state).toBe('Terminated');
    await environment.client.workflow.getHandle(personWorkflowId(person)).result();
  });
});

describe('a source that does not answer', () => {
  it('is asked for five minutes, and then the event goes on as it is', async () => {
    await begin(timeSkipping());
    source.answer = () => Promise.reject(new Failure('unavailable', 'the report is away'));
    const before = await environment.currentTimeMs();
    const handle = await line.send(leaver());
    expect(await handle.result()).toMatchObject({ outcome: 'scheduled' });
    expect(source.asked.length).toBeGreaterThan(1);
    const { items } = await line.store.read((reader) => reader.evidence({ person }, { limit: 500 }));
    const given = items.find(({ kind }) => kind === 'source-not-read');
    const waited = Date.parse(given?.at ?? '') - before;
    expect(waited).toBeGreaterThan(120_000);
    expect(waited).toBeLessThanOrEqual(330_000);
    expect(await evidence('source-not-read')).toEqual([{ reading: 'before', reason: 'the report is away.' }]);
    expect(await ends()).toMatchObject([{ date: later }]);
  });

  it('and will not soon, is not asked again', async () => {
    await begin(devServer(), { refused: 900_000 });
    source.answer = () => Promise.reject(new Failure('credentials', 'the login is refused'));
    expect(await say(leaver())).toMatchObject({ outcome: 'scheduled' });
    expect(source.asked).toEqual([person]);
    expect(await evidence('source-not-read')).toEqual([{ reading: 'before', reason: 'the login is refused.' }]);
  });
});
