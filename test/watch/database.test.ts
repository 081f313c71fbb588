import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import { Failure } from '../../src/model/failure.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { Database, Frontier } from '../../src/watch/database.ts';
import { memoryStore } from '../helpers/store.ts';
import { FakeMessages } from './fake-messages.ts';
import { watchingOf } from './watching.ts';

const start = Date.parse('2025-11-15T12:00:00.000Z');
let store: Store;
let isAway: boolean;
let now: number;
let slack: FakeMessages;
let smtp: FakeMessages;
beforeEach(async () => {
  const real = await memoryStore();
  const gone = async () => {
    throw new Failure('unavailable', 'PostgreSQL does not answer.');
  };
  store = {
    ...real,
    ping: () => (isAway ? gone() : real.ping()),
    read: (work) => (isAway ? gone() : real.read(work)),
    transaction: (work) => (isAway ? gone() : real.transaction(work)),
  };
  [isAway, now, slack, smtp] = [false, start, new FakeMessages(), new FakeMessages()];
});
afterEach(async () => {
  isAway = false;
  await store.close();
});

const told = async () =>
  (await store.read((reader) => reader.exceptions({ kind: 'database-lost' }, {}))).items.map(
    ({ id, openedAt, resolution }) => ({ id, openedAt, by: resolution?.by }),
  );

/** Looks every 15 seconds, so many times. */
async function looks(look: () => Promise<boolean>, times: number): Promise<boolean[]> {
  const seen: boolean[] = [];
  for (let time = 0; time < times; time += 1) {
    seen.push(await look());
    now += 15_000;
  }
  return seen;
}

describe('a database that cannot be read', () => {
  const database = () => {
    const usual = loadPolicy('policy.yaml');
    const route = {
      kinds: ['database-lost' as const],
      incident: 'servicenow',
      channel: { target: 'slack', name: '#identity-security' },
      mail: { target: 'smtp', to: ['group:security', 'manager'] },
    };
    const other = { kinds: ['held' as const], channel: { target: 'slack', name: '#holds' } };
    const watching = watchingOf({
      store,
      clock: () => now,
      targets: [slack.connected('slack', 'Slack'), smtp.connected('smtp', 'mail')],
      policy: {
        alerts: { routes: [route, other], repeatEvery: 60_000 },
        groups: { ...usual.groups, security: { people: [], operators: [], email: 'security@globaltech.example' } },
      },
    });
    return new Database(watching, 1_000);
  };

  it('is told of within a minute by chat and mail without it, again every so often, and when it is back', async () => {
    const watch = database();
    expect(await looks(() => watch.look(), 1)).toEqual([true]);
    isAway = true;
    expect(await looks(() => watch.look(), 4)).toEqual([false, false, false, false]);
    const title = 'Muster: its database cannot be read';
    expect(slack.lines).toEqual([`#identity-security: ${title}`]);
    expect(smtp.lines).toEqual([`security@globaltech.example: ${title}`]);
    expect(slack.sent[0]?.text).toContain('PostgreSQL does not answer.');
    await looks(() => watch.look(), 4);
    expect(slack.lines).toHaveLength(2);
    expect(slack.lines[1]).toBe(`#identity-security: Still so since 2025-11-15T12:00:15.000Z: ${title}`);
    isAway = false;
    expect(await looks(() => watch.look(), 2)).toEqual([true, true]);
    expect(slack.lines.slice(2)).toEqual(['#identity-security: Muster: its database can be read again']);
    const since = '2025-11-15T12:00:15.000Z';
    expect(await told()).toEqual([{ id: `watch/database-lost/${since}`, openedAt: since, by: 'muster' }]);
  });

  it('for a moment is told to nobody', async () => {
    const watch = database();
    isAway = true;
    await looks(() => watch.look(), 2);
    isAway = false;
    await looks(() => watch.look(), 1);
    expect([slack.sent, await told()]).toEqual([[], []]);
  });

  it('is told where it can be, though one place cannot', async () => {
    slack.misbehave = () => {
      throw new Failure('unavailable', 'away');
    };
    isAway = true;
    const watch = database();
    await looks(() => watch.look(), 4);
    expect(smtp.lines).toHaveLength(1);
  });
});

describe('a Temporal', () => {
  let answer: () => Promise<unknown>;
  const client = {
    options: { namespace: 'muster' },
    withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
    workflowService: { describeNamespace: () => answer() },
  } as unknown as Client;

  it.each([
    ['5 NOT_FOUND: Namespace muster is not found.', 'Temporal has no namespace muster since'],
    ['14 UNAVAILABLE: No connection established', 'Temporal is out of reach since'],
  ])('that says "%s" is told of, once, and closed when it answers again', async (error, reason) => {
    const watch = new Frontier(watchingOf({ store, client, clock: () => now }));
    answer = async () => {
      throw new Error(error);
    };
    expect(await looks(() => watch.look(), 6)).toEqual([false, false, false, false, false, false]);
    const { items } = await store.read((reader) => reader.exceptions({ open: true }, {}));
    expect(items.map((each) => [each.kind, each.reason.slice(0, reason.length)])).toEqual([['database-lost', reason]]);
    answer = async () => ({});
    expect(await looks(() => watch.look(), 1)).toEqual([true]);
    expect((await told()).map(({ by }) => by)).toEqual(['muster']);
  });
});
