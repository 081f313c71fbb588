import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExceptionRow, Store } from '../../src/directory/store.ts';
import type { OpenException } from '../../src/model/exception.ts';
import { Failure } from '../../src/model/failure.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/schema.ts';
import { Alerts } from '../../src/watch/alert.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { personOf } from '../helpers/line.ts';
import { memoryStore } from '../helpers/store.ts';
import { FakeMessages } from './fake-messages.ts';

const start = Date.parse('2025-11-15T12:00:00.000Z');
const minute = 60_000;
const usual = loadPolicy('policy.yaml');

let store: Store;
let servicenow: FakeTarget;
let slack: FakeMessages;
let smtp: FakeMessages;
let now: number;
let log: string[];
beforeEach(async () => {
  store = await memoryStore();
  [servicenow, slack, smtp, now, log] = [new FakeTarget(), new FakeMessages(), new FakeMessages(), start, []];
});
afterEach(() => store.close());

const all: Policy['alerts']['routes'][number] = {
  kinds: [],
  incident: 'servicenow',
  channel: { target: 'slack', name: '#identity-security' },
  mail: { target: 'smtp', to: ['group:security', 'manager'] },
};

function alerts(routes: Policy['alerts']['routes'], incidents?: string): Alerts {
  const security = { people: [], operators: [], email: 'security@globaltech.example' };
  const helpdesk = { ...security, email: 'helpdesk@globaltech.example' };
  return new Alerts({
    store,
    targets: new Map([
      ['servicenow', servicenow.connected('servicenow', 'ServiceNow')],
      ['slack', slack.connected('slack', 'Slack')],
      ['smtp', smtp.connected('smtp', 'mail')],
    ]),
    policy: {
      ...usual,
      groups: { security, helpdesk, silent: { people: [], operators: [] } },
      alerts: { routes, repeatEvery: 30 * minute },
    },
    incidents,
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    ...{ callMs: 1_000, failedMs: 5 * minute, clock: () => now },
  });
}

const open = async (id: string, more: Partial<OpenException> = {}) => {
  await store.transaction((tx) =>
    tx.openException({
      ...{ id, kind: 'step-failed', workflowId: id.slice(0, id.indexOf('/')), reason: 'it said no', owner: 'o' },
      ...{ openedAt: new Date(now).toISOString(), dueAt: new Date(now + 240 * minute).toISOString(), ...more },
    }),
  );
  return id;
};

const resolve = (id: string, by = 'operator-1') =>
  store.transaction((tx) =>
    tx.resolveException(id, { action: 'done', by, reason: 'private' }, '2025-11-15T13:00:00.000Z'),
  );

const exception = async (id: string): Promise<ExceptionRow> => {
  const found = await store.read((reader) => reader.exception(id));
  if (found === undefined) throw new Error(`no exception ${id}`);
  return found;
};

const addPeople = () =>
  store.transaction(async (tx) => {
    const chain = [
      ['GT-1', 'GT-2', 'Active'],
      ['GT-2', 'GT-3', 'OnLeave'],
      ['GT-3', 'GT-4', 'Terminated'],
      ['GT-4', 'GT-4', 'Active'],
      ['GT-8', 'GT-9', 'Active'],
      ['GT-9', 'GT-8', 'Suspended'],
    ] as const;
    for (const [id, managerId, state] of chain) {
      const person = personOf({ id, state });
      await tx.createPerson({ ...person, attributes: { ...person.attributes, managerId } });
    }
  });

describe('an alert', () => {
  it('goes to every place that fits, once, and says there what is wrong, whose it is, and how to take it', async () => {
    await addPeople();
    const id = await open('person:GT-1/x', { person: 'GT-1', target: 'salesforce' });
    const watch = alerts([all]);
    await watch.round();
    await watch.round();
    const text = [
      'it said no',
      '',
      'Owner: o, due 2025-11-15T16:00:00.000Z.',
      `Open since 2025-11-15T12:00:00.000Z. Workflow person:GT-1, exception ${id}.`,
    ].join('\n');
    const title = 'Muster: step failed: GT-1 in salesforce';
    const correlationId = `exception:${id}`;
    const message = {
      ...{ correlationId, title },
      text: `${text}\nThis comes again until somebody takes it: muster exceptions take ${id}`,
    };
    expect([...servicenow.tickets.values()]).toEqual([
      { correlationId, kind: 'incident', title, body: text, urgency: 'medium', number: 'T1' },
    ]);
    expect(slack.sent).toEqual([{ ...message, to: { channel: '#identity-security' } }]);
    expect(smtp.sent).toEqual([
      { ...message, to: { email: 'security@globaltech.example' } },
      { ...message, to: { email: 'gt-4@globaltech.example' } },
    ]);
    expect([servicenow.changes.length, slack.calls, smtp.calls]).toEqual([1, 1, 2]);
    expect(await exception(id)).toMatchObject({
      alertedAt: new Date(start).toISOString(),
      alert: 'Slack #identity-security, ServiceNow T1, mail to group:security, mail to manager',
    });
  });

  it('goes where its kind is wanted, and nowhere twice though two routes name one place', async () => {
    const routes: Policy['alerts']['routes'] = [
      { kinds: ['held'], channel: { target: 'slack', name: '#holds' } },
      { kinds: ['step-failed', 'drift'], channel: { target: 'slack', name: '#steps' } },
      { kinds: ['step-failed'], channel: { target: 'slack', name: '#steps' }, incident: 'servicenow' },
    ];
    await open('person:GT-1/a');
    await open('person:GT-1/b', { kind: 'held' });
    await open('person:GT-1/c', { kind: 'approval' });
    await alerts(routes).round();
    expect(slack.lines).toEqual(['#steps: Muster: step failed', '#holds: Muster: held']);
    expect(servicenow.tickets.size).toBe(1);
    expect(await exception('person:GT-1/c')).toMatchObject({ alert: 'log' });
    expect(log.join('')).toContain('it said no');
  });

  it('goes to nobody’s mail where nobody is: no manager who works, a group without an address', async () => {
    await addPeople();
    await open('person:GT-8/a', { person: 'GT-8' });
    await open('person:GT-9/b', { person: 'GT-9' });
    await alerts([{ kinds: [], mail: { target: 'smtp', to: ['manager', 'group:silent', 'group:gone'] } }]).round();
    expect(smtp.lines).toEqual(['gt-8@globaltech.example: Muster: step failed: GT-9']);
    expect((await exception('person:GT-8/a')).alert).toBe('log');
  });

  it('about a confidential end reaches groups that may know, by mail, and no incident, channel or manager', async () => {
    await addPeople();
    const key = 'workday:secret';
    await store.transaction((tx) =>
      tx.admit({
        ...{ key, workflowId: `event:${key}`, firstRunId: 'r', person: 'GT-1', receivedAt: '2025-11-15T11:00:00.000Z' },
        event: {
          ...{ key, source: 'workday', id: 'secret', type: 'terminated', subject: 'GT-1', payloadHash: 'f' },
          receivedAt: '2025-11-15T11:00:00.000Z',
          data: { effectiveDate: '2025-12-31', category: 'involuntary', reason: 'gross words' },
        },
      }),
    );
    const id = await open('person:GT-1/x', { person: 'GT-1', event: key, reason: 'GT-1 leaves on 2025-12-31' });
    const watch = alerts([
      all,
      { kinds: [], mail: { target: 'smtp', to: ['group:helpdesk'] } },
      { kinds: [], channel: { target: 'slack', name: '#other' } },
    ]);
    await watch.round();
    expect(smtp.sent.map(({ to }) => to)).toEqual([{ email: 'security@globaltech.example' }]);
    expect([servicenow.calls, slack.calls]).toEqual([[], 0]);
    expect(JSON.stringify([smtp.sent, log])).not.toContain('gross words');
    expect(log.join('')).not.toContain('GT-1 leaves');
    await resolve(id);
    await watch.round();
    expect([servicenow.calls, slack.calls, (await exception(id)).alertClosedAt !== undefined]).toEqual([[], 0, true]);
  });

  it('is an incident at the target of muster.yaml where policy has no routes, and without one a line in the log', async () => {
    await open('person:GT-1/a', { kind: 'deadline-missed' });
    await alerts([], 'servicenow').round();
    expect([...servicenow.tickets.values()]).toMatchObject([{ urgency: 'high' }]);
    await open('person:GT-1/b');
    await alerts([]).round();
    expect((await exception('person:GT-1/b')).alert).toBe('log');
    await resolve('person:GT-1/b');
    await alerts([], 'servicenow').round();
    expect(servicenow.calls.filter((call) => call.includes('GT-1/b'))).toEqual([]);
  });
});

describe('an alert that nobody takes', () => {
  it('comes again, as a message and not as another incident, until somebody has it', async () => {
    const id = await open('person:GT-1/x');
    const watch = alerts([{ ...all, mail: { target: 'smtp', to: ['group:security'] } }]);
    await watch.round();
    now += 29 * minute;
    await watch.round();
    expect(slack.sent).toHaveLength(1);
    now += minute;
    await watch.round();
    await watch.round();
    now += 30 * minute;
    await watch.round();
    const again = `Still open since 2025-11-15T12:00:00.000Z: Muster: step failed`;
    expect(slack.lines).toEqual(['Muster: step failed', again, again].map((line) => `#identity-security: ${line}`));
    expect(slack.sent.map(({ correlationId }) => correlationId)).toEqual(
      ['', '/2', '/3'].map((tail) => `exception:${id}${tail}`),
    );
    expect([smtp.sent.length, servicenow.tickets.size]).toEqual([3, 1]);
    await store.transaction((tx) => tx.takeException(id, 'operator-1', new Date(now).toISOString()));
    now += 300 * minute;
    await watch.round();
    expect([slack.sent.length, smtp.sent.length]).toEqual([3, 3]);
    expect(await exception(id)).toMatchObject({ alertedAt: new Date(start).toISOString() });
  });
});

describe('a resolved exception', () => {
  it('is closed where it was told: its incident closed, its channel told by whom, again and again until that could be said', async () => {
    const id = await open('person:GT-4/x');
    const watch = alerts([{ ...all, mail: { target: 'smtp', to: ['group:security'] } }]);
    await watch.round();
    await resolve(id);
    let away = true;
    const misbehave = () => {
      if (away) throw new Failure('unavailable', 'away');
    };
    servicenow.misbehave = misbehave;
    slack.misbehave = misbehave;
    await watch.round();
    expect((await exception(id)).alertClosedAt).toBeUndefined();
    away = false;
    await watch.round();
    await watch.round();
    expect((await exception(id)).alertClosedAt).toBeDefined();
    const note = `Resolved in Muster at 2025-11-15T13:00:00.000Z by operator-1: done. Muster's record of exception ${id} has the reason.`;
    expect(servicenow.tickets.get(`exception:${id}`)?.closedWith).toBe(note);
    expect(servicenow.changes.filter((change) => change === 'close ticket T1')).toHaveLength(1);
    expect(slack.sent.at(-1)).toEqual({
      correlationId: `exception:${id}/resolved`,
      to: { channel: '#identity-security' },
      title: 'Resolved by operator-1: Muster: step failed',
      text: note,
    });
    expect([slack.sent.length, smtp.sent.length]).toEqual([2, 1]);
  });

  it('that was told nowhere yet is told nowhere any more', async () => {
    slack.misbehave = () => {
      throw new Failure('unavailable', 'away');
    };
    const id = await open('person:GT-4/x');
    const watch = alerts([{ kinds: [], channel: { target: 'slack', name: '#x' } }]);
    await watch.round();
    await resolve(id);
    slack.misbehave = () => undefined;
    await watch.round();
    expect([slack.sent, (await exception(id)).alertClosedAt !== undefined]).toEqual([[], true]);
  });

  it('is closed though another one’s incident cannot be, and a target that is away is asked but once a round', async () => {
    const ids = ['person:GT-5/a', 'person:GT-5/b', 'person:GT-5/c'];
    for (const id of ids) await open(id);
    const watch = alerts([], 'servicenow');
    await watch.round();
    for (const id of ids) await resolve(id);
    servicenow.tickets.delete(`exception:${ids[0]}`);
    const stubborn = servicenow.tickets.get(`exception:${ids[1]}`)?.number;
    servicenow.misbehave = (operation) => {
      if (operation === `close ticket ${stubborn}`) throw new Failure('refused', 'a mandatory field');
    };
    await watch.round();
    const closed = await Promise.all(ids.map(async (id) => (await exception(id)).alertClosedAt !== undefined));
    expect(closed).toEqual([true, false, true]);

    for (const id of ['person:GT-6/a', 'person:GT-6/b']) await open(id);
    servicenow.misbehave = () => {
      throw new Failure('timeout', 'no answer');
    };
    const before = servicenow.calls.length;
    await watch.round();
    expect(servicenow.calls.length - before).toBe(1);
  });
});

describe('a place that cannot be told', () => {
  const routes = [{ ...all, mail: { target: 'smtp', to: ['group:security'] } }];
  const failures = async () =>
    (await store.read((reader) => reader.exceptions({ kind: 'alert-failed' }, {}))).items.map(
      ({ id, target, resolution }) => ({ id, target, resolution: resolution?.by }),
    );

  it('keeps no other from being told, hangs or not, and is told later, once', async () => {
    slack.misbehave = (_message, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('it hangs'))));
    const ids = [await open('person:GT-1/a'), await open('person:GT-1/b')];
    const watch = alerts(routes);
    await watch.round();
    expect([servicenow.tickets.size, smtp.sent.length, slack.calls, slack.sent.length]).toEqual([2, 2, 1, 0]);
    expect((await exception(ids[0] ?? '')).alert).toBe('ServiceNow T1, mail to group:security');
    slack.misbehave = () => undefined;
    await watch.round();
    await watch.round();
    expect([servicenow.tickets.size, smtp.sent.length, slack.sent.length]).toEqual([2, 2, 2]);
    expect((await exception(ids[0] ?? '')).alert).toBe(
      'Slack #identity-security, ServiceNow T1, mail to group:security',
    );
  });

  it('is an exception itself after five minutes, one however many wait for it, told elsewhere, and closed when it is back', async () => {
    slack.misbehave = () => {
      throw new Failure('unavailable', 'Slack is away.');
    };
    for (const id of ['person:GT-1/a', 'person:GT-1/b']) await open(id);
    const watch = alerts(routes);
    await watch.round();
    now += 5 * minute - 1;
    await watch.round();
    expect(await failures()).toEqual([]);
    now += 1;
    await watch.round();
    await watch.round();
    const id = 'watch/alert-failed/channel:slack:#identity-security/since/2025-11-15T12:00:00.000Z';
    expect(await failures()).toEqual([{ id, target: 'slack', resolution: undefined }]);
    expect((await exception(id)).reason).toContain('Slack is away.');
    expect((await exception(id)).alert).toBe('ServiceNow T3, mail to group:security');
    slack.misbehave = () => undefined;
    await watch.round();
    expect(await failures()).toEqual([{ id, target: 'slack', resolution: 'muster' }]);
    expect(slack.lines).toEqual(['#identity-security: Muster: step failed', '#identity-security: Muster: step failed']);
  });

  it('is one too where muster.yaml has no such target, or one that takes no incidents', async () => {
    await open('person:GT-1/a');
    const watch = alerts([{ kinds: [], channel: { target: 'teams', name: '#x' }, incident: 'slack' }]);
    await watch.round();
    now += 5 * minute;
    await watch.round();
    const { items } = await store.read((reader) => reader.exceptions({ kind: 'alert-failed' }, {}));
    expect(items.map(({ reason }) => /alerts go to [^.]*\./.exec(reason)?.[0]).sort()).toEqual([
      'alerts go to slack, which takes no tickets.',
      'alerts go to teams, which is not in muster.',
    ]);
  });
});
