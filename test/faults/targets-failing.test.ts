import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Effect, effectOf, openAt } from '../helpers/effect.ts';
import { until } from '../helpers/line.ts';
import type { MusterPart } from '../helpers/muster-process.ts';
import type { PolicyDurations } from '../helpers/policy-with.ts';
import { postgresMissing } from '../helpers/postgres.ts';
import type { RequestTaken } from '../helpers/sandbox-under-test.ts';
import { Stack } from '../helpers/stack.ts';

const [undisturbed, failed, throttled, unanswered] = ['GT-90001', 'GT-90002', 'GT-90003', 'GT-90004'] as const;
/** Those that are asked one thing after the other over HTTP. AWS is asked several at once, which may already be on their way. */
const http = ['cyberark', 'github', 'salesforce', 'servicenow'];
const seconds = 2;

describe.skipIf(postgresMissing('faults of targets')).sequential('a target that', () => {
  let stack: Stack;
  let receiver: MusterPart;
  let worker: MusterPart;
  let clean: Effect;

  beforeAll(async () => {
    stack = await Stack.start([undisturbed, failed, throttled, unanswered]);
    [receiver, worker] = await Promise.all([stack.part('receiver'), stack.part('worker')]);
    await stack.leave(receiver, undisturbed);
    clean = await effectOf(stack, undisturbed);
  });
  afterEach(() => stack?.sandbox.behave());
  afterAll(() => stack?.end());

  const under = async (policy: PolicyDurations) => {
    await worker.end('SIGTERM');
    worker = await stack.part('worker', { policy });
    stack.sandbox.forget();
  };
  const incidents = async () => {
    const tickets = (await stack.sandbox.state())['servicenow']?.tickets ?? [];
    return tickets
      .filter(({ table }) => table === 'incident')
      .map(({ state, short_description }) => `${state === '6' ? 'resolved' : 'open'}: ${short_description}`);
  };

  it('answers 500 beyond the deadline has an exception and an incident, delays no other, and is closed when it is well', async () => {
    await under({ ends: { deadline: '16s' } });
    await stack.sandbox.misbehave('salesforce', { status: 500 });
    await stack.leave(receiver, failed);
    const missed = await until(async () => {
      const { items } = await stack.store.read((reader) =>
        reader.exceptions({ person: failed, target: 'salesforce' }, {}),
      );
      return items.some(({ kind }) => kind === 'deadline-missed') && items;
    }, 'the deadline to pass');
    expect(
      missed.map(({ kind, target, resolvedAt }) => `${kind} ${target} ${resolvedAt === undefined}`).sort(),
    ).toEqual(['deadline-missed salesforce true', 'deadline-near salesforce false']);
    // In the order in which they were written down.
    const { items } = await stack.store.read((reader) => reader.evidence({ person: failed }, {}));
    const kinds = items.map(({ kind }) => kind);
    const closed = kinds.slice(0, kinds.indexOf('exception-opened')).filter((kind) => kind === 'access-closed');
    expect(closed).toHaveLength(6);

    await stack.part('watch');
    const title = `Muster: deadline missed: ${failed} in salesforce`;
    await until(async () => (await incidents()).length > 0, 'the incident');
    expect(await incidents()).toEqual([`open: ${title}`]);
    expect(await openAt(stack, failed)).toEqual(['salesforce']);
    await until(() => stack.sandbox.requests('salesforce').length >= 7, 'tries beyond the five after which it rests');

    await stack.sandbox.behave();
    await until(
      async () => (await incidents()).join() === `resolved: ${title}`,
      'the incident to be resolved',
      120_000,
    );
    const slack = async () => (await stack.sandbox.calls(failed)).filter(({ target }) => target === 'slack').length;
    await until(async () => (await slack()) === 2, 'the channel to hear of it, and that it is over', 120_000);
    expect(await effectOf(stack, failed)).toEqual({
      ...clean,
      calls: {
        ...clean.calls,
        ...{ 'servicenow: create ticket': 2, 'servicenow: update ticket': 1, 'slack: send message': 2 },
        'smtp: send mail': 2,
      },
      evidence: {
        ...clean.evidence,
        // Half of the deadline, and all of it.
        ...{ 'exception-opened: salesforce': 2, 'exception-resolved: salesforce': 1, 'exception-resolved': 1 },
      },
    });
  });

  it('answers 429 gets no request before the time it asked for', async () => {
    await under({ retries: { longest: '1m' } });
    for (const target of http) await stack.sandbox.misbehave(target, { status: 429, retryAfter: seconds });
    await stack.leave(receiver, throttled);
    const refusals = (target: string) =>
      stack.sandbox.requests(target).filter(({ answered }) => answered !== undefined);
    await until(() => http.every((target) => refusals(target).length >= 4), 'each to be asked four times');
    await stack.sandbox.behave();
    for (const target of http)
      expect({ target, early: early(stack.sandbox.requests(target)) }).toEqual({ target, early: [] });
    expect(await effectOf(stack, throttled)).toEqual(clean);
  });

  it('never answers is asked again and again, delays no other, and is closed when it answers', async () => {
    await under({});
    for (const target of ['active-directory', 'salesforce']) await stack.sandbox.misbehave(target, { hang: true });
    await stack.leave(receiver, unanswered);
    await until(
      async () => (await openAt(stack, unanswered)).join() === 'active-directory,salesforce',
      'all others to be closed',
    );
    const abandoned = () => stack.sandbox.requests('salesforce').filter((request) => request.abandoned).length;
    await until(() => abandoned() >= 3, 'three calls to be given up');
    expect(await openAt(stack, unanswered)).toEqual(['active-directory', 'salesforce']);

    await stack.sandbox.behave();
    expect(await effectOf(stack, unanswered)).toEqual(clean);
  });
});

/** Requests that came before the time that an earlier 429 had asked for, in milliseconds too early. */
function early(requests: RequestTaken[]): number[] {
  const refusals = requests.flatMap(({ answered }) => (answered?.status === 429 ? [answered.at] : []));
  return requests.flatMap(({ at }) =>
    refusals
      .filter((refused) => refused < at && at < refused + seconds * 1_000)
      .map((refused) => refused + seconds * 1_000 - at),
  );
}
